# SPDX-License-Identifier: MIT
"""The rates of a flex week in little memory: the start of each piece, and the sum there. Pure.

A full week has 175 pieces and more: as tuples they take 6 kB of a board's memory, here 2.
"""

from micropython import const

from pump.blocks import Blocks

_DAYS = const(7)
_DAY_MIN = const(1_440)
_ABOVE_ALL = const(1 << 62)


class Week:
    """A week from Monday 00:00 on, in pieces of one rate each; one day if all steps are daily.

    starts: minutes at which pieces begin, then the end. sums: volume due by then, in nanolitres a
    day times minutes. count: of pieces. volumes: of each of seven days, in the same unit.
    extremes: the lowest rate and the highest, in nanolitres a day.
    """

    def __init__(self, prescription):
        self.starts, self.sums, self.volumes = Blocks("H"), Blocks("Q"), []
        asked, days = _made_for(prescription), 1 if prescription.flex.is_daily() else _DAYS
        lowest, highest = _ABOVE_ALL, 0
        due, last_nl_d = 0, None
        for day in range(days):
            before = due
            for from_min, to_min, nl_d in prescription.flex.segments(day, *asked):
                if nl_d != last_nl_d:
                    self._add(day * _DAY_MIN + from_min, due)
                    lowest, highest = min(lowest, nl_d), max(highest, nl_d)
                    last_nl_d = nl_d
                due += (to_min - from_min) * nl_d
            self.volumes.append(due - before)
        self.count = self.starts.count
        self._add(days * _DAY_MIN, due)
        self.volumes *= _DAYS // days
        self.extremes = lowest, highest

    def amount(self, index):
        """The volume of a piece, in nanolitres a day times minutes."""
        return self.sums[index + 1] - self.sums[index]

    def pieces_from(self, at_min):
        """Yield (end minute, nl_d) of each piece that ends after at_min, week after week."""
        starts, begins_min = self.starts, 0
        while True:
            for index in range(self.count):
                end_min = begins_min + starts[index + 1]
                if end_min > at_min:
                    yield end_min, self.amount(index) // (starts[index + 1] - starts[index])
            begins_min += starts[self.count]

    def richest(self):
        """The largest volume of any 24 h, in nanolitres a day times minutes.

        A window of 24 h moves through the week; its volume is compared at each minute at which a
        piece begins to enter or to leave it.
        """
        entering, leaving = self.pieces_from(_DAY_MIN), self.pieces_from(0)
        in_min, in_nl_d = next(entering)
        out_min, out_nl_d = next(leaving)
        at_min = level = highest = 0  # above the first window, Monday
        while at_min < self.starts[self.count]:
            to_min = min(in_min - _DAY_MIN, out_min)
            level += (to_min - at_min) * (in_nl_d - out_nl_d)
            highest, at_min = max(highest, level), to_min
            if in_min - _DAY_MIN == at_min:
                in_min, in_nl_d = next(entering)
            if out_min == at_min:
                out_min, out_nl_d = next(leaving)
        return self.volumes[0] + highest

    def _add(self, start_min, due):
        self.starts.append(start_min)
        self.sums.append(due)


def week_of(prescription):
    """The Week of a FLEX prescription, kept until that is edited."""
    asked = _made_for(prescription)
    return prescription.flex.kept("week", asked, lambda: Week(prescription))


def _made_for(prescription):
    return prescription.rate_nl_d(), prescription.concentration_ng_ml
