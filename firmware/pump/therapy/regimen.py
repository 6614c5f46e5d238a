# SPDX-License-Identifier: MIT
"""The regimen: a prescription's regular therapy as a schedule, and what it amounts to. Pure.

Drug is that of the volumes delivered. min_nl_d is what the pump gives in the mode MINIMUM. The
prescription is complete: mode and concentration, and what the mode needs of rate, flex steps and a
periodic dose that is shorter than its interval.
"""

from micropython import const

from pump.therapy.conversion import dose_nl
from pump.therapy.cycle import Cycle, Pieces
from pump.therapy.prescription import FLEX, MINIMUM, PERIODIC
from pump.therapy.schedule import Constant, Then
from pump.therapy.week import Week
from pump.units import DAY_US

_FG_PER_NG = const(1_000_000)  # nl times ng_ml is fg
_DAYS = const(7)
_DAY_MIN = const(1_440)
_DAY_MS = const(86_400_000)
_MIN_US = const(60_000_000)
_US_PER_MS = const(1_000)


def regular(prescription, at_us, *, wall, grid_us, min_nl_d, share=(1, 1)):
    """The schedule that is in force from the instant `at_us` on.

    wall: places a flex week; until it is set, the lowest rate of the week runs. Periodic doses
    begin whole intervals after grid_us, the first one interval after it; one that would begin
    before at_us is not given. share: (part, whole), what of everything is delivered.
    """
    if prescription.mode == PERIODIC:
        return _periodic(prescription, at_us - grid_us, share)
    if prescription.mode == FLEX and wall.is_set:
        pieces = _pieces(prescription, share)
        if len(pieces.sums) > 2:
            return Cycle(pieces, wall.week_us(at_us))
    return Constant(_of(lowest_nl_d(prescription, min_nl_d), share))


def daily_ng(prescription, min_nl_d, week=None):
    """The most drug that can fall into any 24 h, in nanograms, rounded up.

    week: of the prescription, for FLEX; what the other sums are made of, too.
    """
    ng_ml = prescription.concentration_ng_ml
    if prescription.mode == FLEX:
        return -(-_richest(week or Week(prescription)) * ng_ml // (_DAY_MIN * _FG_PER_NG))
    if prescription.mode != PERIODIC:
        return -(-lowest_nl_d(prescription, min_nl_d) * ng_ml // _FG_PER_NG)
    # The richest 24 h begin with a dose and may end with a part of one.
    duration_ms, dose = prescription.periodic_duration_ms, _periodic_nl(prescription)
    whole, rest_ms = divmod(_DAY_MS, prescription.periodic_interval_ms)
    volume = (prescription.rate_nl_d() + whole * dose) * duration_ms
    volume += dose * min(rest_ms, duration_ms)
    return -(-volume * ng_ml // (duration_ms * _FG_PER_NG))


def day_totals(prescription, min_nl_d, week=None):
    """Drug a day in nanograms, rounded down: a tuple of Monday to Sunday for FLEX, else of one."""
    ng_ml = prescription.concentration_ng_ml
    if prescription.mode == FLEX:
        volumes = (week or Week(prescription)).volumes
        return tuple([volume * ng_ml // (_DAY_MIN * _FG_PER_NG) for volume in volumes])
    if prescription.mode != PERIODIC:
        return (lowest_nl_d(prescription, min_nl_d) * ng_ml // _FG_PER_NG,)
    interval_ms = prescription.periodic_interval_ms
    volume = prescription.rate_nl_d() * interval_ms + _periodic_nl(prescription) * _DAY_MS
    return (volume * ng_ml // (interval_ms * _FG_PER_NG),)


def mean_nl_d(prescription, min_nl_d, week=None):
    """The volume of a mean day in nanolitres, rounded down."""
    if prescription.mode == FLEX:
        return sum((week or Week(prescription)).volumes) // (_DAYS * _DAY_MIN)
    rate_nl_d = lowest_nl_d(prescription, min_nl_d)
    if prescription.mode == PERIODIC:
        rate_nl_d += _periodic_nl(prescription) * _DAY_MS // prescription.periodic_interval_ms
    return rate_nl_d


def lowest_nl_d(prescription, min_nl_d):
    """The lowest rate, in nanolitres a day."""
    return min(_rates_nl_d(prescription, min_nl_d))


def highest_nl_d(prescription, min_nl_d, week=None):
    """The highest rate, with a periodic dose, in nanolitres a day, rounded up."""
    if week is not None:
        return max(week.nl_d)
    rate_nl_d = max(_rates_nl_d(prescription, min_nl_d))
    if prescription.mode == PERIODIC:
        volume = _periodic_nl(prescription) * _DAY_MS
        rate_nl_d -= -volume // prescription.periodic_duration_ms
    return rate_nl_d


def _of(amount, share):
    """A share of an amount, rounded down."""
    part, whole = share
    return amount * part // whole


def _periodic(prescription, on_grid_us, share):
    """The doses and their background, from so long after the grid's anchor on."""
    rate_nl_d = _of(prescription.rate_nl_d(), share)
    interval_us = prescription.periodic_interval_ms * _US_PER_MS
    duration_us = prescription.periodic_duration_ms * _US_PER_MS
    dose, rest_us = _of(_periodic_nl(prescription) * DAY_US, share), interval_us - duration_us
    pieces = (
        (duration_us, rate_nl_d * duration_us + dose, dose),
        (rest_us, rate_nl_d * rest_us, 0),
    )
    first_us = interval_us - on_grid_us
    if first_us < 0:
        first_us %= interval_us
    doses = Cycle(pieces)
    return Then(Constant(rate_nl_d), first_us, doses) if first_us else doses


def _periodic_nl(prescription):
    return dose_nl(prescription.periodic_ng, prescription.concentration_ng_ml)


def _rates_nl_d(prescription, min_nl_d):
    """Every basal rate there is."""
    if prescription.mode == MINIMUM:
        return [min_nl_d]
    if prescription.mode != FLEX:
        return [prescription.rate_nl_d()]
    return Week(prescription).nl_d


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


def _pieces(prescription, share):
    """The week as `Pieces`. Starts and boluses ask for it, and keep it: all share one table."""
    fill_nl_d, ng_ml = prescription.rate_nl_d(), prescription.concentration_ng_ml

    def day_of(day):
        return prescription.flex.segments(day, fill_nl_d, ng_ml)

    def make():
        count = sum(1 for _ in _merged(day_of))
        return Pieces(_rows(_merged(day_of), share), _MIN_US, count)

    return prescription.flex.kept("pieces", (fill_nl_d, ng_ml, share), make)


def _rows(week, share):
    for minutes, nl_d in week:
        yield minutes, _of(minutes * nl_d, share), 0


def _richest(week):
    """The most that falls into any 24 h, in nanolitres a day times minutes.

    The window moves through the week, from where a piece begins to enter or to leave to the next.
    """
    entering, leaving = week.pieces_from(_DAY_MIN), week.pieces_from(0)
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
    return week.volumes[0] + highest
