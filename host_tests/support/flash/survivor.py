# SPDX-License-Identifier: MIT
"""The pump that comes back after a power cut: what it says, held against what was known."""

import re
from fractions import Fraction

from host_tests.support.console.alarm_answers import shown
from host_tests.support.flash.power_cuts import PL_PER_ML, STEPS_PER_REV
from pump.records.event_codes import DAMAGED, RESET, STORE_LOST, STORE_MENDED
from pumpbench.client.pump import Pump
from pumpbench.targets.sim import SimTarget

QUERIES = (
    "*TST?",
    "SYST:STAT?",
    "THER:STAT?",
    "SYST:ERR?",
    "DEL:INT?",
    "RES:VOL?",
    "MOT:CAL?",
    "LOG:COUN?",
    "ALAR:ACT?",
    "BOL:PAT?",
    "BOL:HIST? 32",
)
ACTIVE = "PRES:ACT?"  # refused where the pump is not calibrated
REFUSED = ("THER:STAR", "MOT:JOG 1,60", "PRIM:STAR 0.1 ML,100 ML/HR", "BOL:STAR 10 UG,10 S")
INTERRUPTED = 304
LOST_OR_FAILING = {308, 309}
LOCKOUT_S = 300
AHEAD_S = 2.1  # a dose begins so much later than it is asked for, at most
UG_PER_ML = 500
_LEAST_NL, _AHEAD = 4000, 2  # a reservation is 4 uL or 8 s; and 2 s are queued
_LONGEST_S = 10
_ROUNDED_PL = 1000  # the console tells nanolitres
_STEPS_PL = 3 * 62_500
_EVENT = re.compile(r'(\d+),(\d+),[\d.]+,[^,]+,(\d+),"([^"]*)"')
_LAST_EVENTS = 14


