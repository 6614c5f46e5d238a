# SPDX-License-Identifier: MIT
"""The outlook: what a prescription would deliver from an instant on, boluses apart.

As rows (at_us, schedule, ng_ml), in order, the form in which the window counts it; or as the days
that a volume lasts. The wall clock places a day pattern, the grid the periodic doses; asking
changes neither.
"""

from micropython import const

from pump.therapy.grid import Grid
from pump.therapy.prescription import FLEX
from pump.therapy.regimen import regular
from pump.therapy.schedule import DAY_US, Constant
from pump.therapy.sums import sums
from pump.therapy.wall import Wall

_DAYS = const(7)
_S_PER_DAY = const(86_400)
_NL_PER_ML = const(1_000_000)
_AHEAD_US = const(2_100_000)  # more than the dispenser ever queues: it stops so long before


class Outlook:
    """min_nl_d: the slowest rate of the pump."""

    def __init__(self, min_nl_d):
        self.wall = Wall()
        self.grid = Grid()
        self._min_nl_d = min_nl_d

    def row(self, prescription, at_us, wall=None):
        """Its regular therapy from `at_us` on; by another wall clock than the one in use."""
        schedule = regular(
            prescription,
            at_us,
            wall=wall or self.wall,
            grid_us=self.grid.anchor_for(prescription, at_us),
            min_nl_d=self._min_nl_d,
        )
        return at_us, schedule, prescription.concentration_ng_ml

    def bridged(self, prescription, at_us, dose, rate_nl_d):
        """A bridge from `at_us` on, and the regular therapy after it."""
        after = self.row(prescription, at_us + dose.duration_us)
        return (at_us, Constant(rate_nl_d), dose.ng_ml), after

    def days(self, prescription, at_us, volume_nl, more_nl):
        """Whole days from `at_us` on that a volume lasts for sure, with `more_nl` a day besides.

        A week that no clock places may begin anywhere: whichever weekday is the worst.
        """
        if prescription.mode != FLEX or self.wall.is_set:
            return _days(self.row(prescription, at_us)[1], volume_nl, more_nl)
        found = []
        for day in range(_DAYS):
            wall = Wall()
            wall.set(day * _S_PER_DAY, at_us)
            found.append(_days(self.row(prescription, at_us, wall)[1], volume_nl, more_nl))
        # From within a day it lasts no shorter than from its midnight, less that day. And no day
        # is richer than the richest 24 h.
        most_ng = sums(prescription, self._min_nl_d).most_ng
        most_nl = -(-most_ng * _NL_PER_ML // prescription.concentration_ng_ml)
        return max(min(found) - 1, _days(Constant(most_nl), volume_nl, more_nl))


def _days(schedule, volume_nl, more_nl):
    """The same along a schedule."""
    units = max(volume_nl, 0) * DAY_US
    low, high = 0, schedule.when(units) // DAY_US + 1
    while high - low > 1:
        days = (low + high) // 2
        if schedule.due(days * DAY_US + _AHEAD_US) + days * more_nl * DAY_US > units:
            high = days
        else:
            low = days
    return low
