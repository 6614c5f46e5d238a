# SPDX-License-Identifier: MIT
"""An oracle for the pump: what must have come out, in fractions, written apart from the firmware.

It sees what the pump was told, the enable pin, and the edges; a time is in microseconds. What it
cannot know exactly it keeps as a `Span`: when a stop's clock was read (1 us either way, so every
piece of therapy adds that much of its rate to the span and no more), and where the queue of a
slow therapy ended at a commit. Every edge narrows the span again to what is still possible; a
pump that loses or repeats a fraction of a step leaves it, sooner or later, with no edge on time.
"""

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from host_tests.support.oracle.books import Books, fixed

STEPS_PER_REV = 3200
MAX_STEPS_S = 20_000  # of the motor
COVERED_STEPS_S = 5_118  # of a therapy: faster ones would be queued for too short a time
MIN_NL_D = 6_000
MAX_NL_D = 24_000_000_000
US_PER_DAY = 86_400_000_000
SET_UP_US = 995  # from enabling the driver to the zero of a delivery: 1 ms, of it one pulse's tail
CLOCK_US = 1  # what any instant of the firmware may be off
LEASE_US = 2_000_000  # a commit is in force after that
CHUNK_US = 800_000
CHUNK_STEPS = 4095
CLOSEST_US = Fraction(1_000_000, MAX_STEPS_S)  # between two steps
MANY_STEPS = 640  # in a chunk of a fast rate
ROUNDING_US = 2_000  # more than rounding in a chunk makes a step late
OVER_US = 10_000  # from the last step of a jog to its end
FOREVER = 1 << 80
STALE_US = 600_000_000  # from the last edit until what is staged is dropped


class Span(NamedTuple):
    """An amount that lies between two others."""

    low: Fraction
    high: Fraction


NOTHING = Span(Fraction(0), Fraction(0))


class Change:
    """A new rate, in steps a microsecond, in force from low_us..high_us on."""

    def __init__(self, rate, after_steps=0, asked_us=NOTHING):
        self.rate = rate
        self.after_steps = after_steps  # the steps that were queued at the old rate
        self.asked_us = asked_us
        self.low_us = self.high_us = FOREVER  # not known before the last of those steps


