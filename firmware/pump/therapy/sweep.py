# SPDX-License-Identifier: MIT
"""The sweep: a window of 24 h is moved along stretches of regular therapy to find the most drug.

A stretch is (from_us, to_us, schedule, ng_ml); stretches are in order and apart, and a schedule
counts time from its from_us on. Drug is in fine units: units of the schedule times ng_ml.

While the window moves, therapy enters at its front and leaves at its back, both at rates that
change at certain instants only: the most lies where one of them changes, or at the ends. Of those
it looks at few, for a board has no time to lose:

- A stretch that fills the window, and repeats a whole number of times a day, changes nothing.
- Where front and back repeat with a common period, moving on by it adds the same each time: the
  most lies in the first or the last of these periods.
- Where they do not, what repeats more than _OFTEN times on the way is taken as a straight line,
  up to two of its periods too high at the front, too low at the back: two periodic doses, say.
- After _CHANGES changes, some 0.1 s on the emulated chip, the rest is looked at hour by hour:
  all that can enter in one, nothing of what leaves.

The last two are never less than the most; all else is exact.
"""

from micropython import const

from pump.therapy.schedule import DAY_US

FOREVER_US = const(1 << 62)

_CHANGES = const(160)  # 48 pieces a day at the front, and at the back, and some more
_BEGINS = const(4)  # to begin anew somewhere takes as long as so many changes
_OFTEN = const(48)
_HOUR_US = const(3_600_000_000)


def drug(stretches, from_us, to_us):
    """What falls into the time from from_us to to_us, in fine units."""
    total = 0
    for start_us, end_us, schedule, ng_ml in stretches:
        first_us, last_us = max(start_us, from_us), min(end_us, to_us)
        if first_us < last_us:
            units = schedule.due(last_us - start_us) - schedule.due(first_us - start_us)
            total += units * ng_ml
    return total


def highest(stretches, now_us):
    """The most in any 24 h that end in [now_us, now_us + DAY_US], in fine units.

    Schedules count whole units and round down within their pieces: so much, two units of about
    1e-11 nl, may be missing.
    """
    fronts, backs = _edges(stretches, now_us, 0), _edges(stretches, now_us - DAY_US, DAY_US)
    sweep = _Sweep(next(fronts), next(backs), now_us)
    level = most = drug(stretches, now_us - DAY_US, now_us)
    end_us = now_us + DAY_US
    while sweep.at_us < end_us:
        start = sweep.level(sweep.at_us)
        most = max(most, level - start + sweep.move(end_us))
        level += sweep.level(sweep.at_us) - start
        sweep.meet(fronts, backs)
    return most


class _Edge:
    """The front or the back of the window, while it moves along one stretch.

    All instants are those of the front: for the back, a stretch is moved a day later.
    """

    def __init__(self, from_us, to_us, schedule, ng_ml):
        self.from_us = from_us
        self.to_us = to_us
        self.schedule = schedule  # None in a gap
        self.next_us = FOREVER_US  # the next change
        self._ng_ml = ng_ml
        self._at_us = self._base = self._rise = 0  # a straight line to the next change
        self._run_us = 1
        self._changes = iter(())

    def drug(self, at_us):
        """Drug by an instant."""
        return self._ng_ml and self.schedule.due(at_us - self.from_us) * self._ng_ml

    def period_us(self, at_us):
        """As `schedule`."""
        return self.schedule.period_us(at_us - self.from_us) if self._ng_ml else 1

    def begin(self, at_us):
        """Go along the changes from at_us on."""
        self._at_us, self.next_us, self._rise = at_us, FOREVER_US, 0
        self._base = 0 if at_us == self.from_us else self.drug(at_us)
        if self._ng_ml:
            self._changes = self.schedule.changes(at_us - self.from_us)
            self._aim()

    def is_same(self, other):
        """True where both go along the same stretch, a day apart."""
        return self.schedule is other.schedule and self.from_us + DAY_US == other.from_us

    def begin_straight(self, at_us, period_us, ahead):
        """Go along a straight line instead, `ahead` periods higher: 1 or -1.

        It meets the other at whole periods; one higher it is never below, one lower never above.
        """
        self._at_us, self.next_us, self._run_us = at_us, FOREVER_US, period_us
        start = self.drug(at_us)
        self._rise = self.drug(at_us + period_us) - start
        self._base = start + ahead * self._rise

    def by(self, at_us):
        """Drug by an instant up to the next change."""
        return self._base + self._rise * (at_us - self._at_us) // self._run_us

    def step(self):
        """Go past the next change."""
        self._base += self._rise
        self._at_us = self.next_us
        self._aim()

    def _aim(self):
        for t_us, due in self._changes:
            self.next_us = t_us + self.from_us
            self._run_us = self.next_us - self._at_us
            self._rise = due * self._ng_ml - self._base
            return
        self.next_us, self._run_us = FOREVER_US, DAY_US
        self._rise = self.drug(self._at_us + DAY_US) - self._base


