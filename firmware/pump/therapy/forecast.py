# SPDX-License-Identifier: MIT
"""The forecast: what a prescription would deliver from an instant on, boluses apart.

As rows of a `plan`; as the pattern by which LIMit:DAY knows it again; or as the days that a volume
lasts. The wall clock places a day pattern, the grid the periodic doses; asking changes neither.
Pure.
"""

from micropython import const

from pump.prescription.daily_totals import daily_totals
from pump.prescription.prescription import FLEX
from pump.therapy.basal_schedule import schedule_of
from pump.therapy.daily_limit import Pattern
from pump.therapy.periodic_grid import PeriodicGrid
from pump.therapy.plan import PlanRow
from pump.therapy.schedule import Constant
from pump.therapy.wall_clock import WallClock
from pump.units import DAY_US

_DAYS = const(7)
_S_PER_DAY = const(86_400)
_NL_PER_ML = const(1_000_000)
_FG_PER_NG = const(1_000_000)
_AHEAD_US = const(2_100_000)  # more than the dispenser ever queues: it stops so long before


class Forecast:
    """min_nl_d: the slowest rate of the pump."""

    def __init__(self, min_nl_d):
        self.wall = WallClock()
        self.grid = PeriodicGrid()
        self._min_nl_d = min_nl_d

    def to_record(self):
        """The epoch of the wall clock, which is what it keeps of its own; None: never set."""
        return self.wall.epoch_us

    def from_record(self, record):
        """Go on by a clock of which nobody knows how long it stood."""
        self.wall = WallClock(record)

    def lose(self):
        """Nobody knows what time it is."""
        self.wall = WallClock()

    def row(self, prescription, at_us, wall=None, step_fg=0):
        """Its regular therapy from `at_us` on; by another wall clock than the one in use.

        step_fg: the drug of a step; 0: whatever that is.
        """
        schedule = schedule_of(
            prescription,
            at_us,
            wall=wall or self.wall,
            grid_us=self.grid.anchor_for(prescription, at_us),
            min_nl_d=self._min_nl_d,
            share=self._share(prescription, step_fg),
        )
        return PlanRow(at_us, schedule, prescription.concentration_ng_ml)

    def bridged(self, prescription, at_us, dose, step_fg):
        """The rows of a bridge from `at_us` on, and of the regular therapy after it."""
        after = self.row(prescription, at_us + dose.duration_us, None, step_fg)
        return PlanRow(at_us, dose, dose.ng_ml), after

    def pattern(self, prescription, wall=None, step_fg=0):
        """Its regular therapy as a `Pattern`. wall, step_fg: as in `row`."""
        wall, (part, whole) = wall or self.wall, self._share(prescription, step_fg)
        is_placed = prescription.mode == FLEX and wall.is_set
        day = daily_totals(prescription, self._min_nl_d)
        return Pattern(
            prescription.regular_crc(),
            wall.epoch_us if is_placed else None,
            day.most_ng * _FG_PER_NG * part // whole,
            day.highest_nl_d * prescription.concentration_ng_ml,
        )

    def days(self, prescription, at_us, volume_nl, more_nl):
        """Whole days from `at_us` on that a volume lasts for sure, with `more_nl` a day besides.

        A week that no clock places may begin anywhere: whichever weekday is the worst.
        """
        if prescription.mode != FLEX or self.wall.is_set:
            return _days(self.row(prescription, at_us)[1], volume_nl, more_nl)
        found = []
        for day in range(_DAYS):
            wall = WallClock()
            wall.set(day * _S_PER_DAY, at_us)
            found.append(_days(self.row(prescription, at_us, wall)[1], volume_nl, more_nl))
        # From within a day it lasts no shorter than from its midnight, less that day. And no day
        # is richer than the richest 24 h.
        most_ng = daily_totals(prescription, self._min_nl_d).most_ng
        most_nl = -(-most_ng * _NL_PER_ML // prescription.concentration_ng_ml)
        return max(min(found) - 1, _days(Constant(most_nl), volume_nl, more_nl))

    def _share(self, prescription, step_fg):
        """What of a therapy whose day is within a step of LIMit:DAY is delivered: whole steps.

        3.2 steps a day come as 4 in some, and a limit of 3.2 is one of 3.
        """
        limit_fg = prescription.limit_day_ng * _FG_PER_NG
        if not (limit_fg and step_fg):
            return 1, 1
        day_fg = daily_totals(prescription, self._min_nl_d).most_ng * _FG_PER_NG
        whole_fg = limit_fg // step_fg * step_fg
        return (whole_fg, day_fg) if 0 < whole_fg < day_fg else (1, 1)


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