class Delivery:
    """One piece between enabling and releasing the driver. due: steps owed to it at its zero."""

    def __init__(self, zero_us, rate, due=NOTHING, limit=FOREVER):
        self.zero_us = zero_us
        self.steps = 0
        self._limit = limit
        first = Change(rate)
        first.low_us = first.high_us = zero_us
        self._changes = [first]
        self._at_us, self._due = zero_us, due
        self._fresh_until_us = zero_us
        self._freshen(zero_us)

    def change(self, rate, after_steps, asked_us):
        """Follow another rate once the steps queued at `asked_us`, a span, have gone out."""
        assert after_steps >= self.steps
        self._changes.append(Change(rate, after_steps, asked_us))
        if after_steps == self.steps:
            self._reached(self._at_us)

    def step(self, first_us, period_us, count):
        """Edges came. Their lateness is linear between the changes: the ends are looked at."""
        while count:
            stops = [c.after_steps - self.steps for c in self._changes]
            some = min([count, *[s for s in stops if s > 0], *[1 for s in stops if s == 0]])
            self._edge(first_us, 1)
            if some > 1:
                self._edge(first_us + (some - 1) * period_us, some - 1)
            self._reached(self._at_us)
            first_us += some * period_us
            count -= some

    @property
    def rate(self):
        """The fastest it has had."""
        return max(change.rate for change in self._changes)

    def is_complete(self):
        return self.steps == self._limit

    def remaining_us(self, now_us):
        """Until the last step of a limited delivery is due."""
        return self.zero_us + self._limit / self._changes[0].rate - now_us

    def since_step_us(self, now_us):
        """Since the last step, or the zero."""
        return now_us - self._at_us

    def check(self, now_us):
        due = min(self._due_by(now_us).low - self._late(now_us), self._limit)
        assert self.steps >= due // 1, f"{self.steps} steps came, {float(due):.3f} were due"

    def left(self, end_us):
        """Steps due by the end, and not made."""
        if end_us <= self.zero_us:
            return Span(self._due.low - self.steps, self._due.high - self.steps)
        due, error = self._due_by(end_us), self._rates(end_us).high * CLOCK_US
        return Span(due.low - error - self.steps, due.high + error - self.steps)

    def _edge(self, t_us, count):
        self.steps += count
        for change in self._changes:
            if change.after_steps < self.steps:
                change.high_us = min(change.high_us, max(t_us, self.zero_us))
                assert change.low_us <= change.high_us
        assert self.steps <= self._limit
        due, number = self._due_by(t_us), self.steps
        early = number - self._rates(t_us).high * CLOCK_US
        late = number + self._late(t_us)
        assert early <= due.high and due.low <= late, f"{number} at {t_us} us: {due} due"
        self._at_us, self._due = t_us, Span(max(due.low, early), min(due.high, late))

    def _reached(self, t_us):
        """The last queued step before a change may have gone out: when does the queue end?

        On that very step, where a chunk holds a step; else up to a lease after the commit.
        """
        for before, change in pairwise(self._changes):
            if change.after_steps == self.steps and change.low_us == FOREVER:
                change.low_us = max(t_us, change.asked_us.low)
                change.high_us = change.asked_us.high + LEASE_US
                is_fast = before.rate * (CHUNK_US - 2 * CLOSEST_US) > 1
                if is_fast and before.after_steps < change.after_steps:
                    change.high_us = change.low_us
                assert change.low_us <= change.high_us
                self._freshen(change.high_us)

    def _freshen(self, t_us):
        """From here on a chunk may begin late: no step comes closer than 50 us to another."""
        room = 1 - self.rate * CLOSEST_US
        busy = CLOSEST_US / room if room > Fraction(1, 10) else FOREVER
        self._fresh_until_us = max(self._fresh_until_us, t_us + 2 * CHUNK_US + busy)

    def _late(self, t_us):
        """How many steps may be due at an instant and not there yet."""
        rate = self._rates(t_us).high
        late = rate * (min(CHUNK_STEPS, CHUNK_US * rate) / 4 + 2 * CLOCK_US)
        if t_us <= self._fresh_until_us:
            late += rate * (CLOSEST_US + ROUNDING_US)
            if rate * CHUNK_US >= MANY_STEPS - 1:
                late += 2  # what was owed is spread over a chunk
        return late

    def _rates(self, t_us):
        """What the rate may be at an instant."""
        ends = [change.high_us for change in self._changes[1:]] + [FOREVER]
        rates = [
            change.rate
            for change, end_us in zip(self._changes, ends, strict=True)
            if change.low_us <= t_us < end_us or (change is self._changes[0] and t_us < end_us)
        ]
        return Span(min(rates), max(rates))

    def _due_by(self, t_us):
        """The steps due, from the last instant at which they were known."""
        if t_us <= self._at_us:
            return self._due
        bounds = [edge for c in self._changes for edge in (c.low_us, c.high_us)]
        instants = sorted({self._at_us, t_us, *[b for b in bounds if self._at_us < b < t_us]})
        low, high = self._due
        for from_us, to_us in pairwise(instants):
            rates = self._rates(from_us)
            low += rates.low * (to_us - from_us)
            high += rates.high * (to_us - from_us)
        return Span(low, high)


class Prescription:
    """What was written into it; a rate is drug or volume."""

    def __init__(self):
        self.ng_ml = self.ng_d = self.nl_d = self.has_mode = 0

    def content(self):
        return tuple(vars(self).values())

    def volume_nl_d(self):
        return self.nl_d or self.ng_d * 1_000_000 // self.ng_ml

    def answer(self):
        """As `PRESCription:ACTive?` says it."""
        drug_ng_d = self.ng_d or self.nl_d * self.ng_ml // 1_000_000
        return (
            f"SIMPLE,{fixed(self.ng_ml, 3)},{fixed(drug_ng_d, 3)},{fixed(self.volume_nl_d(), 6)}"
        )

    def is_valid(self, max_nl_d):
        if not (self.ng_ml and self.has_mode and (self.ng_d or self.nl_d)):
            return False
        return MIN_NL_D <= self.volume_nl_d() <= max_nl_d


