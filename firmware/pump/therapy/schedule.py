# SPDX-License-Identifier: MIT
"""A schedule: an amount due over time, computed exactly and in bounded time.

Time starts at 0 when the schedule is put in force. Every schedule answers, for t_us >= 0:

    due(t_us)          units due by then: whole ones, never fewer than before; due(0) == 0
    when(amount)       the first whole microsecond by which `amount` units are due; 0 for <= 0
    until(t_us)        the first instant after t_us at which the rate may change; None: never
    changes(t_us)      (instant, units due by then) of each `until` after t_us, one after the other
    rate(t_us)         units a microsecond from t_us on, each part of a sum rounded down
    period_us(t_us)    the period of its rate from t_us on; 1: constant; None: not periodic yet
    doses(t_us, step)  ((key, kind, ng_ml, steps), ...): whole steps of boluses due by then

The unit is the caller's: the therapy counts nanolitres per day over microseconds, so that
86 400 000 000 units are a nanolitre; a jog counts steps. Whole numbers only: every piece rounds
down inside and is exact at its end, so errors do not accumulate, however often a schedule is
entered midway. The time of an answer does not grow with t_us.

One step is amount / over units, `step` being (amount, over). A dose of V units of which d are due
has min(ceil(d / step), floor(V / step)) steps: never more than it holds, all by its end. `key` is
an object that identifies the count; ng_ml 0: the concentration of the delivery.
"""

from pump.therapy.cycle import steps_of


