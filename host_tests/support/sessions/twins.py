# SPDX-License-Identifier: MIT
"""Random sessions on two boards at once, of which every sign of life has to be the same."""

from dataclasses import dataclass

from pumpbench.targets.sim import SimTarget

WAITS_S = (0.02, 0.5, 3.0, 60.0, 300.0)
LONG_S = 7200.0  # one message in a hundred
MESSAGES = 40
TOKEN = b"<token>"  # what the last validation gave
# How much of its heap a board has free is its own.
OWN = (b"HEAL",)


class Operator:
    """Types what a nurse would, now and then what nobody would. `noise` is a random.Random."""

    def __init__(self, noise, fuzz):
        self._noise = noise
        self._fuzz = fuzz
        self.messages = [(b"RES:REF 20 ML;:SYST:TIME 2026-03-01T08:00:00\n", 0.5)]
        self.messages += self._programmed(1.0)
        while len(self.messages) < MESSAGES:
            self.messages += self._any()

    def _programmed(self, wait_s):
        """A prescription, validated, committed and started."""
        yield self._prescription(), 0.5
        yield b"PRES:VAL?\n", 0.5
        yield b"PRES:COMM " + TOKEN + b";:THER:STAR\n", wait_s

    def _any(self):
        """Messages and how long to wait after each; no message is a reset by the watchdog."""
        noise = self._noise
        kind = noise.randrange(20)
        wait_s = noise.random() * (noise.choice(WAITS_S) if noise.randrange(100) else LONG_S)
        if kind == 0:
            return [(None, wait_s)]
        if kind < 4:
            return [(self._line(), wait_s)]
        if kind < 7:
            return self._programmed(wait_s)
        return [(noise.choice(self._usual()) + b"\nSYST:ERR?\n", wait_s)]

    def _line(self):
        line = self._fuzz.line()
        return b"*IDN?\n" if any(own in line.upper() for own in OWN) else line

    def _usual(self):
        dose = self._noise.randrange(1, 60)
        return (
            b"PRES:VAL?",
            b"THER:STAR;STAT?",
            b"THER:STOP;STAT?",
            b"BOL:STAR %d UG,%d MIN" % (dose, self._noise.randrange(1, 9)),
            b"BOL:PAT;PAT?;STAT?",
            b"BOL:TRI %d UG,1 MIN,5 MIN" % dose,
            b"BOL:ABOR;STAT?;HIST? 32",
            b"PRIM:STAR 0.%03d ML,100 ML/HR" % dose,
            b"BRID:STAR %d UG/ML,0.%03d ML" % (self._noise.choice((500, 2000)), dose),
            b"DEL:TOT?;STEP?;RATE?;LEDG? LIFE;INT?;:RES:VOL?",
            b"RES:FOR?",
            b"RES:REF %d ML;REF?" % self._noise.randrange(1, 20),
            b"ALAR:ACT?;TABL?",
            b"ALAR:ACKN",
            b"ALAR:PAUS 1 MIN;PAUS?;TEST LOW",
            b"LOG:COUN?;:LOG:READ? 1,16",
            b"SYST:ERR?;ERR?;ERR:COUN?",
            b"PRES:ACT?;COMP?;STAG?;FLEX:ACT? MON",
            b"SYST:TIME?;STAT?;RES?;UPT?;:THER:STAT?",
            b"MOT:JOG 0.5,%d;:MOT:CAL?" % dose,
            b"*STB?;*ESR?;:STAT:QUES?;:STAT:OPER?;*ESE 60",
            b"*TST?",
        )

    def _prescription(self):
        noise = self._noise
        rate = noise.randrange(24, 4000)
        lines = [b"PRES:NEW", b"PRES:CONC %d UG/ML" % noise.choice((500, 500, 500, 2000))]
        mode = noise.randrange(3)
        if mode == 0:
            lines.append(b"PRES:MODE SIMP;RATE %d UG/D" % rate)
        elif mode == 1:
            dose, hours = noise.randrange(1, 50), noise.randrange(1, 12)
            lines.append(
                b"PRES:MODE PER;RATE %d UG/D;PER:DOSE %d UG,5 MIN,%d HR" % (rate, dose, hours)
            )
        else:
            step = b"ALL,%02d:30,%d UG/D" % (noise.randrange(1, 23), rate // 2 + 20)
            lines.append(b"PRES:MODE FLEX;RATE %d UG/D;FLEX:STEP %b" % (rate, step))
        if noise.randrange(2):
            dose = noise.randrange(1, 20)
            lines.append(b"PRES:PAT:DOSE %d UG,5 MIN;LOCK 1 HR;MAX %d" % (dose, dose % 5 + 1))
        if not noise.randrange(3):
            lines.append(b"PRES:LIM:RATE %d UG/D;BOL 40 UG;DAY %d UG" % (2 * rate, 3 * rate))
        return b"\n".join(lines) + b"\n"


@dataclass
class Told:
    lines: int
    answers: int
    steps: int
    lives: int


def compare(operator, other, name):
    """Run the session on `sim` and on the board that `other` powers up, side by side."""
    boards = SimTarget(), other()
    told = Told(0, 0, 0, 1)
    token = b"0"
    sent = []
    for message, wait_s in [(b"", 2.0), *operator.messages]:
        if message is None:
            told.lives += 1
            told.steps += compare_lives(boards, f"{name}, life {told.lives - 1}, after {sent}")
            lives = [type(board)(**_left_by(board)) for board in boards]
            for board in boards:
                board.close()
            boards = lives
            message = b""
        message = message.replace(TOKEN, token)
        sent.append((message, wait_s))
        begun = [len(board.output) for board in boards]
        for board in boards:
            board.write(message)
            board.run(wait_s)
        answers = [bytes(b.output[at:]) for b, at in zip(boards, begun, strict=True)]
        assert answers[0] == answers[1], f"{name}: another answer, after {sent}"
        told.lines += message.count(b"\n")
        told.answers += answers[0].count(b"\n")
        if answers[0].startswith(b"OK,"):
            token = answers[0][3:].replace(b"\n", b",").split(b",")[0]
    told.steps += compare_lives(boards, f"{name}, the last life, after {sent}")
    for board in boards:
        board.close()
    return told


def compare_lives(boards, name):
    """What two boards leave behind has to be the same; how many steps they made."""
    ours, theirs = boards
    steps, others = (list(board.plant.edges.intervals_ns()) for board in boards)
    assert steps == others, f"{name}: other steps"
    assert ours.flash == theirs.flash, f"{name}: another flash"
    assert ours.scratch == theirs.scratch, f"{name}: another scratch"
    return ours.plant.edges.count


def _left_by(board):
    return {"flash": board.flash, "scratch": board.scratch, "reset_cause": 3}
