# SPDX-License-Identifier: MIT
"""Power cuts on the emulated board: what comes up knows what was out, and what it had granted.

A session is run; its flash is copied at random instants, two in five of them, one at least, while
the flash is being erased or programmed; a board is booted from every copy and asked.
"""

import random
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

import pytest

from host_tests.conftest import emulated
from host_tests.support.console.alarm_answers import codes
from pumpbench.client.lines import PumpError
from pumpbench.client.pump import Pump

pytestmark = pytest.mark.emulator

BOOT_S = 20.0  # of simulated time, at most
STEP_S = (0.000_2, 0.001_8)  # from one instant that may be a cut to the next
BASAL_NL_S = Fraction(100_000_000, 86_400)
BOLUS_NL_S = 8_000
LOCKOUT_S = 3600
QUEUE_S = 2.1  # a dose begins where the queue ends
REFILL_NL = 18_000_000
RESERVED_NL = 4_000

REFILL = "RES:REF 18 ML"
EDITS = (
    "PRES:NEW",
    "PRES:CONC 500 UG/ML;MODE SIMP;RATE 100 ML/D",
    "PRES:PAT:DOSE 10 UG,5 S;LOCK 1 HR;MAX 3",
)
COMMIT, START, STOP = "PRES:COMM", "THER:STAR", "THER:STOP"
BOLUS, PATIENT = "BOL:STAR 20 UG,5 S", "BOL:PAT"
DOSES = {BOLUS: "CLINICIAN", PATIENT: "PATIENT"}

# A line, or seconds to wait. What comes before the first None is not cut.
SETUP = (REFILL, *EDITS, COMMIT)
PARTS = {
    "setup and start": (None, *SETUP, START, 1.0),
    "bolus": (*SETUP, START, None, 0.3, BOLUS, 5.4),
    "patient": (*SETUP, START, None, 0.3, PATIENT, 5.4),
    "stops": (*SETUP, None, START, 0.4, STOP, 0.2, START, 0.4, STOP, 0.2),
}
BEGUN = "bolus, its first half"  # of `make test`; the rest of it is in `make soak`
ALL_PARTS = PARTS | {BEGUN: (*SETUP, START, None, 0.3, BOLUS, 2.5)}


class Copy(NamedTuple):
    """What the power cut leaves, and what was true then."""

    flash: bytes
    delivered_nl: Fraction
    t_ns: int
    sent: tuple[str, ...]
    told: dict[str, int]  # what the pump had said yes to, and when it was sent
    is_moving: bool


class Sample:
    """`count` of all that it is offered, each as likely as any other."""

    def __init__(self, draw, count):
        self.kept = []
        self._draw, self._count = draw, count
        self._offered = 0

    def offer(self, make):
        self._offered += 1
        if len(self.kept) < self._count:
            self.kept.append(make())
        elif (index := self._draw.randrange(self._offered)) < self._count:
            self.kept[index] = make()


