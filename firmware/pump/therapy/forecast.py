# SPDX-License-Identifier: MIT
"""The forecast: the regular delivery of a prescription from an instant on, without boluses.

As rows of a `plan`, as a `Pattern` for LIMit:DAY, or as the days that a volume lasts. The wall
clock places a day pattern, the grid the periodic doses; a forecast changes neither. Pure.
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
_AHEAD_US = const(2_100_000)  # longer than the dispenser's queue: it stops that long before


class Forecast:
    """min_nl_d: the slowest rate of the pump."""

    def __init__(self, min_nl_d):
        self.wall = WallClock()
        self.grid = PeriodicGrid()
        self._min_nl_d = min_nl_d

    def to_record(self):
        """The epoch of the wall clock; None: never set."""
        return self.wall.epoch_us

    def from_record(self, record):
        """Restore the wall clock, not set: the time that the pump was off is not known."""
        self.wall = WallClock(record)

    def lose(self):
        """Start with a wall clock that was never set."""
        self.wall = WallClock()

    def row(self, prescription, at_us, wall=None, step_fg=0):
        """The PlanRow of its regular therapy from `at_us` on.

        wall: a wall clock instead of the one in use. step_fg: the drug of a step; 0: not known,
        the amounts are not reduced to whole steps of LIMit:DAY.
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
        """Two rows: the dose of a bridge from `at_us` on, and the regular therapy after it."""
        after = self.row(prescription, at_us + dose.duration_us, None, step_fg)
        return PlanRow(at_us, dose, dose.ng_ml), after

    def pattern(self, prescription, wall=None, step_fg=0):
        """The Pattern of its regular therapy. wall, step_fg: as in `row`."""
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
        """Whole days from `at_us` on that a volume lasts at least, with `more_nl` a day besides.

        Without a wall clock a flex week is assumed to begin on the worst weekday.
        """
        if prescription.mode != FLEX or self.wall.is_set:
            return _days(self.row(prescription, at_us)[1], volume_nl, more_nl)
        found = []
        for day in range(_DAYS):
            wall = WallClock()
            wall.set(day * _S_PER_DAY, at_us)
            found.append(_days(self.row(prescription, at_us, wall)[1], volume_nl, more_nl))
        # From within a day it lasts at least as long as from its midnight, less that day. And at
        # least as long as at the drug of the richest 24 h every day.
        most_ng = daily_totals(prescription, self._min_nl_d).most_ng
        most_nl = -(-most_ng * _NL_PER_ML // prescription.concentration_ng_ml)
        return max(min(found) - 1, _days(Constant(most_nl), volume_nl, more_nl))

    def _share(self, prescription, step_fg):
        """(part, whole): the share of a therapy that keeps its day to whole steps of LIMit:DAY.

        3.2 steps a day are 4 on some days, and a limit of 3.2 steps allows 3.
        """
        limit_fg = prescription.limit_day_ng * _FG_PER_NG
        if not (limit_fg and step_fg):
            return 1, 1
        day_fg = daily_totals(prescription, self._min_nl_d).most_ng * _FG_PER_NG
        whole_fg = limit_fg // step_fg * step_fg
        return (whole_fg, day_fg) if 0 < whole_fg < day_fg else (1, 1)


def _days(schedule, volume_nl, more_nl):
    """As `Forecast.days`, along a schedule."""
    units = max(volume_nl, 0) * DAY_US
    low, high = 0, schedule.when(units) // DAY_US + 1
    while high - low > 1:
        days = (low + high) // 2
        if schedule.due(days * DAY_US + _AHEAD_US) + days * more_nl * DAY_US > units:
            high = days
        else:
            low = days
    return low
