# SPDX-License-Identifier: MIT
"""A pump after a power cut: what must be as before, and what may be counted as the worst.

The cut comes in the midst of whatever the operator had begun. No clock tells how long it was, so
nothing goes on by itself. What went out since the last records may count as given just now, and as
much more as was reserved: within that a refusal is justified, never a day above the limit.
"""

import sys
from fractions import Fraction

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from host_tests.support.errors import NOTHING_TO_CONFIRM, UNCONFIRMED
from host_tests.support.oracle.content import DAY_US, HEAD, NL_PER_REV, seconds, ug
from host_tests.support.oracle.decisions import (
    LIMIT,
    LOCKED_OUT,
    MAXIMUM,
    NOT_CLEARED,
    NOT_RUNNING,
)
from host_tests.support.oracle.edges import day_ng
from host_tests.support.oracle.model import DOUBT_US, IN_WINDOW
from host_tests.support.oracle.sources import share
from host_tests.support.sessions.judged import fields
from host_tests.support.sessions.operator import Operator
from host_tests.support.sessions.sim import trains
from pumpbench.targets.sim import SimTarget

RESERVED_NL = 4_000  # or ten chunks of a fast rate
RESERVED_US = 10_000_000
KEPT_US = 3_600_000_000  # the past is kept every hour
DOSE_US = 60_000_000
PARTS = [Fraction(1, 2**n) for n in range(1, 10)]  # of a limit
SHOWN = "PRES:ACT?;:MOT:CAL?;:THER:RES?"


