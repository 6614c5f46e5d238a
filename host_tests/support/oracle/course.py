# SPDX-License-Identifier: MIT
"""An oracle for the therapy: how many steps must have come out by now, in plain Fractions.

It is told which regular therapy and which doses go, from when to when, and sees the edges. An
instant that it cannot know (when a change took effect) is a `Span`. An edge is a whole number of
steps at a known time: each one narrows what is owed, or when a dose began, to what is still
possible. A pump that loses, repeats or shifts anything leaves the span sooner or later.

Times in microseconds, volumes in nanolitres, rates in nanolitres a microsecond.
"""

from fractions import Fraction

from host_tests.support.oracle.content import HEAD
from host_tests.support.oracle.pump import FOREVER, NOTHING, Span
from host_tests.support.oracle.sources import Source, change_after, rate_between

CHUNK_US = 800_000
CHUNK_STEPS = 4_095
MANY_STEPS = 640  # a chunk of that many takes up the rest of an interval
CLOCK_US = 2
LATE_US = 2_052  # what rounding, and the motor's shortest interval after a start, may cost
LEASE_US = 2_000_000


class Dose:
    """A volume over a time; where it is cut short, the rest is never given."""

    def __init__(self, kind, nl, duration_us, begin, ng_ml=0):
        self.kind, self.nl, self.duration_us, self.ng_ml = kind, Fraction(nl), duration_us, ng_ml
        self.begin = begin
        self.cut = Span(FOREVER, FOREVER)
        self.grid, self.offset_us = None, 0  # where it lies on one: [Span of the anchor]

    @property
    def rate(self):
        return self.nl / self.duration_us

    @property
    def end(self):
        """When it is over."""
        low, high = self.begin
        whole = Span(low + self.duration_us, high + self.duration_us)
        return Span(min(whole.low, self.cut.low), min(whole.high, self.cut.high))

    def given(self, t_us):
        """What of it is due by then."""
        low = self._part(min(t_us, self.cut.low) - self.begin.high)
        return Span(low, self._part(min(t_us, self.cut.high) - self.begin.low))

    def _part(self, us):
        return self.nl * min(max(us, 0), self.duration_us) / self.duration_us

    def whole_steps(self):
        return self.nl // HEAD.step_nl

    def narrow(self, t_us, given):
        """By t_us some amount in the span was due: when must it have begun?"""
        low, high = self.begin
        if given.low > 0:
            high = min(high, t_us - given.low / self.rate)
        if given.high < self.nl:
            low = max(low, t_us - given.high / self.rate)
        assert low <= high, f"a {self.kind} dose cannot have begun in {self.begin}"
        self.begin = Span(low, high)
        if self.grid:
            first, last = self.grid[0]
            low, high = low - self.offset_us, high - self.offset_us
            self.grid[0] = Span(max(first, low), min(last, high))