def _edges(stretches, at_us, delay_us):
    """Edges along stretches, and the gaps between them, from at_us on; all delay_us later."""
    for from_us, to_us, schedule, ng_ml in stretches:
        if from_us > at_us:
            yield _Edge(at_us + delay_us, from_us + delay_us, None, 0)
            at_us = from_us
        if to_us > at_us:
            yield _Edge(from_us + delay_us, to_us + delay_us, schedule, ng_ml)
            at_us = to_us
    yield _Edge(at_us + delay_us, FOREVER_US + DAY_US, None, 0)


def _divisor(first, second):
    """The greatest common divisor."""
    while second:
        first, second = second, first % second
    return first


class _Sweep:
    """Both edges, and how far they are: both go along their changes from at_us on."""

    def __init__(self, front, back, at_us):
        self._front = front
        self._back = back
        self.at_us = at_us
        self._changes = _CHANGES  # that may still be looked at
        front.begin(at_us)
        back.begin(at_us)

    def level(self, at_us):
        """Drug by the front less that by the back, in fine units from any zero."""
        return self._front.by(at_us) - self._back.by(at_us)

    def meet(self, fronts, backs):
        """Go over to the next stretches where one ends here."""
        if self._front.to_us <= self.at_us:
            self._front = next(fronts)
            self._front.begin(self.at_us)
        if self._back.to_us <= self.at_us:
            self._back = next(backs)
            self._back.begin(self.at_us)

    def move(self, to_us):
        """Move on, to to_us at most; the highest level on the way, or more."""
        front, back, at_us = self._front, self._back, self.at_us
        to_us = min(to_us, front.to_us, back.to_us)
        if self._changes <= 0:
            return self._walk_hours(to_us)
        front_us, back_us = front.period_us(at_us), back.period_us(at_us)
        if front_us is None or back_us is None:
            return self._walk(min(to_us, front.next_us, back.next_us))
        if front.is_same(back) and DAY_US % front_us == 0:
            return self._skip(to_us)
        common_us = front_us // _divisor(front_us, back_us) * back_us
        if 1 < common_us and 2 * common_us < to_us - at_us:
            first = self._walk(at_us + common_us)
            return max(first, self._skip(to_us - common_us), self._walk(to_us))
        are_often = [1 < us and _OFTEN * us < to_us - at_us for us in (front_us, back_us)]
        if True not in are_often:
            return self._walk(to_us)
        if are_often[0]:
            front.begin_straight(at_us, front_us, 1)
        if are_often[1]:
            back.begin_straight(at_us, back_us, -1)
        most = self._walk(to_us)
        self._skip(to_us)
        return most

    def _walk(self, to_us):
        """Go to to_us from change to change; the highest level, or more."""
        front, back = self._front, self._back
        most = self.level(self.at_us)
        while self.at_us < to_us:
            if self._changes <= 0:
                return max(most, self._walk_hours(to_us))
            self._changes -= 1
            at_us = self.at_us = min(front.next_us, back.next_us, to_us)
            most = max(most, front.by(at_us) - back.by(at_us))
            if at_us == front.next_us:
                front.step()
            if at_us == back.next_us:
                back.step()
        return most

    def _walk_hours(self, to_us):
        """Go to to_us hour by hour; no less than the highest level."""
        front, back, at_us = self._front, self._back, self.at_us
        most = front.drug(at_us) - back.drug(at_us)
        while at_us < to_us:
            next_us = min(at_us + _HOUR_US, to_us)
            most = max(most, front.drug(next_us) - back.drug(at_us))
            at_us = next_us
        self._skip(to_us)
        return most

    def _skip(self, to_us):
        """Go straight to to_us; the level there."""
        self._changes -= 2 * _BEGINS
        self.at_us = to_us
        self._front.begin(to_us)
        self._back.begin(to_us)
        return self.level(to_us)
