# SPDX-License-Identifier: MIT
"""Random sessions at the console of the whole firmware, on `sim`, judged by the oracle.

A failing session prints its script: the lines sent and the times waited, from power-up.
"""

from fractions import Fraction

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from host_tests.support.errors import IMPLAUSIBLE, LINE_NOT_CLEARED
from host_tests.support.oracle.pump import STEPS_PER_REV, Prescription, Span
from host_tests.support.sessions import inputs as typed
from host_tests.support.sessions.campaign import run
from host_tests.support.sessions.inputs import decimal
from host_tests.support.sessions.sim import Session

FAST_STEPS_S = 50
ANSWERS = (
    "DEL:STEP?;TOT?;RATE?;:SYST:STAT?;:THER:STAT?;:STAT:OPER:COND?;:STAT:QUES:COND?;"
    ":PRES:ACT?;:MOT:CAL?;*TST?"
)
NOT_STOPPED, ALREADY_RUNNING, NO_PRESCRIPTION = range(101, 104)
NOTHING_STAGED, STALE_TOKEN, INVALID = range(104, 107)
FAULTED = 512  # bit of QUEStionable
OUT_OF_RANGE, TOO_MANY_DIGITS = -222, -124


class Operator(RuleBasedStateMachine):
    """Types anything at any time, and knows what must come of it."""

    def __init__(self):
        super().__init__()
        self.session = Session()
        self.oracle = self.session.oracle
        self.tell = self.session.tell
        self.tokens = {}  # content of a prescription -> its token

    def teardown(self):
        self.session.target.close()

    @initialize(ml_d=typed.RATES_ML_D, is_started=st.sampled_from([True, True, True, False]))
    def begin(self, ml_d, is_started):
        """Most sessions begin with a therapy; without it few would ever have one."""
        if is_started:
            self.prescribe(ml_d, "ML/D", 6, 500_000)
            self.start()

    @rule()
    def stage(self):
        self.tell("PRES:NEW")
        self.oracle.staged, self.oracle.edited_us = Prescription(), self.session.now_us

    @rule(ng_ml=typed.NG_ML)
    def edit_concentration(self, ng_ml):
        ng_ml = self.oracle.line_ng_ml if self.oracle.line_ng_ml and ng_ml % 4 else ng_ml
        is_allowed = 100 <= ng_ml <= 10_000_000
        error = self.edit_error() if is_allowed else OUT_OF_RANGE
        if self.tell(f"PRES:CONC {decimal(Fraction(ng_ml, 1000), 3)} UG/ML", error):
            self.oracle.staged.ng_ml = ng_ml

    @rule()
    def edit_mode(self):
        if self.tell("pres:mode simple", self.edit_error()):
            self.oracle.staged.has_mode = True

    @rule(ml_d=typed.RATES_ML_D, unit=typed.UNITS, decimals=typed.DECIMALS)
    def edit_rate(self, ml_d, unit, decimals):
        staged = self.oracle.staged
        is_drug = unit in typed.NG_D
        factor = typed.NG_D[unit] if is_drug else typed.NL_D[unit]
        nanos = ((staged and staged.ng_ml) or 500_000) if is_drug else 1_000_000
        text = decimal(ml_d * nanos / factor, decimals)
        amount = Fraction(text) * factor
        is_too_fine = amount.denominator > 1 or len(text.replace(".", "")) > 15
        error = TOO_MANY_DIGITS if is_too_fine else self.edit_error() if amount else OUT_OF_RANGE
        if self.tell(f"PRES:RATE {text} {unit}", error):
            staged.ng_d, staged.nl_d = (int(amount), 0) if is_drug else (0, int(amount))

    def edit_error(self):
        staged = self.oracle.staged_at(self.session.now_us, is_edit=True)
        return None if staged else NOTHING_STAGED

    @rule()
    def validate(self):
        staged = self.oracle.staged_at(self.session.now_us)
        self.session.send("PRES:VAL?")
        lines = self.session.answers()
        if not staged:
            assert lines == []
            self.session.refused(NOTHING_STAGED)
        elif staged.is_valid(self.oracle.max_nl_d()):
            verdict, token = lines[0].split(",")
            assert verdict == "OK"
            assert self.tokens.setdefault(staged.content(), token) == token
            assert list(self.tokens.values()).count(token) == 1
        else:
            assert lines[0].startswith('"')

    @rule(token=st.sampled_from(["right", "right", "lower", "other"]))
    def commit(self, token):
        oracle, staged = self.oracle, self.oracle.staged_at(self.session.now_us)
        known = staged and self.tokens.get(staged.content())
        others = [other for other in self.tokens.values() if other != known]
        given = (others or ["FFFFFFFF"])[-1] if token == "other" else known or "00000000"
        given = given.lower() if token == "lower" else given
        error = None if given.upper() == known else STALE_TOKEN
        if not staged:
            error = NOTHING_STAGED
        elif not staged.is_valid(oracle.max_nl_d()):
            error = INVALID
        elif not error and oracle.is_treating and staged.ng_ml != oracle.active.ng_ml:
            error = NOT_STOPPED
        before_us = self.session.now_us
        self.session.send(f"PRES:COMM {given};:DEL:STEP?")
        lines = self.session.answers()
        assert len(lines) == (error is None)
        self.session.refused(error)
        if not error:
            oracle.commit(int(lines[0].split(",")[0]), Span(before_us, self.session.now_us))

    @rule(ml_d=typed.RATES_ML_D, unit=typed.UNITS, decimals=typed.DECIMALS, ng_ml=typed.NG_ML)
    def prescribe(self, ml_d, unit, decimals, ng_ml):
        self.stage()
        self.edit_concentration(ng_ml)
        self.edit_mode()
        self.edit_rate(ml_d, unit, decimals)
        self.validate()
        self.commit("right")

    @precondition(lambda self: self.oracle.can_start())
    @rule(ratios=st.lists(typed.RATIOS, min_size=1, max_size=4), tenths=st.integers(0, 25))
    def titrate(self, ratios, tenths):
        """Commits while the therapy runs, some tenths of a step's interval apart."""
        if not self.oracle.is_treating:
            self.stop()
            self.start()
        for ratio in ratios:
            active = self.oracle.active
            self.session.wait(int(tenths / self.oracle.delivery.rate / 10) % typed.LONGEST_GAP_US)
            ml_d = active.volume_nl_d() * ratio / 1_000_000
            self.prescribe(ml_d, "ML/D", 6, 200_000 + active.ng_ml // 2)
            self.all_is_as_the_oracle_says()
        self.session.wait(int(2 / self.oracle.delivery.rate) % typed.LONGEST_GAP_US)

    @rule()
    def start(self):
        error = self.start_error()
        if not error:
            self.session.to_begin.append(())
        self.tell("THER:STAR", error)
        self.session.observe()
        assert error or self.oracle.is_treating

    def start_error(self):
        if self.oracle.delivery:
            return ALREADY_RUNNING if self.oracle.is_treating else NOT_STOPPED
        if not self.oracle.active:
            return NO_PRESCRIPTION
        if not self.oracle.can_treat():
            return INVALID
        if not self.oracle.is_same_head():
            return IMPLAUSIBLE
        return None if self.oracle.can_start() else LINE_NOT_CLEARED

    @rule()
    def stop(self):
        self.tell("THER:STOP")
        self.session.observe()
        assert self.oracle.delivery is None

    @precondition(lambda self: self.oracle.can_start())
    @rule(pieces_us=st.lists(typed.SHORT_US, min_size=1, max_size=8), gap_us=typed.SHORT_US)
    def treat_in_pieces(self, pieces_us, gap_us):
        self.stop()
        self.session.to_begin = [()] * len(pieces_us)
        for piece_us in pieces_us:
            self.session.send("THER:STAR" if piece_us else "THER:STAR;STOP")
            self.session.wait(piece_us)
            self.session.send("THER:STOP")
            self.session.wait(gap_us)
        self.stop()

    @rule(revs_e7=typed.REVS_E7, mrpm=typed.SPEEDS_MRPM)
    def jog(self, revs_e7, mrpm):
        error = NOT_STOPPED if self.oracle.delivery else None
        steps = revs_e7 * STEPS_PER_REV // 10**7
        if steps and not error:
            self.session.to_begin.append((steps, mrpm))
        line = f"MOT:JOG {decimal(Fraction(revs_e7, 10**7), 7)},{decimal(Fraction(mrpm, 1000), 3)}"
        self.tell(line, error)

    @rule(revs_e7=typed.REVS_E7, mrpm=typed.SPEEDS_MRPM, us=typed.SHORT_US)
    def jog_and_stop(self, revs_e7, mrpm, us):
        self.stop()
        self.jog(revs_e7, mrpm)
        self.session.wait(us)
        self.stop()

    @rule(nl=typed.REVOLUTIONS_NL)
    def calibrate(self, nl):
        error = NOT_STOPPED if self.oracle.delivery else None
        if self.tell(f"MOT:CAL:PERR {decimal(Fraction(nl, 10**6), 6)} ML", error):
            self.oracle.nl_per_rev = nl

    @precondition(lambda self: self.oracle.can_start())
    @rule(pct=st.integers(79, 121))
    def recalibrate_on_the_way(self, pct):
        self.stop()
        self.calibrate(min(max(self.oracle.committed_nl * pct // 100, 1_000), 10**7))
        self.start()

    @rule(line=st.sampled_from(["*RST", "PRES:DISC"]))
    def discard(self, line):
        self.tell(line)
        self.oracle.staged = None

    @rule()
    def clear(self):
        self.tell("*CLS")
        self.session.errors.clear()

    @rule(line=st.sampled_from(list(typed.BAD)), times=st.sampled_from([1, 1, 1, 20]))
    def type_badly(self, line, times):
        for _ in range(times):
            self.tell(line, typed.BAD[line])

    @precondition(lambda self: self.oracle.delivery)
    @rule()
    def ask_for_service_too_early(self):
        self.tell("SYST:SERV", NOT_STOPPED)

    @rule(us=typed.WAITS_US)
    def wait(self, us):
        delivery = self.oracle.delivery
        is_fast = delivery and delivery.rate * 1_000_000 > FAST_STEPS_S
        self.session.wait(us % 100_000_000 if is_fast else us)

    @invariant()
    def all_is_as_the_oracle_says(self):
        self.session.let_a_jog_end()
        before = self.oracle.steps
        self.session.send(ANSWERS)
        steps, total, *rest = self.session.answers()[0].split(";")
        self.session.observe()
        commanded, emitted, witness, queued = map(int, steps.split(","))
        assert commanded == emitted + queued
        assert before <= emitted <= witness <= emitted + 1
        assert emitted <= self.oracle.steps
        if not self.oracle.delivery:
            assert commanded == emitted == witness == self.oracle.steps
        assert total == self.oracle.books.total(emitted)
        assert rest[0] in self.oracle.rates(self.session.now_us)
        faults = rest.pop(4)
        assert int(faults) & FAULTED == 0
        assert rest[1:] == self.expected_answers()

    def expected_answers(self):
        oracle = self.oracle
        state = "RUNNING" if oracle.delivery else "STOPPED"
        therapy = "RUNNING" if oracle.is_treating else "STOPPED"
        condition = "256" if oracle.is_treating else "512" if oracle.delivery else "0"
        active = oracle.active.answer() if oracle.active else "NONE"
        calibration = decimal(Fraction(oracle.nl_per_rev, 10**6), 6)
        return [state, therapy, condition, active, calibration, "0"]

    @invariant()
    def the_errors_are_those_expected(self):
        self.session.send(*["SYST:ERR?"] * (len(self.session.errors) + 1))
        numbers = [int(line.split(",")[0]) for line in self.session.answers()]
        assert numbers == [*self.session.errors, 0]
        self.session.errors.clear()

    @invariant()
    def the_motor_made_every_step_and_none_too_soon(self):
        self.session.observe()
        plant = self.session.plant
        assert plant.motor.position_steps == self.oracle.steps
        assert plant.beaker.volume_nl == self.oracle.steps * Fraction(125, 2)
        assert plant.motor.missed_steps == 0
        assert plant.set_up_violations == []


@pytest.mark.slow
def test_random_sessions_deliver_what_the_oracle_says():
    run(Operator, 30, 30, 4)


@pytest.mark.slow
@pytest.mark.soak
def test_many_random_sessions_deliver_what_the_oracle_says(days, seed):
    run(Operator, 15 * days, 50, seed)
