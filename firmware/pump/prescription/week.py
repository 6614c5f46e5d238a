# SPDX-License-Identifier: MIT
"""The rates of a flex week in few bytes, to go through again and again. Pure.

A full week has 175 pieces and more: as tuples they take 6 kB of a board's memory, here 2.
"""

from array import array

from micropython import const

from pump.blocks import Blocks

_DAYS = const(7)
_DAY_MIN = const(1_440)


class Week:
    """minutes, nl_d: how long each piece lasts, and its rate, from Monday 00:00 to Sunday 24:00.

    volumes: what falls into each day, in nanolitres a day times minutes. No piece goes over
    midnight. extremes: the lowest rate, and the highest.
    """

    def __init__(self, prescription):
        fill_nl_d, ng_ml = prescription.rate_nl_d(), prescription.concentration_ng_ml
        self.minutes, self.nl_d, self.volumes = array("H"), Blocks(), []
        lowest, highest = 1 << 62, 0
        for day in range(_DAYS):
            volume = 0
            for from_min, to_min, nl_d in prescription.flex.segments(day, fill_nl_d, ng_ml):
                self.minutes.append(to_min - from_min)
                self.nl_d.append(nl_d)
                volume += (to_min - from_min) * nl_d
                lowest = min(lowest, nl_d)
                highest = max(highest, nl_d)
            self.volumes.append(volume)
        self.extremes = lowest, highest

    def pieces_from(self, at_min):
        """(minute at which it ends, nl_d) of each piece from a minute on, week after week."""
        end_min = 0
        while True:
            for index, minutes in enumerate(self.minutes):
                end_min += minutes
                if end_min > at_min:
                    yield end_min, self.nl_d[index]

    def richest(self):
        """The most that falls into any 24 h, in nanolitres a day times minutes.

        The window moves through the week, from where a piece begins to enter or to leave to the
        next.
        """
        entering, leaving = self.pieces_from(_DAY_MIN), self.pieces_from(0)
        in_min, in_nl_d = next(entering)
        out_min, out_nl_d = next(leaving)
        at_min = level = highest = 0  # above the first window, Monday
        while at_min < _DAYS * _DAY_MIN:
            to_min = min(in_min - _DAY_MIN, out_min)
            level += (to_min - at_min) * (in_nl_d - out_nl_d)
            highest, at_min = max(highest, level), to_min
            if in_min - _DAY_MIN == at_min:
                in_min, in_nl_d = next(entering)
            if out_min == at_min:
                out_min, out_nl_d = next(leaving)
        return self.volumes[0] + highest