class Survivor:
    """told: query -> answer. events: (number, boot, code, text), the last ones."""

    def __init__(self, flash):
        self.target = SimTarget(flash=flash)
        self.ask = self.target.ask
        answers = self.ask(";:".join(QUERIES)).split(";")
        self.told = dict(zip(QUERIES, answers, strict=True))
        self.asked_ns = self.target.now_ns
        self.told[ACTIVE] = self.ask(ACTIVE) if self.calibration_pl else "NONE"
        self.token = self._token()
        count, first = map(int, self.told["LOG:COUN?"].split(","))
        self.log_count, self.log_last = count, first + count - 1
        self.events = self._events(max(self.log_last - _LAST_EVENTS + 1, 1))

    # What it says

    @property
    def alarms(self):
        """What is there; not what is over and was not acknowledged before the cut."""
        states = shown(self.told["ALAR:ACT?"])
        return {code for code in states if states[code] != "LATCHED"}

    @property
    def is_interrupted(self):
        return INTERRUPTED in self.alarms

    @property
    def interval_pl(self):
        return _interval_pl(self.told["DEL:INT?"])

    @property
    def calibration_pl(self):
        return Fraction(self.told["MOT:CAL?"]) * PL_PER_ML

    @property
    def doses(self):
        """Rows of BOL:HIST?, oldest first."""
        values = self.told["BOL:HIST? 32"].split(",")
        return [values[i : i + 6] for i in range(len(values) - 6, -1, -6)]

    @property
    def power_up_number(self):
        """Of the event of this power-up; 0: there is none."""
        return max((number for number, _, code, _ in self.events if code == RESET), default=0)

    def refusal(self, command):
        """The number of the error that a command leaves; 0: it was done."""
        self.target.write(command.encode() + b"\n")
        return int(self.ask("SYST:ERR?").partition(",")[0])

    # What has to be so

    def hold_alone(self):
        """Wherever the power was cut: stopped, well, nothing lost, and nothing moves by itself."""
        told = self.told
        assert told["SYST:STAT?"] == told["THER:STAT?"] == "STOPPED"
        assert (told["*TST?"], told["SYST:ERR?"]) == ("0", '0,"No error"')
        assert not LOST_OR_FAILING & self.alarms
        numbers = [event[0] for event in self.events]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert numbers[-1] >= self.log_last  # what has come since it was asked is there, too
        assert not {STORE_MENDED, STORE_LOST, DAMAGED} & {event[2] for event in self.events}
        assert self.power_up_number
        if self.is_interrupted:
            assert {self.refusal(command) for command in REFUSED} == {128}
        self.target.run(3)
        assert self.target.plant.edges.count == 0
        assert self.ask("SYST:STAT?") == "STOPPED"

    def hold(self, moment):
        """Against one of the moments in which the power can have been cut."""
        known = moment.known
        least_pl, most_pl = self.interval_pl
        assert least_pl - _ROUNDED_PL <= moment.least_pl
        assert moment.most_pl <= most_pl
        assert most_pl - least_pl <= _widest_pl(known)
        assert self.is_interrupted in {m or o for m in known.moves for o in known.open}
        assert self.token in known.token
        assert self.calibration_pl in known.pl_per_rev
        assert any(self._holds(refill, most_pl) for refill in known.refill)
        assert any(self._gave(doses, moment) for doses in known.doses)
        self._hold_lockout(moment)

    def hold_day(self, moment, limit_ug):
        """What may have gone out counts against LIMit:DAY; nothing is open."""
        given_ug = moment.least_pl * UG_PER_ML / PL_PER_ML
        too_much_ug = (limit_ug - given_ug) // 1 + 1
        assert self.refusal(f"BOL:STAR {too_much_ug} UG,60 S") == 112

    def confirm(self):
        if self.is_interrupted:
            Pump(self.target).tell("THER:CONF")
        assert shown(self.ask("ALAR:ACT?")).get(INTERRUPTED, "LATCHED") == "LATCHED"

    def hold_on(self, seconds):
        """Started it delivers again, and its account goes on."""
        pump, before_pl = Pump(self.target), self.interval_pl
        pump.tell("THER:STAR")
        self.target.run(seconds)
        pump.tell("THER:STOP")
        steps = self.target.plant.edges.count
        assert steps > 10
        for now_pl, then_pl in zip(_interval_pl(self.ask("DEL:INT?")), before_pl, strict=True):
            moved_pl = self.calibration_pl * steps / STEPS_PER_REV
            assert abs(now_pl - then_pl - moved_pl) <= _ROUNDED_PL

    # Within

    def _token(self):
        if self.told[ACTIVE] == "NONE":
            return ""
        return self.ask("PRES:EDIT;VAL?;DISC").split(",")[1]

    def _events(self, first):
        rows = _EVENT.findall(self.ask(f"LOG:READ? {first},16"))
        return [(int(number), int(boot), int(code), text) for number, boot, code, text in rows]

    def _holds(self, refill, most_pl):
        """The reservoir holds what is left if the most is out."""
        if refill is None:
            return self.told["RES:VOL?"] == "NONE"
        volume_ml, out_pl = refill
        left_pl = volume_ml * PL_PER_ML - (most_pl - out_pl)
        return abs(Fraction(self.told["RES:VOL?"]) * PL_PER_ML - left_pl) <= 2 * _ROUNDED_PL

    def _gave(self, doses, moment):
        """These doses and no others are on record, each once and over."""
        rows = self.doses[-len(doses) :] if doses else self.doses
        numbers = [int(row[0]) for row in rows]
        return numbers == list(range(1, len(doses) + 1)) and all(
            _is_told(dose, row, moment) for dose, row in zip(doses, rows, strict=True)
        )

    def _hold_lockout(self, moment):
        """Who was given a dose waits, for no less than is left."""
        given, *_, wait = self.told["BOL:PAT?"].split(",")
        patients = [[d for d in doses if d.kind == "PATIENT"] for doses in moment.known.doses]
        assert int(given) in {len(doses) for doses in patients}
        assert Fraction(wait) <= LOCKOUT_S + AHEAD_S
        if all(patients):
            passed_ns = moment.from_ns - patients[0][-1].asked_ns + self.asked_ns
            assert Fraction(wait) >= LOCKOUT_S - Fraction(passed_ns, 10**9)


def _widest_pl(known):
    """How much a cut may leave unknown."""
    if True not in known.moves:
        return known.unsure_pl[0] + 2 * _ROUNDED_PL
    rate = max(known.rate)
    width_pl = 1000 * max(_LEAST_NL + _AHEAD * rate, _LONGEST_S * rate)
    return known.unsure_pl[0] + width_pl + _STEPS_PL


def _is_told(dose, row, moment):
    """Whether a row of BOL:HIST? may be said of a dose."""
    _, kind, programmed, given, _, outcome = row
    if (kind, programmed) != (dose.kind, dose.programmed):
        return False
    if dose.end is not None:
        return (outcome, given) == dose.end
    most_ug = (moment.least_pl - dose.out_pl) * UG_PER_ML / PL_PER_ML
    return outcome in dose.outcomes and Fraction(given) <= most_ug


def _interval_pl(answer):
    return [Fraction(ml) * PL_PER_ML for ml in answer.split(",")]
