# SPDX-License-Identifier: MIT
"""The drug delivered in the last 24 h, as the instants at which portions of it were complete.

A portion is a small part of the drug of a day. It counts whole until its end is 24 h old: the drug
in a window that begins within a portion is overstated by one portion at most, and never
understated. Portions are doubled when there is no room for more of them: each is less than a
200th of the drug delivered in the 24 h when its size was set. Drug is in femtograms (nl times
ng/ml), instants are on the monotonic clock and never go back. Pure.

There are two lanes, which are asked for separately: the regular therapy, and all other doses.
"""

from array import array

from micropython import const

from pump.units import DAY_US

THERAPY = const(0)
DOSES = const(1)

_MOST = const(400)  # portions kept: 1.6 kB
_PART = const(16)  # portions in each list of a record
_TICK_US = const(262_144)  # instants of portions are kept in ticks, rounded up: 17 years
_LEAST_FG = const(32_000_000)  # the smallest portion: 32 ng, about a step of a small head


class DailyPast:
    """portion_fg: drug of a portion in femtograms."""

    def __init__(self):
        self.portion_fg = _LEAST_FG
        self._marks = array("I", bytes(4 * _MOST))  # a ring: tick << 1 | lane, oldest first
        self._first = self._count = 0
        self._full = [0, 0]  # portions of each lane
        self._open_fg = [0, 0]  # drug of each lane that is not yet a whole portion
        self._open_us = [0, 0]  # when the last of it was delivered

    def is_empty(self):
        """True if no drug is known to have been delivered."""
        return not (self._count or any(self._open_fg))

    def add(self, lane, drug_fg, at_us):
        """Add drug delivered in a lane, the last of it at at_us at the latest."""
        self._open_fg[lane] += drug_fg
        self._open_us[lane] = at_us
        while self._open_fg[lane] // self.portion_fg + self._count > _MOST:
            self._coarsen()
        mark = -(-at_us // _TICK_US) << 1 | lane
        while self._open_fg[lane] >= self.portion_fg:
            self._open_fg[lane] -= self.portion_fg
            self._push(mark)

    def forget(self, now_us):
        """Drop portions that are 24 h old."""
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
        """Move the regular lane's past to the other lane: another regular therapy begins."""
        for index in range(self._count):
            self._marks[(self._first + index) % _MOST] |= DOSES
        self._full = [0, self._count]
        self._open_fg = [0, sum(self._open_fg)]
        self._open_us = [0, max(self._open_us)]

    def drug_fg(self, lane):
        """The drug of a lane in the last 24 h; `forget` first."""
        return self._full[lane] * self.portion_fg + self._open_fg[lane]

    def left(self, index, t_us, lanes):
        """Count the portions that have left the 24 h by t_us: (next index, count, until_us).

        Only portions from `index` on (0: the oldest) whose lane is in `lanes`. At most one more
        leaves before until_us; None: at most one more at all.
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
        """The content as a list. Of instants it has the first one and the differences.

        They are in lists of 16: a fragmented heap may have no room for a single list.
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
        """Restore the content from a record of `to_record`; ValueError if it is not one."""
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
        """Merge each two portions of a lane into one with the later instant, in place."""
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
        """Split each portion in two. In place, last first: a stop must not need memory."""
        for index in range(self._count - 1, -1, -1):
            mark = self._marks[(self._first + index) % _MOST]
            for place in (2 * index, 2 * index + 1):
                self._marks[(self._first + place) % _MOST] = mark
        self._count *= 2
        self._full = [2 * full for full in self._full]
        self.portion_fg //= 2