class Oracle:
    """The whole pump: what is prescribed, what is delivered, what is owed."""

    def __init__(self):
        self.staged = self.active = None
        self.edited_us = 0
        self._before = []  # (answers about what was active, until when it may be in force)
        self.line_ng_ml = 0  # what the tube holds, once something has been delivered
        self.nl_per_rev = self.committed_nl = 200_000  # now, and at the last commit
        self.owed_nl = NOTHING
        self.delivery = None
        self.jog_mrpm = 0  # thousandths of a revolution a minute; 0 while no jog is under way
        self.steps = 0
        self.books = Books()

    @property
    def is_treating(self):
        return self.delivery is not None and not self.jog_mrpm

    def can_treat(self):
        return self.active is not None and self.active.is_valid(self.max_nl_d())

    def staged_at(self, now_us, is_edit=False):
        """What is staged; left alone for ten minutes it has been dropped."""
        if now_us - self.edited_us >= STALE_US:
            self.staged = None
        self.edited_us = now_us if is_edit and self.staged else self.edited_us
        return self.staged

    def is_same_head(self):
        return 80 * self.committed_nl <= 100 * self.nl_per_rev <= 120 * self.committed_nl

    def can_start(self):
        return (
            self.can_treat() and self.is_same_head() and self.line_ng_ml in (0, self.active.ng_ml)
        )

    def step_nl(self):
        return Fraction(self.nl_per_rev, STEPS_PER_REV)

    def max_nl_d(self):
        return min(MAX_NL_D, int(COVERED_STEPS_S * 86_400 * self.step_nl()))

    def treat(self, enabled_us):
        self.line_ng_ml = self.active.ng_ml
        self.books.open(self.steps, self.step_nl(), self.active.ng_ml)
        owed = [amount / self.step_nl() for amount in self.owed_nl]
        is_fast = self._rate() * CHUNK_US >= MANY_STEPS
        most = 1 + (self._rate() * ROUNDING_US if is_fast else 0)
        due = Span(*[min(max(amount, -most), most) for amount in owed])  # nothing is caught up
        self.delivery = Delivery(enabled_us + SET_UP_US, self._rate(), due)

    def jog(self, enabled_us, steps, mrpm):
        self.books.open(self.steps, self.step_nl())
        self.jog_mrpm = mrpm
        rate = Fraction(mrpm * STEPS_PER_REV, 60_000_000_000)
        self.delivery = Delivery(enabled_us + SET_UP_US, rate, limit=steps)

    def commit(self, commanded=None, asked_us=None):
        """The staged prescription is active; the commanded steps still go as before."""
        before = self.active
        self.active, self.staged = self.staged, None
        self.committed_nl = self.nl_per_rev
        if self.is_treating:
            self._before.append((before.answer(), asked_us.high + LEASE_US))
            self.books.open(commanded, self.step_nl(), self.active.ng_ml)
            emitted_before = self.steps - self.delivery.steps
            self.delivery.change(self._rate(), commanded - emitted_before, asked_us)

    def step(self, first_us, period_us, count):
        assert self.delivery is not None, "steps while the driver is released"
        self.delivery.step(first_us, period_us, count)
        self.steps += count

    def check(self, now_us):
        """Nothing is missing, and a jog that has made its last step is over."""
        if self.delivery:
            self.delivery.check(now_us)
            is_complete = self.delivery.is_complete()
            assert not is_complete or self.delivery.since_step_us(now_us) <= OVER_US

    def release(self, t_us):
        """The driver was released: the delivery has ended."""
        self.delivery.check(t_us)
        if self.is_treating:
            self.owed_nl = Span(*[steps * self.step_nl() for steps in self.delivery.left(t_us)])
        self.delivery, self.jog_mrpm = None, 0

    def rates(self, now_us):
        """What `DELivery:RATE?` may say: after a commit either one, until it is in force."""
        if self.is_treating:
            answers = [answer for answer, until_us in self._before if now_us <= until_us]
            answers.append(self.active.answer())
            return [",".join(answer.split(",")[2:]) for answer in answers]
        return [f"0.000,{fixed(self.jog_mrpm * self.nl_per_rev * 1_440 // 1_000, 6)}"]

    def _rate(self):
        """The active prescription in steps a microsecond."""
        return self.active.volume_nl_d() / self.step_nl() / US_PER_DAY
