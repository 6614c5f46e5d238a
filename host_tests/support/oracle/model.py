# SPDX-License-Identifier: MIT
"""The oracle's state of the whole therapy: what goes on, what was given, what is in the line.

It is told what was granted (`decisions.py` says what must be), passes it on to the course that the
steps must follow, and keeps the 24 h that the limits are about.
"""

from fractions import Fraction

from host_tests.support.oracle.content import DAY_US, HEAD, WEEK_US
from host_tests.support.oracle.course import LEASE_US, Dose
from host_tests.support.oracle.day import Allowance, Extra, Window
from host_tests.support.oracle.edges import Edges
from host_tests.support.oracle.pump import Span
from host_tests.support.oracle.sources import Periodic, Source, regular

DOUBT_US = 2_500_000  # so long before and after an event a command may meet either side of it
START_US = 35_000  # from a start to the zero of the delivery
CHANGE_US = LEASE_US + 50_000  # from a change to its effect
MONDAY_S = 2 * 86_400  # 2000-01-03, in seconds of the wall clock
OVER_US = 100_000  # from the end of a dose until its last step is out for sure
ALONE = ("BOLUS", "TRIAL", "PRIME")  # whole steps of their own; what is owed waits
IN_WINDOW = ("CLINICIAN", "PATIENT", "TRIAL")