class Survivor:
    """The second life of a session's pump."""

    def __init__(self, desk, say):
        self._desk, self._model = desk, desk.model
        self._say = say
        self._before = desk.session.ask(SHOWN)
        desk.session.observe()
        self._cut_us = desk.now_us
        self._steps = 0  # of this life
        self._flash = desk.session.target.flash
        self._running = (self._model.state not in ("STOPPED", "OBSERVATION"), self._model.bolus)
        past = self._model.edges
        self._past_ng = past.before(self._cut_us) - past.before(self._cut_us - DAY_US - KEPT_US)

    def power_up(self):
        """Nothing moves, and what was prescribed is prescribed."""
        self._say("  power cut")
        self._target = SimTarget(has_slow_flash=False, flash=self._flash)
        self._target.run(3)
        assert self._target.plant.edges.count == 0, "something goes on after a cut"
        assert self._ask("THER:STAT?") == "STOPPED", "something resumes by itself"
        assert self._ask(SHOWN) == self._before
        was_moving, bolus = self._running
        if was_moving and self._model.active and not bolus:
            assert self._tell("THER:STAR") == UNCONFIRMED
        if bolus and bolus.kind in IN_WINDOW:
            row = fields(self._ask("BOL:HIST? 1"))
            assert (row[1], row[5]) in [(bolus.kind, "RESET"), (bolus.kind, "COMPLETED")]
            self._desk.tally.add("boluses that a power cut ended")
        assert self._tell("THER:CONF") in (None, NOTHING_TO_CONFIRM)
        self._desk.tally.add("power cuts")

    def live(self, steps):
        """A therapy, the patient's bolus, and doses of so many steps."""
        p = self._model.active
        if not p:
            return
        error = self._judged("THER:STAR", 0)
        assert error in (None, LIMIT, NOT_CLEARED), error
        self._patient(p)
        for count in steps:
            ng = int(HEAD.step_ng(p.ng_ml) * count) + 1
            self._bolus(ng)
        for part in PARTS if p.limit_day_ng else ():
            self._bolus(int(p.limit_day_ng * part) + 1)
        self._tell("THER:STOP")
        self._run(1)
        self._below_the_limit()
        self._target.close()

    def _bolus(self, ng):
        error = self._judged(f"BOL:STAR {ug(ng)},{seconds(DOSE_US)}", ng)
        self._run(2 * DOSE_US)
        if error is None:
            self._may_be_granted()

    def _may_be_granted(self):
        """What is out already, and the least that the next day brings, is within the limit."""
        p, limit_ng = self._model.active, self._model.limits[-1][1]
        if limit_ng and self._ask("THER:STAT?") == "RUNNING":
            self._observe()
            now_us = float(self._cut_us) + self._target.now_ns / 1000
            rate = min(p.rates_nl_d()) * share(p) * p.ng_ml / 10**6 / DAY_US
            pieces = self._model.edges.pieces(now_us - DAY_US)
            pieces += [(now_us, now_us + DAY_US, float(rate))]
            least_ng = day_ng(pieces, now_us, now_us + DAY_US) - 2 * HEAD.step_ng(p.ng_ml)
            self._desk.tally.add("boluses granted after a cut, within the limit")
            assert least_ng <= limit_ng, f"granted: {float(least_ng)} ng at least"

    def _patient(self, p):
        """Locked out as before, or longer."""
        if not p.patient:
            return
        waits_us = self._model.allowance.wait_us(self._cut_us, p.lockout_us, p.maximum)
        error = self._judged("BOL:PAT", p.patient[0])
        if max(waits_us) > DOUBT_US + 10_000_000:
            assert error in (LOCKED_OUT, MAXIMUM, NOT_RUNNING), f"{error}, waits {waits_us}"
            self._desk.tally.add("lockouts that outlived a cut")
        self._run(p.patient[1])

    def _judged(self, line, ng):
        """An order; a refusal by LIMit:DAY is one that the worst explains."""
        error = self._tell(line)
        p = self._model.active
        if error == LIMIT and "24 h" in self._detail:
            reserved_nl = RESERVED_NL + max(p.rates_nl_d()) * Fraction(RESERVED_US, DAY_US)
            if self._running[1]:
                dose = self._running[1].dose
                reserved_nl += dose.rate * RESERVED_US
            unsure_ng = max(reserved_nl, 64 * HEAD.step_nl) * p.ng_ml / 10**6
            most_ng = self._past_ng + unsure_ng + self._out_ng() + p.richest_ng() + ng
            is_justified = most_ng >= p.limit_day_ng * Fraction(99, 100) - HEAD.step_ng(p.ng_ml)
            name = f"refusals by LIMit:DAY after a cut, {'' if is_justified else 'not '}justified"
            self._desk.tally.add(name)
            assert is_justified, f"{line}: refused, {float(most_ng)} ng at most"
        return error

    def _out_ng(self):
        """The drug of this life."""
        self._observe()
        return self._steps * HEAD.step_ng(self._model.active.ng_ml)

    def _observe(self):
        """The edges of this life follow those of the last one, as if the cut had taken no time."""
        step_ng = HEAD.step_ng(self._model.active.ng_ml)
        for first_us, period_us, count in trains(self._target.plant.edges):
            self._steps += count
            self._model.edges.add(self._cut_us + first_us, period_us, count, step_ng)

    def _below_the_limit(self):
        """The day across the cut, by the edges of both lives."""
        self._observe()
        edges, limit_ng = self._model.edges, self._model.limits[-1][1]
        if limit_ng:
            end_us = self._cut_us + self._target.now_ns / 1000
            worst_ng, missed_ng = edges.richest(self._cut_us, end_us)
            self._desk.tally.add("days across a cut, judged by their edges")
            assert worst_ng <= limit_ng + missed_ng + 1, f"{worst_ng} ng, limit {limit_ng}"

    def _run(self, us):
        self._say(f"  wait {us} us")
        self._target.run(us / 1e6)

    def _ask(self, line):
        self._say(f"> {line}")
        self._target.write(line.encode() + b"\n")
        answer = self._target.read_line()
        self._say(f"< {answer}")
        return answer

    def _tell(self, line):
        """The number of the error that a line leaves, or None."""
        self._say(f"> {line}")
        self._target.write(line.encode() + b"\n")
        self._detail = self._ask("SYST:ERR?")
        number = int(self._detail.split(",")[0])
        return number or None


class CutOperator(Operator):
    """Whose sessions all end with a power cut, and a second life."""

    def __init__(self):
        super().__init__()
        self.plan = None

    @initialize(
        steps=st.lists(st.sampled_from([1, 2, 3, 40, 1000]), min_size=2, max_size=8),
        off_us=st.integers(0, 3_000_000),
        resumes=st.booleans(),
    )
    def plan_the_end(self, steps, off_us, resumes):
        self.plan = steps, off_us
        if resumes:
            assert self.desk.session.tell("THER:RES BAS") == []

    @rule(us=st.integers(1, 600_000_000))
    def wait(self, us):
        self.desk.session.wait(us)

    def teardown(self):
        survivor = None
        try:
            if self.plan and sys.exc_info()[0] is None:
                self.desk.session.wait(self.plan[1])
                survivor = Survivor(self.desk, hypothesis.note)
                head = HEAD.step_nl
        finally:
            super().teardown()
        if survivor:
            HEAD.step_nl = head
            try:
                survivor.power_up()
                survivor.live(self.plan[0])
            finally:
                HEAD.calibrate(NL_PER_REV)
