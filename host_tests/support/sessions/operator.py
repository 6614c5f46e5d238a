# SPDX-License-Identifier: MIT
"""The operator of a random therapy: a state machine of hypothesis that orders anything, any time.

What an order must come to is known to the desk; after each all is as the oracle says.
"""

from fractions import Fraction

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from host_tests.support.oracle.content import DAY_US, HEAD, NL_PER_REV
from host_tests.support.oracle.model import DOUBT_US, MONDAY_S
from host_tests.support.oracle.verdict import HOUR_US
from host_tests.support.sessions import therapy_inputs as typed
from host_tests.support.sessions.desk import Desk
from host_tests.support.sessions.tally import Tally

WEEK_S = 7 * 86_400
NEAR = st.sampled_from([Fraction(101, 100), Fraction(99, 100), Fraction(1, 2)])
RATIOS = st.sampled_from([1, 1, Fraction(11, 10), Fraction(9, 10), 2])
WALL_S = st.one_of(st.none(), typed.WALL_S)
ABORTS = st.sampled_from(["BOL:ABOR", "BOL:ABOR", "PRIM:ABOR"])
HEADS = st.sampled_from([NL_PER_REV, NL_PER_REV, 1_000_000, 10_000_000])
AT_AN_EVENT = ["stop", "abort", "commit", "clock", "patient", "bolus"]