class Record:
    """A bolus: what was programmed, and what must have been given."""

    def __init__(self, kind, ng, dose, observation_us=0):
        self.kind, self.ng, self.dose, self.observation_us = kind, ng, dose, observation_us
        self.outcome = ""
        self.extra = None  # what of it counts in the window

    def steps(self, asked):
        """The least and the most steps of it that may have been out at an instant in a span."""
        whole = int(self.dose.whole_steps())
        low, high = self.dose.given(asked.low).low, self.dose.given(asked.high).high
        if low == self.dose.nl:
            return Span(whole, whole)
        slack = 2 + self.dose.rate * 5_000 / HEAD.step_nl
        return Span(max(low // HEAD.step_nl - slack, 0), min(-(-high // HEAD.step_nl), whole))


class Model:
    """Everything but the staged copy."""

    def __init__(self, course):
        self.course = course
        self.state = "STOPPED"
        self.active = self.source = self.bolus = None
        self.records, self.doses = [], []  # for the history; of all kinds
        self.window, self.allowance = Window(), Allowance()
        self.grid, self.needs_anchor = None, True
        self.monday_us = self.observed_until = None
        self.line_ng_ml = 0
        self.is_line_mixed = False  # by a bridge or a prime that was interrupted
        self.limits = []  # (from when, LIMit:DAY or what was planned already, if more)
        self.edges = Edges()  # of drug, as the pin shows them
        self.was_active = []  # [from when, until when, (least, most) ng a day]
        self._since_us = self._upto_us = Fraction(0)

    def periodic_doses(self, begin_us, end_us):
        """The doses of the running source whose begin lies in an interval."""
        return self.source.doses(max(begin_us, self._since_us), end_us) if self.source else []

    def periodic_end(self, now_us):
        """Until when a periodic dose is under way; None if there is none."""
        for begin, us, _ in self.periodic_doses(now_us - 2 * DAY_US, now_us)[-1:]:
            if begin.low + us > now_us:
                return begin.high + us
        return None

    def doubt(self, now_us):
        """Until when it is open which side of an event a command meets; None: it is clear."""
        events = [self.bolus.dose.end] if self.bolus else []
        events += [self.observed_until] if self.observed_until else []
        for begin, us, _ in self.periodic_doses(now_us - 2 * DAY_US, now_us + DOUBT_US + 1)[-2:]:
            events += [begin, Span(begin.low + us, begin.high + us)]
        ends = [e.high + DOUBT_US for e in events if e.low - DOUBT_US <= now_us]
        return max([end for end in ends if end > now_us], default=None)

    def events(self, now_us):
        """When the next dose begins or ends."""
        found = [self.bolus.dose.end.high] if self.bolus else []
        end_us = self.periodic_end(now_us)
        found += [end_us] if end_us else []
        return found + [b.low for b, _, _ in self.periodic_doses(now_us, now_us + DAY_US)[:1]]

    def may_be_over(self, now_us):
        """Whether what is under way may be just over."""
        ends = [self.bolus.dose.end.low] if self.bolus else []
        for begin, us, _ in self.periodic_doses(now_us - 2 * DAY_US, now_us)[-1:]:
            ends.append(begin.low + us)
        return all(end <= now_us + 100_000 for end in ends)

    def came(self, first_us, period_us, count):
        """Edges came: drug, unless they fill the line."""
        if self.state == "PRIME":
            return
        if self.state == "BRIDGE":
            end_us, old = self.bolus.dose.end.high, self.bolus.dose.ng_ml
            is_old = first_us + (count - 1) * period_us <= end_us
            ng_ml = old if is_old else max(old, self.active.ng_ml)
        else:
            ng_ml = self.active.ng_ml
        self.edges.add(first_us, period_us, count, HEAD.step_ng(ng_ml))

    def announce(self, now_us):
        """Tell the course which periodic doses begin."""
        upto_us = now_us + 2 * LEASE_US
        for begin, us, nl in self.periodic_doses(self._upto_us, upto_us):
            dose = Dose("PERIODIC", nl, us, begin)
            dose.grid = self.source.grid
            dose.offset_us = begin.low - dose.grid[0].low
            self._give(Record("PERIODIC", 0, dose))
        self._upto_us = max(self._upto_us, upto_us)

    def proceed(self, now_us):
        """See what is over; the course has seen all edges up to now."""
        if self.bolus and now_us >= self.bolus.dose.end.high + OVER_US:
            self._complete(self.bolus)
        if self.observed_until and now_us >= self.observed_until.high:
            self.state, self.observed_until = "STOPPED", None

    def commit(self, p, span):
        """Another prescription is the active one."""
        before, self.active = self.active, p
        plan = (p.mode, p.periodic)
        if p.mode == "PERIODIC" and (not before or plan != (before.mode, before.periodic)):
            self.needs_anchor = True
        planned_ng = self.window.peak(span.low)
        self.limits.append((span.low, p.limit_day_ng and max(p.limit_day_ng, planned_ng)))
        for entry in self.was_active[-1:]:
            entry[1] = span.high
        self.was_active.append([span.low, None, p.days_ng()])
        if self.state == "RUNNING":
            self.follow(Span(span.low, span.high + CHANGE_US))

    def start(self, span):
        self.state = "RUNNING"
        self.line_ng_ml = self.active.ng_ml
        self.follow(Span(span.low, span.high + START_US))

    def set_clock(self, wall_s, span):
        """A week's schedule goes on from where the wall clock now is."""
        at_us = (span.low + span.high) / 2
        self.monday_us = at_us - (wall_s - MONDAY_S) * 10**6 % WEEK_US
        if self.state == "RUNNING" and self.active.mode == "FLEX":
            self.follow(Span(span.low, span.high + CHANGE_US))
        elif self.state == "BRIDGE" and self.active.mode == "FLEX":
            self.source = self.regular()
            self.course.refollow(self.source)

    def follow(self, span):
        """The active prescription's regular therapy, from an instant in the span on."""
        if self.active.mode == "PERIODIC" and self.needs_anchor:
            self.grid, self.needs_anchor = [span], False
        before, self.source = self.source, self.regular()
        self.course.follow(span, self.source)
        at_us = (span.low + span.high) / 2
        self.window.open(at_us, self.source)
        is_same = isinstance(before, Periodic) and isinstance(self.source, Periodic)
        if not (is_same and before.grid is self.source.grid):  # else its doses go on as they were
            self.course.cut(span, ("PERIODIC",))
            self._since_us = self._upto_us = at_us

    def regular(self, p=None, **changes):
        """The regular therapy, of the prescription or of another, as it would be from now on."""
        given = {"monday_us": self.monday_us, "grid": self.grid} | changes
        return regular(p or self.active, **given)

    def begin(self, kind, ng, duration_us, span, *, nl=None, ng_ml=None, observation_us=0):
        """A bolus of any kind was granted."""
        is_over = self.state == "RUNNING"
        if self.bolus:
            self._complete(self.bolus)
        span = Span(span.low, span.high + (CHANGE_US if is_over else START_US))
        nl = self.active.volume_nl(ng) if nl is None else nl
        dose = Dose(kind, nl, duration_us, span, self.active.ng_ml if ng_ml is None else ng_ml)
        self.bolus = record = Record(kind, ng, dose, observation_us)
        self._give(record)
        self.records.append(record)
        if kind in IN_WINDOW:
            record.extra = Extra(span.low, duration_us, ng)
            self.window.extras.append(record.extra)
        if kind == "PATIENT":
            self.allowance.starts_us.append(span.low)
        if not is_over:
            self.state = "BOLUS" if kind == "CLINICIAN" else kind
        if self.state in ALONE:
            self.course.put_aside()
        if kind in ("PRIME", "BRIDGE"):
            in_front = dose.ng_ml if kind == "BRIDGE" else self.line_ng_ml
            behind = self.active.ng_ml if self.active else 0
            self.is_line_mixed = self.is_line_mixed or in_front not in (0, behind)
        if kind != "PRIME":
            self.line_ng_ml = dose.ng_ml
        if kind == "BRIDGE":
            self.follow(dose.end)
            self.window.drop_last()

    def sees(self, kind, span):
        """The pump says what is under way: that settles what was open."""
        if self.bolus and kind != self.bolus.kind:
            assert span.high >= self.bolus.dose.end.low - OVER_US, "over before its time"
            self._complete(self.bolus)
        for dose in [
            d for d in self.course.doses if d.kind == "PERIODIC" and d.end.low > span.high
        ]:
            low, high = dose.begin
            if kind == "PERIODIC" and low <= span.high:
                dose.begin = Span(low, min(high, span.high))
            elif high >= span.low:
                dose.begin = Span(max(low, span.low), high)

    def abort(self, kind, span, *, may_go_on=True):
        """What was under way is over; the basal goes on with its fraction, if it may."""
        self.sees(kind, span)
        if kind == "NONE":
            return
        self.observed_until = None
        if self.bolus:
            self.end_bolus(span, "ABORTED")
        is_running = self.state == "RUNNING"
        if not may_go_on:
            self._forget_debt(span)
        self.course.cut(span, ("PERIODIC",))
        self.halt(span)
        if is_running and may_go_on:
            self.start(span)

    def stop(self, kind, span):
        self.sees(kind, span)
        if kind == "OBSERVATION":
            return  # nothing moves, and the watch goes on
        self.observed_until = None
        if self.bolus:
            self.end_bolus(span, "STOPPED")
        self._forget_debt(span)
        self.halt(span)

    def _forget_debt(self, span):
        """Nothing goes on: no step is caught up."""
        self.course.cut(span)
        rate = self.course.fastest(span.low) / HEAD.step_nl
        self.course.settle_debt(span.high, 1 + rate * 2_000)

    def halt(self, span):
        """No therapy from there on."""
        self.course.follow(span, Source())
        self.source = None
        self.window.open((span.low + span.high) / 2, None)
        self.state = "STOPPED"

    def end_bolus(self, span, outcome):
        """Cut short; what counts of it is settled with its history."""
        record, self.bolus = self.bolus, None
        if self.state in ALONE:
            self.course.take_up(record.dose)
        self.course.cut(span, (record.kind,))
        record.dose.cut = span
        record.outcome = outcome
        if record.extra:
            record.extra.end_us = (span.low + span.high) / 2
        if record.kind == "BRIDGE":
            self._bridged(record, (span.low + span.high) / 2)

    def _give(self, record):
        self.course.give(record.dose)
        self.doses.append(record)

    def _complete(self, record):
        record.outcome, self.bolus = "COMPLETED", None
        if self.state in ALONE:
            self.course.take_up(record.dose, int(record.dose.whole_steps()))
        end = record.dose.end
        if record.kind == "TRIAL":
            self.state = "OBSERVATION"
            self.observed_until = Span(*[t + record.observation_us for t in end])
        elif record.kind == "BRIDGE":
            self._bridged(record, (end.low + end.high) / 2)
            self.window.open((end.low + end.high) / 2, self.source)
            self.state = "RUNNING"
        elif self.state != "RUNNING":
            self.state = "STOPPED"
        if record.kind in ("BRIDGE", "PRIME"):
            self.line_ng_ml = self.active.ng_ml if self.active else 0
            self.is_line_mixed = False

    def _bridged(self, record, end_us):
        """The old drug counts as what was regular."""
        dose = record.dose
        begin_us = (dose.begin.low + dose.begin.high) / 2
        rate = dose.rate * dose.ng_ml / 10**6
        self.window.pieces.append((begin_us, min(end_us, begin_us + dose.duration_us), rate))