class Constant:
    """`rate` units every microsecond, from 0 on, for ever. `rate` is an int above 0."""

    def __init__(self, rate):
        self._rate = rate

    def due(self, t_us):
        """Units due by `t_us`."""
        return self._rate * t_us

    def when(self, amount):
        """The first microsecond by which `amount` is due."""
        return max(-(-amount // self._rate), 0)

    def until(self, _t_us):
        """None: the rate never changes."""
        return

    def changes(self, _t_us):
        """No changes."""
        return iter(())

    def rate(self, _t_us):
        """Units a microsecond."""
        return self._rate

    def period_us(self, _t_us):
        """1: the rate is constant."""
        return 1

    def doses(self, _t_us, _step):
        """No boluses."""
        return ()


class Dose:
    """One bolus: `amount` units, evenly over `duration_us`; both above 0. Then nothing."""

    def __init__(self, kind, amount, duration_us, ng_ml=0):
        self.kind = kind
        self.amount = amount
        self.duration_us = duration_us
        self.ng_ml = ng_ml

    def due(self, t_us):
        """Units due by `t_us`."""
        return self.amount * min(t_us, self.duration_us) // self.duration_us

    def when(self, amount):
        """The first microsecond by which `amount`, at most all of the dose, is due."""
        return max(-(-amount * self.duration_us // self.amount), 0)

    def until(self, t_us):
        """The end of the dose, None after it."""
        return self.duration_us if t_us < self.duration_us else None

    def changes(self, t_us):
        """The end of the dose."""
        if t_us < self.duration_us:
            yield self.duration_us, self.amount

    def rate(self, t_us):
        """Units a microsecond, rounded down; 0 after the end."""
        return self.amount // self.duration_us if t_us < self.duration_us else 0

    def period_us(self, t_us):
        """1 after the end, None before."""
        return None if t_us < self.duration_us else 1

    def doses(self, t_us, step):
        """The steps of the dose; key: the dose."""
        return ((self, self.kind, self.ng_ml, steps_of(self.due(t_us), self.amount, step)),)


class Sequence:
    """`first` for `duration_us`, then `after`.

    elapsed_us: the time of `first` at t_us == 0; its doses count from its own start.
    """

    def __init__(self, first, duration_us, after, elapsed_us=0):
        self._first = first
        self._duration_us = duration_us
        self._after = after
        self._elapsed_us = elapsed_us
        self._before = first.due(elapsed_us)
        self._amount = first.due(elapsed_us + duration_us) - self._before

    def due(self, t_us):
        """Units due by `t_us`."""
        after_us = t_us - self._duration_us
        if after_us >= 0:
            return self._amount + self._after.due(after_us)
        return self._first.due(self._elapsed_us + t_us) - self._before

    def when(self, amount):
        """The first microsecond by which `amount` is due."""
        if amount <= 0:
            return 0
        if amount > self._amount:
            return self._duration_us + self._after.when(amount - self._amount)
        return self._first.when(amount + self._before) - self._elapsed_us

    def until(self, t_us):
        """The next change of the part in force, or the end of the first part."""
        after_us, elapsed_us = t_us - self._duration_us, self._elapsed_us
        if after_us >= 0:
            until_us = self._after.until(after_us)
            return None if until_us is None else until_us + self._duration_us
        until_us = self._first.until(elapsed_us + t_us)
        end_us = self._duration_us
        return end_us if until_us is None else min(until_us - elapsed_us, end_us)

    def changes(self, t_us):
        """The changes of the first part, its end, and the changes of the second part."""
        duration_us, elapsed_us = self._duration_us, self._elapsed_us
        if t_us < duration_us:
            for at_us, due in self._first.changes(elapsed_us + t_us):
                if at_us - elapsed_us >= duration_us:
                    break
                yield at_us - elapsed_us, due - self._before
            yield duration_us, self._amount
            t_us = duration_us
        for at_us, due in self._after.changes(t_us - duration_us):
            yield duration_us + at_us, self._amount + due

    def rate(self, t_us):
        """Units a microsecond of the part in force."""
        after_us = t_us - self._duration_us
        if after_us >= 0:
            return self._after.rate(after_us)
        return self._first.rate(self._elapsed_us + t_us)

    def period_us(self, t_us):
        """The period of the second part once it is in force, None before."""
        after_us = t_us - self._duration_us
        return None if after_us < 0 else self._after.period_us(after_us)

    def doses(self, t_us, step):
        """The doses of the first part, and after its end also those of the second."""
        first_us = self._elapsed_us + min(t_us, self._duration_us)
        doses = self._first.doses(first_us, step)
        if t_us >= self._duration_us:
            doses += self._after.doses(t_us - self._duration_us, step)
        return doses


class Superimposed:
    """A Dose over `basal`. elapsed_us: the time of the dose at t_us == 0.

    The steps of the dose count from its own start.
    """

    def __init__(self, dose, basal, elapsed_us=0):
        self._dose = dose
        self._basal = basal
        self._elapsed_us = elapsed_us
        self._before = dose.due(elapsed_us)

    def due(self, t_us):
        """Units due by `t_us`."""
        dose = self._dose.due(self._elapsed_us + t_us) - self._before
        return dose + self._basal.due(t_us)

    def when(self, amount):
        """The first microsecond by which `amount` is due."""
        if amount <= 0:
            return 0
        end_us = self._dose.duration_us - self._elapsed_us
        if end_us <= 0 or amount > self.due(end_us):
            return self._basal.when(amount - (self._dose.amount - self._before))
        return _first_us(self, amount, end_us)

    def until(self, t_us):
        """The end of the dose, or a change of the basal before it."""
        end_us, until_us = self._dose.duration_us - self._elapsed_us, self._basal.until(t_us)
        if t_us >= end_us:
            return until_us
        return end_us if until_us is None else min(end_us, until_us)

    def changes(self, t_us):
        """The changes of the basal, and the end of the dose."""
        end_us = self._dose.duration_us - self._elapsed_us
        if t_us < end_us:
            for at_us, due in self._basal.changes(t_us):
                if at_us >= end_us:
                    break
                yield at_us, due + self._dose.due(self._elapsed_us + at_us) - self._before
            yield end_us, self.due(end_us)
            t_us = end_us
        rest = self._dose.amount - self._before
        for at_us, due in self._basal.changes(t_us):
            yield at_us, due + rest

    def rate(self, t_us):
        """The sum of both rates, each rounded down."""
        return self._dose.rate(self._elapsed_us + t_us) + self._basal.rate(t_us)

    def period_us(self, t_us):
        """The period of the basal once the dose is over, None before."""
        is_over = self._elapsed_us + t_us >= self._dose.duration_us
        return self._basal.period_us(t_us) if is_over else None

    def doses(self, t_us, step):
        """The dose, and the doses of the basal."""
        dose = self._dose.doses(self._elapsed_us + t_us, step)
        return dose + self._basal.doses(t_us, step)


def _first_us(schedule, amount, high_us):
    """The first microsecond up to `high_us` by which `amount` is due; it is due by `high_us`.

    Linear interpolation, which finds it at once if the rate is constant. Every third time the
    interval is halved instead, which bounds the search for any rates.
    """
    low_us, low, high = 0, 0, schedule.due(high_us)
    turn = 0
    while high_us - low_us > 1:
        turn += 1
        along_us = (high_us - low_us) // 2
        if turn % 3:
            along_us = (amount - low) * (high_us - low_us) // (high - low)
        at_us = min(low_us + max(along_us, 1), high_us - 1)
        due = schedule.due(at_us)
        if due < amount:
            low_us, low = at_us, due
        else:
            high_us, high = at_us, due
    return high_us