class Course:
    """All that is due from power-up on, and the steps that came."""

    def __init__(self):
        self.steps = 0
        self.at_us = Fraction(0)
        self.base = NOTHING  # due by at_us, without the doses that are not settled
        self.doses = []  # not settled, or under way
        self._stretches = [(NOTHING, Source())]
        self._aside, self._aside_steps = NOTHING, 0  # what is owed while a dose goes alone
        self._over = []  # (end, rate) of the doses that were settled last

    def follow(self, begin, source):
        """From an instant in the span on, this is the regular therapy, and nothing planned."""
        while self._stretches[-1][0].low > begin.high:
            self._stretches.pop()
        last = self._stretches[-1][0]
        begin = Span(max(begin.low, last.low), max(begin.high, last.high))
        self._stretches.append((begin, source))

    def refollow(self, source):
        """What was to be followed last is something else."""
        self._stretches[-1] = (self._stretches[-1][0], source)

    def give(self, dose):
        self.doses.append(dose)

    def put_aside(self):
        """A dose begins that goes alone, in whole steps of its own: what is owed waits."""
        done = self.steps * HEAD.step_nl
        self._aside, self._aside_steps = (
            Span(self.base.low - done, self.base.high - done),
            self.steps,
        )
        self.base = Span(done, done)

    def take_up(self, dose, whole_steps=None):
        """That dose is over: what was owed before is owed again, of its rest nothing is."""
        steps = self.steps - self._aside_steps
        assert whole_steps in (None, steps), f"{steps} steps, not {whole_steps}"
        self.doses = [other for other in self.doses if other is not dose]
        done = self.steps * HEAD.step_nl
        self.base = Span(self._aside.low + done, self._aside.high + done)

    def cut(self, span, kinds=None):
        """What is under way, is over; what would begin later never comes."""
        for dose in self.doses:
            if (kinds is None or dose.kind in kinds) and dose.end.high > span.low:
                dose.cut = span
        self.doses = [d for d in self.doses if d.begin.low <= d.cut.high]

    def settle_debt(self, t_us, most_steps):
        """A stop: what is owed beyond some steps may be forgotten, for nothing is caught up."""
        total = self.due(t_us)
        done, most = self.steps * HEAD.step_nl, most_steps * HEAD.step_nl
        low, high = self.base
        if total.low - done > most:
            low -= total.low - done - most
        self.base = Span(low, high)

    def due(self, t_us):
        """All that is due by an instant that is not before the last one looked at."""
        self._advance(t_us)
        given = [dose.given(t_us) for dose in self.doses]
        low, high = self.base
        return Span(low + sum(g.low for g in given), high + sum(g.high for g in given))

    def step(self, first_us, period_us, count):
        """Edges came; of many at one period the ends of each piece are looked at."""
        while count:
            until_us = self._next_change(first_us)
            some = count
            if period_us and first_us + (count - 1) * period_us > until_us:
                some = int((until_us - first_us) // period_us) + 1
            self._edge(first_us, 1)
            if some > 1:
                self._edge(first_us + (some - 1) * period_us, some - 1)
            first_us += some * period_us
            count -= some

    def check(self, now_us):
        """No step is missing."""
        total = self.due(now_us)
        due = (total.low - self._late_nl(now_us)) / HEAD.step_nl
        assert self.steps >= due // 1, f"{self.steps} steps came, {float(due):.3f} were due"

    def _edge(self, t_us, count):
        self.steps += count
        total = self.due(t_us)
        fastest = self.fastest(t_us)
        early = self.steps * HEAD.step_nl - fastest * CLOCK_US
        late = self.steps * HEAD.step_nl + self._late_nl(t_us)
        assert early <= total.high, self._says("too soon", t_us, total)
        assert total.low <= late, self._says("too late", t_us, total)
        self._learn(t_us, early, late)

    def _says(self, what, t_us, total):
        low, high = (float(nl / HEAD.step_nl) for nl in total)
        return f"step {self.steps} came {what}, at {float(t_us)} us: {low:.4f}..{high:.4f} due"

    def _learn(self, t_us, early, late):
        """Narrow the one thing that is not known."""
        given = [dose.given(t_us) for dose in self.doses]
        low, high = self.base
        others = Span(sum(g.low for g in given), sum(g.high for g in given))
        open_ = [(d, g) for d, g in zip(self.doses, given, strict=True) if g.low != g.high]
        if not open_:
            self.base = Span(max(low, early - others.low), min(high, late - others.low))
        elif len(open_) == 1 and t_us < open_[0][0].cut.low:
            dose, part = open_[0]
            least = early - high - (others.high - part.high)
            dose.narrow(t_us, Span(least, late - low - (others.low - part.low)))

    def _advance(self, t_us):
        while self.at_us < t_us:
            until_us = min(t_us, self._next_change(self.at_us))
            rates = self._rates(self.at_us, until_us)
            us = until_us - self.at_us
            self.base = Span(self.base.low + rates.low * us, self.base.high + rates.high * us)
            self.at_us = until_us
        for dose in [d for d in self.doses if t_us >= d.end.high]:
            part = dose.given(t_us)
            self.base = Span(self.base.low + part.low, self.base.high + part.high)
            self.doses.remove(dose)
            self._over.append((dose.end.high, dose.rate))
        self._over = [(end, rate) for end, rate in self._over if end + LEASE_US > t_us]
        while len(self._stretches) > 1 and self._stretches[1][0].high <= t_us - LEASE_US:
            self._stretches.pop(0)

    def _next_change(self, t_us):
        """The next instant at which a rate may change."""
        ends = [edge for begin, _ in self._stretches for edge in begin]
        ends += [edge for d in self.doses for span in (d.begin, d.end) for edge in span]
        ends += [change_after(source, t_us) for _, source in self._stretches]
        return min([end for end in ends if end > t_us], default=FOREVER)

    def _rates(self, begin_us, end_us):
        """The least and the most that the regular rate may be in an interval without a change."""
        ends = [begin.high for begin, _ in self._stretches[1:]] + [FOREVER]
        found = [
            rate_between(source, begin_us, end_us)
            for (begin, source), end_us_high in zip(self._stretches, ends, strict=True)
            if begin.low < end_us and end_us_high > begin_us
        ]
        return Span(min(r.low for r in found), max(r.high for r in found))

    def fastest(self, t_us):
        """The most that may have gone out at once around an instant."""
        doses = sum(d.rate for d in self.doses if d.begin.low - LEASE_US <= t_us)
        doses += sum(rate for _, rate in self._over)
        return self._rates(max(t_us - LEASE_US, 0), t_us + LEASE_US).high + doses

    def _late_nl(self, t_us):
        """What may be due at an instant and not there yet."""
        rate = self.fastest(t_us) / HEAD.step_nl
        late = rate * (min(CHUNK_STEPS, CHUNK_US * rate) / 4 + LATE_US + CLOCK_US)
        return (late + (2 if rate * CHUNK_US >= MANY_STEPS - 1 else 0)) * HEAD.step_nl
