# SPDX-License-Identifier: MIT
"""The drug of the last 24 h: what went out, as the instants at which portions of it were out.

A portion is a small part of the drug of a day. It counts whole until its last drop is 24 h old:
what falls into a window that begins within a portion is overstated by one portion at most, and
never understated. Portions double where there would be more of them than there is room for: each
is less than a 200th of what went out in the 24 h when it was set. Drug is in femtograms (nl times
ng/ml), instants are on the monotonic clock and never go back. Pure.

Two lanes, for one question is about each: the regular therapy, and all else.
"""

from array import array

from micropython import const

from pump.units import DAY_US

THERAPY = const(0)
DOSES = const(1)

_MOST = const(400)  # portions: 1.6 kB
_PART = const(16)  # of them, in a record
_TICK_US = const(262_144)  # instants of portions are kept in ticks, rounded up: 17 years
_LEAST_FG = const(32_000_000)  # the smallest portion: 32 ng, about a step of a small head


class DailyPast:
    """portion_fg: drug of a portion."""

    def __init__(self):
        self.portion_fg = _LEAST_FG
        self._marks = array("I", bytes(4 * _MOST))  # a ring: tick << 1 | lane, oldest first
        self._first = self._count = 0
        self._full = [0, 0]  # portions of each lane
        self._open_fg = [0, 0]  # what went out and makes no whole portion yet
        self._open_us = [0, 0]  # when the last of it did

    def is_empty(self):
        """True when no drug is known to have gone out."""
        return not (self._count or any(self._open_fg))

    def add(self, lane, drug_fg, at_us):
        """So much drug has gone out, the last of it at at_us at the latest."""
        self._open_fg[lane] += drug_fg
        self._open_us[lane] = at_us
        while self._open_fg[lane] // self.portion_fg + self._count > _MOST:
            self._coarsen()
        mark = -(-at_us // _TICK_US) << 1 | lane
        while self._open_fg[lane] >= self.portion_fg:
            self._open_fg[lane] -= self.portion_fg
            self._push(mark)

    def forget(self, now_us):
        """Drop what is 24 h old."""
        last = (now_us - DAY_US) // _TICK_US
        while self._count and self._marks[self._first] >> 1 <= last:
            self._full[self._marks[self._first] & 1] -= 1
            self._first = (self._first + 1) % _MOST
            self._count -= 1
        for lane in (THERAPY, DOSES):
            if self._open_us[lane] <= now_us - DAY_US:
                self._open_fg[lane] = 0
        while self._count < _MOST // 4 and self.portion_fg > _LEAST_FG:
            self._refine()

    def blend(self):
        """What was regular is among all else from now on: another regular therapy begins."""
        for index in range(self._count):
            self._marks[(self._first + index) % _MOST] |= DOSES
        self._full = [0, self._count]
        self._open_fg = [0, sum(self._open_fg)]
        self._open_us = [0, max(self._open_us)]

    def drug_fg(self, lane):
        """What the 24 h hold of a lane; `forget` first."""
        return self._full[lane] * self.portion_fg + self._open_fg[lane]

    def left(self, index, t_us, lanes):
        """(index behind them, how many, until when) of the portions that have left by t_us.

        Of those from an index on, 0: the oldest, whose lane is among `lanes`. Until then at most
        one more leaves; None: for ever.
        """
        marks, first, found, ahead = self._marks, self._first, 0, 0
        behind = (t_us - DAY_US) // _TICK_US + 1 << 1
        for place in range(index, self._count):
            mark = marks[(first + place) % _MOST]
            if mark & 1 not in lanes:
                continue
            if mark < behind:
                found, index = found + 1, place + 1
            elif ahead:
                return index, found, (mark >> 1) * _TICK_US + DAY_US
            else:
                ahead = mark
        return index, found, None

    def to_record(self):
        """All of it as a list: of the instants, the first one and what each is later.

        They stand in lists of 16: a heap that is scattered has no room for one of all.
        """
        parts, ticks, before = [], [], 0
        for index in range(self._count):
            mark = self._marks[(self._first + index) % _MOST]
            ticks.append((mark >> 1) - before << 1 | mark & 1)
            before = mark >> 1
            if len(ticks) == _PART:
                parts.append(ticks)
                ticks = []
        if ticks:
            parts.append(ticks)
        return [self.portion_fg, list(self._open_fg), list(self._open_us), parts]

    def from_record(self, record):
        """Go on from what `to_record` answered; ValueError where it never did that."""
        portion_fg, open_fg, open_us, parts = record
        count = sum([len(ticks) for ticks in parts])
        if count > _MOST or portion_fg < _LEAST_FG:
            raise ValueError("no portions")
        self.portion_fg, self._open_fg, self._open_us = portion_fg, open_fg, open_us
        marks, tick, place, doses = self._marks, 0, 0, 0
        for ticks in parts:
            for word in ticks:
                tick += word >> 1
                marks[place] = tick << 1 | word & 1
                doses += word & 1
                place += 1
        self._first, self._count = 0, count
        self._full = [count - doses, doses]

    def _push(self, mark):
        self._marks[(self._first + self._count) % _MOST] = mark
        self._count += 1
        self._full[mark & 1] += 1

    def _coarsen(self):
        """Make one portion of two of a lane, out when the later one is; in place."""
        halves, count = [False, False], self._count
        self._count, self._full = 0, [0, 0]
        for index in range(count):
            mark = self._marks[(self._first + index) % _MOST]
            if halves[mark & 1]:
                self._push(mark)
            halves[mark & 1] = not halves[mark & 1]
        for lane in (THERAPY, DOSES):
            if halves[lane]:
                self._open_fg[lane] += self.portion_fg
        self.portion_fg *= 2

    def _refine(self):
        """Make two portions of each. In place, from the last on: a stop may have no memory."""
        for index in range(self._count - 1, -1, -1):
            mark = self._marks[(self._first + index) % _MOST]
            for place in (2 * index, 2 * index + 1):
                self._marks[(self._first + place) % _MOST] = mark
        self._count *= 2
        self._full = [2 * full for full in self._full]
        self.portion_fg //= 2