class Session:
    """Lines to a board, and copies of its flash."""

    def __init__(self, bench, draw, count):
        self.bench, self.target = bench, bench.target
        self._draw = draw
        inside = max(2 * count // 5, 1)
        self.samples = {True: Sample(draw, inside), False: Sample(draw, count - inside)}
        self._sent, self._told = [], {}
        self._is_cut = self._is_moving = False

    def play(self, part):
        for item in part:
            if item is None:
                self._is_cut = True
            elif isinstance(item, float):
                end_ns = self.target.now_ns + round(item * 1e9)
                self._pass(lambda end_ns=end_ns: self.target.now_ns >= end_ns)
            else:
                self._tell(item)
        return [copy for sample in self.samples.values() for copy in sample.kept]

    def _tell(self, line):
        text = line
        if line == COMMIT:
            verdict, token = self.bench.ask("PRES:VAL?").split(",")[:2]
            assert verdict == "OK"
            text = f"{line} {token}"
        self._sent.append(line)
        self._is_moving = self._is_moving and line != STOP
        sent_ns = self.target.now_ns
        before = len(self.target.output)
        self.target.write(text.encode() + b"\nSYST:ERR?\n")
        self._pass(lambda: b"\n" in self.target.output[before:])
        assert self.target.read_line() == '0,"No error"'
        self._told[line] = sent_ns
        self._is_moving = self._is_moving or line == START

    def _pass(self, is_over):
        """Let time pass; every step ends at an instant that the power may be cut at."""
        while not is_over():
            self.target.run(self._draw.uniform(*STEP_S))
            if self._is_cut:
                self.samples[self.target.is_writing].offer(self._copy)

    def _copy(self):
        delivered_nl = self.target.plant.beaker.volume_nl
        sent, told = tuple(self._sent), dict(self._told)
        return Copy(
            self.target.flash, delivered_nl, self.target.now_ns, sent, told, self._is_moving
        )


def check(target, copy):
    """A board that came up from a copy. Returns how wide its interval is, in nanolitres."""
    pump = Pump(target, BOOT_S)
    assert pump.ask("SYST:STAT?") == "STOPPED"
    assert pump.ask("SYST:ERR?") == '0,"No error"'
    assert target.plant.edges.count == 0
    least_nl, most_nl = [int(Fraction(text) * 10**6) for text in pump.ask("DEL:INT?").split(",")]
    assert least_nl <= ceil(copy.delivered_nl) and floor(copy.delivered_nl) <= most_nl
    rate_nl_s = BASAL_NL_S + (BOLUS_NL_S if DOSES.keys() & set(copy.sent) else 0)
    assert most_nl - least_nl <= max(RESERVED_NL + 2 * rate_nl_s, 10 * rate_nl_s) + 1
    check_setup(pump, copy, most_nl)
    check_doses(pump, copy, target.now_ns)
    check_interruption(pump, copy)
    return most_nl - least_nl


def check_setup(pump, copy, most_nl):
    """What the pump said yes to is there; what it was never told is not."""
    volume = pump.ask("RES:VOL?")
    if REFILL in copy.told:
        assert abs(Fraction(volume) * 10**6 - (REFILL_NL - most_nl)) <= 1
    if COMMIT in copy.told:
        pump.tell("PRES:EDIT")
        assert pump.ask("PRES:VAL?").startswith("OK")
    if COMMIT not in copy.sent:
        assert refusal(pump, "PRES:EDIT") == 103


def check_doses(pump, copy, since_boot_ns):
    """Every dose granted is on record, once; its lockout goes on."""
    fields = pump.ask("BOL:HIST? 32").split(",")
    kinds = fields[1::6]
    for line, kind in DOSES.items():
        assert kinds.count(kind) <= (line in copy.sent)
        assert kinds.count(kind) >= (line in copy.told)
    assert set(fields[5::6]) <= {"COMPLETED", "RESET"}
    if PATIENT in copy.told:
        given, _, _, wait_s = pump.ask("BOL:PAT?").split(",")
        passed_s = Fraction(copy.t_ns - copy.told[PATIENT] + since_boot_ns, 10**9) + 1
        assert given == "1"
        assert LOCKOUT_S - passed_s <= Fraction(wait_s) <= LOCKOUT_S + QUEUE_S


def check_interruption(pump, copy):
    """What was cut off in mid-delivery says so, and is not started before that is confirmed."""
    alarms = codes(pump)
    if START not in copy.sent:
        assert 304 not in alarms
    if not copy.is_moving:
        return
    assert 304 in alarms
    assert refusal(pump, START) == 128
    pump.tell("THER:CONF")
    pump.tell(START)
    assert pump.ask("SYST:STAT?") == "RUNNING"


def refusal(pump, line):
    with pytest.raises(PumpError) as raised:
        pump.tell(line)
    return raised.value.number


def cut(bench, power_up, part, draw, count):
    """Run a part of the session, cut the power `count` times; returns what was measured."""
    session = Session(bench, draw, count)
    copies = session.play(ALL_PARTS[part])
    inside = len(session.samples[True].kept)
    assert len(copies) == count
    widths_nl = [check(power_up(flash=copy.flash), copy) for copy in copies]
    return (
        f"power cuts in {part}: {count}, {inside} of them inside a flash write; the widest "
        f"interval {max(widths_nl)} nL"
    )


@pytest.mark.hazard("power-cut")
@pytest.mark.parametrize("part", [pytest.param("setup and start", marks=pytest.mark.long), BEGUN])
def test_a_board_that_lost_power_knows_what_was_out(
    request, emulated_bench, part, seed, record_property
):
    draw = random.Random(f"{seed} {part}")
    record_property("measured", cut(emulated_bench, emulated(request.config), part, draw, 2))


@pytest.mark.long
@pytest.mark.parametrize("turn", range(5))
@pytest.mark.parametrize("part", PARTS)
def test_boards_that_lost_power_know_what_was_out(
    request, emulated_bench, part, turn, seed, record_property
):
    draw = random.Random(f"{seed} {part} {turn}")
    measured = cut(emulated_bench, emulated(request.config), part, draw, 10)
    record_property("measured", f"{measured} (soak {turn})")
