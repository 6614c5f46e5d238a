# SPDX-License-Identifier: MIT
"""An operator who has trouble: flash that takes no order, a switch that is played with."""

from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from host_tests.support.oracle.content import HEAD
from host_tests.support.oracle.verdict import HOUR_US
from host_tests.support.sessions.operator import Operator

PAUSE_US = st.integers(0, 3_000_000)
STORM = st.lists(st.tuples(PAUSE_US, PAUSE_US), min_size=10, max_size=30)
WHILE_RUNNING = ["commit", "commit", "clock", "patient", "bolus", "abort", "abort", "stop"]
WHILE_STOPPED = ["start", "start", "commit", "bolus", "trial", "prime", "bridge", "clock"]
FAILURES = st.lists(
    st.tuples(st.integers(0, 7), st.sampled_from([1, 1, 2, 3, 4]), st.booleans()),
    min_size=1,
    max_size=4,
)
WAITS_US = st.one_of(st.integers(1, 3_000_000), st.integers(1, HOUR_US))
DOSE_US = 30_000_000
FIRST_US = 20_000_000  # of a bolus


class TroubledOperator(Operator):
    """Orders anything, and not everything works."""

    @rule(us=WAITS_US)
    def wait(self, us):
        self.desk.session.wait(us)

    @precondition(Operator.is_running)
    @rule(waits_us=STORM)
    def stop_and_start_again_and_again(self, waits_us):
        """Nothing is lost or given twice, however often."""
        for running_us, stopped_us in waits_us:
            self.desk.stop()
            self.desk.session.wait(stopped_us)
            self.desk.start()
            self.desk.session.wait(running_us)
            self.tally.add("stops and starts in storms")

    @precondition(lambda self: self.has("limit_day_ng"))
    @rule(steps=st.lists(st.integers(0, 3), min_size=2, max_size=6))
    def fill_the_day(self, steps):
        """Up to the last step that LIMit:DAY leaves, and beyond; 0: all that it leaves."""
        for count in steps:
            if count:
                self.desk.bolus(int(HEAD.step_nl * count) + 1, DOSE_US)
            else:
                self.desk.bolus_up_to_the_limit(Fraction(99, 100), DOSE_US)
            self.desk.session.wait(2 * DOSE_US)

    @rule(failures=FAILURES)
    def flash_does_not_take_an_order(self, failures):
        """Once or for good; then it works again, and so does the order."""
        for which, nth, for_good in failures:
            order = (WHILE_RUNNING if self.is_running() else WHILE_STOPPED)[which]
            self.desk.session.flash.fail(nth, for_good=for_good)
            self.give(order)
            self.desk.session.flash.mend()
            self.all_is_as_the_oracle_says()
            if order not in ("stop", "abort"):
                self.give(order)

    @precondition(Operator.is_running)
    @rule(nth=st.integers(1, 2), for_good=st.booleans(), nl=st.integers(1, 9))
    def flash_does_not_take_an_abort(self, nth, for_good, nl):
        """The bolus ends all the same."""
        self.desk.bolus(int(HEAD.step_nl * nl * 10), 60_000_000)
        self.desk.session.wait(FIRST_US)
        self.desk.session.flash.fail(nth, for_good=for_good)
        self.desk.abort("BOL:ABOR")
        self.desk.session.flash.mend()

    def give(self, order):
        """One order of each kind."""
        desk, active = self.desk, self.model.active
        orders = {
            "start": desk.start,
            "stop": desk.stop,
            "abort": lambda: desk.abort("BOL:ABOR"),
            "bolus": lambda: desk.bolus(3_000, 60_000_000),
            "trial": lambda: desk.trial(3_000, 60_000_000, 4 * HOUR_US),
            "prime": lambda: desk.prime(20_000, 100),
            "clock": lambda: desk.move_clock(3600),
        }
        if active:
            orders["commit"] = lambda: desk.titrate(Fraction(11, 10))
            orders["patient"] = desk.patient_bolus
            if self.model.state == "STOPPED":
                orders["bridge"] = lambda: self.bridge_the_line(active.ng_ml, 5_000)
        if order in orders:
            orders[order]()