class Operator(RuleBasedStateMachine):
    """Orders anything at any time. tally: of all sessions."""

    tally = Tally()

    def __init__(self):
        super().__init__()
        self.desk = Desk(hypothesis.note, self.tally)
        self.model = self.desk.model

    def teardown(self):
        self.desk.session.target.close()
        try:
            self.desk.checks.limits()
        finally:
            HEAD.calibrate(NL_PER_REV)
        self.tally.add("sessions")

    def is_running(self):
        return self.model.state == "RUNNING"

    def has(self, what):
        return self.model.active and getattr(self.model.active, what)

    @initialize(data=st.data(), head=HEADS, wall_s=WALL_S, go=st.integers(0, 4))
    def begin(self, data, head, wall_s, go):
        """Most sessions begin with a therapy that runs."""
        if head != NL_PER_REV:
            self.tally.add("sessions with a large head")
            self.desk.calibrate(head)
        p = data.draw(typed.sound())
        if wall_s:
            self.desk.set_clock(wall_s)
        self.desk.prescribe(p)
        if go or p.patient:
            self.desk.start()

    @rule(p=typed.prescriptions(), names_soft=st.sampled_from([True, True, True, False]))
    def prescribe(self, p, names_soft):
        self.desk.prescribe(p, names_soft=names_soft)

    @precondition(lambda self: self.model.active)
    @rule(data=st.data())
    def prescribe_for_the_drug_in_the_line(self, data):
        self.desk.prescribe(data.draw(typed.sound(ng_ml=st.just(self.model.active.ng_ml))))

    @precondition(lambda self: self.model.active)
    @rule(ratio=RATIOS)
    def titrate(self, ratio):
        self.desk.titrate(ratio)

    @precondition(lambda self: not self.is_running())
    @rule()
    def start(self):
        self.desk.start()

    @rule()
    def stop(self):
        self.desk.stop()

    @rule(us=typed.WAITS_US)
    def stop_for_a_while(self, us):
        self.desk.stop()
        self.desk.session.wait(us)
        self.desk.start()

    @rule(nl=typed.DOSE_NL, us=typed.DURATION_US)
    def bolus(self, nl, us):
        self.desk.bolus(nl, us)

    @precondition(lambda self: self.has("limit_day_ng"))
    @rule(us=typed.DURATION_US, part=NEAR)
    def bolus_near_the_limit(self, us, part):
        self.desk.bolus_up_to_the_limit(part, us)

    @precondition(lambda self: self.has("patient"))
    @rule()
    def patient_bolus(self):
        self.desk.patient_bolus()

    @precondition(lambda self: self.is_running() and self.has("patient"))
    @rule(sign=st.sampled_from([-1, 1]))
    def ask_again_when_it_may_be_granted(self, sign):
        """A patient bolus shortly before or after the end of the wait for it."""
        p, now_us = self.model.active, self.desk.now_us
        wait_us = max(self.model.allowance.wait_us(now_us, p.lockout_us, p.maximum))
        if 0 < wait_us < DAY_US / 4:
            self.desk.session.wait(max(wait_us + sign * (DOUBT_US + 1_000_000), 1))
        self.desk.patient_bolus()

    @precondition(lambda self: not self.is_running())
    @rule(nl=typed.DOSE_NL, us=typed.DURATION_US, tenths=st.integers(1, 240))
    def trial(self, nl, us, tenths):
        self.desk.trial(nl, us, tenths * HOUR_US // 10)

    @precondition(lambda self: not self.is_running())
    @rule(nl=st.integers(1_000, 300_000), ml_d=st.integers(1, 500))
    def prime(self, nl, ml_d):
        self.desk.prime(nl, ml_d)

    @precondition(lambda self: self.model.active and self.model.state == "STOPPED")
    @rule(nl=st.integers(1_000, 50_000), other=typed.NG_ML, is_other=st.integers(0, 3))
    def bridge(self, nl, other, is_other):
        self.bridge_the_line((is_other and self.model.line_ng_ml) or other, nl)

    def bridge_the_line(self, ng_ml, nl):
        if not (self.model.active.mode == "PERIODIC" and self.model.needs_anchor):
            self.desk.bridge(ng_ml, nl)

    @rule(command=ABORTS)
    def abort(self, command):
        self.desk.abort(command)

    @rule(wall_s=typed.WALL_S)
    def set_the_clock(self, wall_s):
        self.desk.set_clock(wall_s)

    @rule(step_s=typed.CLOCK_STEPS_S)
    def move_the_clock(self, step_s):
        self.desk.move_clock(step_s)

    @rule(us=typed.WAITS_US)
    def wait(self, us):
        self.desk.session.wait(us)

    @rule(us=typed.NEAR_US)
    def wait_for_what_comes_next(self, us):
        """Until just before or after the next change, of whatever kind."""
        now_us = self.desk.now_us
        events = self.model.events(now_us)
        if events and 0 < min(events) + us - now_us < DAY_US / 8:
            self.desk.session.wait(min(events) + us - now_us)

    @precondition(lambda self: self.model.active and self.model.active.mode == "FLEX")
    @rule(which=st.integers(0, 1000), s=st.integers(0, 90), nl=typed.DOSE_NL)
    def a_step_of_the_week_comes(self, which, s, nl):
        """Set the clock to shortly before one, with or without a bolus under way."""
        week = self.model.active.week()
        self.desk.start()
        if s % 2:
            self.desk.bolus(nl, 40_000_000)
            self.desk.session.wait(5_000_000)
        self.desk.set_clock(WEEK_S + MONDAY_S + week[which % len(week)][0] * 60 - s)
        self.desk.session.wait(180_000_000)

    @precondition(is_running)
    @rule(us=typed.NEAR_US, what=st.sampled_from(AT_AN_EVENT))
    def meet_what_comes_next(self, us, what):
        """Give an order within two seconds of a dose's begin or end."""
        desk = self.desk
        desk.session.wait(3 * DOUBT_US)
        desk.calm()
        events = self.model.events(desk.now_us)
        if not events or min(events) - desk.now_us > DAY_US / 8:
            return
        desk.session.wait(min(events) + us - desk.now_us)
        desk.is_bold = True
        if what == "patient" and self.has("patient"):
            desk.patient_bolus()
        elif what == "bolus":
            desk.bolus(1_000, 5_000_000)
        elif what == "commit":
            desk.titrate(1)
        elif what == "clock":
            desk.move_clock(3600)
        elif what in ("stop", "abort"):
            desk.stop() if what == "stop" else desk.abort("BOL:ABOR")
        desk.is_bold = False

    @invariant()
    def all_is_as_the_oracle_says(self):
        self.desk.calm()
        self.desk.checks.states_and_counts()

    @invariant()
    def the_history_tells_every_bolus_once(self):
        self.desk.checks.history()

    @invariant()
    def the_motor_made_every_step_and_nothing_has_failed(self):
        self.desk.checks.motor()


class PatientOperator(Operator):
    """One who also waits for most of a day: what was given yesterday counts no more."""

    @rule(us=st.integers(12 * HOUR_US, 25 * HOUR_US))
    def wait_for_long(self, us):
        self.desk.session.wait(us)
