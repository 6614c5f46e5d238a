# SPDX-License-Identifier: MIT
"""The basal schedule: the regular therapy of a prescription as a schedule, from an instant on.

min_nl_d is the rate of the mode MINIMUM. The prescription is complete, see `daily_totals`. Pure.
"""

from micropython import const

from pump.blocks import Blocks
from pump.prescription.daily_totals import lowest_nl_d, periodic_nl
from pump.prescription.prescription import FLEX, PERIODIC
from pump.prescription.week import week_of
from pump.therapy.cycle import Cycle, RateTable
from pump.therapy.schedule import Constant, Sequence
from pump.units import DAY_US

_ALL = (1, 1)  # all of it
_MIN_US = const(60_000_000)
_US_PER_MS = const(1_000)


def schedule_of(prescription, at_us, *, wall, grid_us, min_nl_d, share=_ALL):
    """The schedule of a prescription from the instant `at_us` on.

    wall: places a flex week; until it is set, the lowest rate of the week is delivered. Periodic
    doses begin whole intervals after grid_us, the first one interval after it; one that would
    begin before at_us is not given. share: (part, whole), the fraction of all amounts delivered.
    """
    if prescription.mode == PERIODIC:
        return _periodic(prescription, at_us - grid_us, share)
    if prescription.mode == FLEX and wall.is_set:
        table = _week_table(prescription, share)
        if table.count > 1:
            return Cycle(table, wall.week_us(at_us))
    return Constant(_of(lowest_nl_d(prescription, min_nl_d), share))


def _of(amount, share):
    """A share of an amount, rounded down."""
    part, whole = share
    return amount * part // whole


def _periodic(prescription, on_grid_us, share):
    """Periodic doses over their background rate, from `on_grid_us` after the grid's anchor on."""
    rate_nl_d = _of(prescription.rate_nl_d(), share)
    interval_us = prescription.periodic_interval_ms * _US_PER_MS
    duration_us = prescription.periodic_duration_ms * _US_PER_MS
    dose, rest_us = _of(periodic_nl(prescription) * DAY_US, share), interval_us - duration_us
    pieces = (
        (duration_us, rate_nl_d * duration_us + dose, dose),
        (rest_us, rate_nl_d * rest_us, 0),
    )
    first_us = interval_us - on_grid_us
    if first_us < 0:
        first_us %= interval_us
    doses = Cycle(pieces)
    return Sequence(Constant(rate_nl_d), first_us, doses) if first_us else doses


def _week_table(prescription, share):
    """The week as a RateTable. The sums of a share are kept with the flex steps."""
    week = week_of(prescription)
    if share == _ALL:
        return RateTable(week.count, week.starts, week.sums, unit_us=_MIN_US)
    asked = prescription.rate_nl_d(), prescription.concentration_ng_ml, share
    sums = prescription.flex.kept("share", asked, lambda: _shared(week, share))
    return RateTable(week.count, week.starts, sums, unit_us=_MIN_US)


def _shared(week, share):
    """The sums of a week, of a share of each piece."""
    sums, due = Blocks("Q"), 0
    sums.append(due)
    for index in range(week.count):
        due += _of(week.amount(index), share)
        sums.append(due)
    return sums
