# SPDX-License-Identifier: MIT
"""The basal schedule: the regular therapy of a prescription as a schedule, from an instant on.

min_nl_d is what the pump gives in the mode MINIMUM. The prescription is complete, see
`daily_totals`. Pure.
"""

from array import array

from micropython import const

from pump.blocks import Blocks
from pump.prescription.daily_totals import lowest_nl_d, periodic_nl
from pump.prescription.prescription import FLEX, PERIODIC
from pump.therapy.cycle import Cycle, RateTable
from pump.therapy.schedule import Constant, Sequence
from pump.units import DAY_US

_DAYS = const(7)
_MIN_US = const(60_000_000)
_US_PER_MS = const(1_000)


def schedule_of(prescription, at_us, *, wall, grid_us, min_nl_d, share=(1, 1)):
    """The schedule that is in force from the instant `at_us` on.

    wall: places a flex week; until it is set, the lowest rate of the week runs. Periodic doses
    begin whole intervals after grid_us, the first one interval after it; one that would begin
    before at_us is not given. share: (part, whole), what of everything is delivered.
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
    """The doses and their background, from so long after the grid's anchor on."""
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


def _merged(day_of):
    """(minutes, nl_d) that repeat: of the week, or of one day where all are the same.

    day_of(n): the segments of a day. Asked for again and again: a board has no room for seven.
    """
    first = day_of(0)
    are_same = all(day_of(day) == first for day in range(1, _DAYS))
    minutes = nl_d = 0
    for day in range(1 if are_same else _DAYS):
        for from_min, to_min, rate_nl_d in day_of(day):
            if rate_nl_d != nl_d and minutes:
                yield minutes, nl_d
                minutes = 0
            minutes, nl_d = minutes + to_min - from_min, rate_nl_d
    yield minutes, nl_d


def _week_table(prescription, share):
    """The week as a RateTable. Starts and boluses ask for it, and keep it: all share one table."""
    fill_nl_d, ng_ml = prescription.rate_nl_d(), prescription.concentration_ng_ml

    def day_of(day):
        return prescription.flex.segments(day, fill_nl_d, ng_ml)

    def make():
        return RateTable(_rows(_merged(day_of), share), _MIN_US, array("H"), Blocks())

    return prescription.flex.kept("rates", (fill_nl_d, ng_ml, share), make)


def _rows(week, share):
    for minutes, nl_d in week:
        yield minutes, _of(minutes * nl_d, share), 0
