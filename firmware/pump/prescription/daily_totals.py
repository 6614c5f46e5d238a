# SPDX-License-Identifier: MIT
"""Daily totals: drug and volume of a day of a prescription's regular therapy.

Drug is computed from the rounded volumes that are delivered. min_nl_d is the rate of the mode
MINIMUM. The prescription is complete, see `Prescription.has_day`: mode and concentration, and as
the mode needs them rate, flex steps, and a periodic dose shorter than its interval. Pure.
"""

from micropython import const

from pump.prescription.conversion import dose_nl
from pump.prescription.prescription import FLEX, MINIMUM, PERIODIC, SIMPLE
from pump.prescription.week import week_of

_FG_PER_NG = const(1_000_000)  # nl times ng_ml is fg
_DAYS = const(7)
_DAY_MIN = const(1_440)
_DAY_MS = const(86_400_000)


class DailyTotals:
    """totals_ng: one of each weekday for FLEX, else one. most_ng: the most in any 24 h.

    mean_nl: of a mean day. highest_nl_d: the highest rate, periodic doses included.
    """

    def __init__(self, totals_ng, most_ng, mean_nl, highest_nl_d):
        self.totals_ng = totals_ng
        self.most_ng = most_ng
        self.mean_nl = mean_nl
        self.highest_nl_d = highest_nl_d

    def mean_ng(self):
        """The drug of a mean day in nanograms, rounded down."""
        return sum(self.totals_ng) // len(self.totals_ng)

    def week_ng(self):
        """Seven totals, Monday to Sunday, in any mode."""
        return tuple(self.totals_ng) * (_DAYS // len(self.totals_ng))


def daily_totals(prescription, min_nl_d):
    """The DailyTotals of a prescription; those of flex steps are kept until the steps change."""
    if prescription.mode != FLEX:
        return _made(prescription, min_nl_d)
    made_for = prescription.rate_nl_d(), prescription.concentration_ng_ml
    return prescription.flex.kept("day", made_for, lambda: _made(prescription, min_nl_d))


def mean_day(prescription, min_nl_d):
    """(ng, nl) of regular therapy on a mean day, rounded down; 0 if not programmed."""
    if prescription.mode in ("", SIMPLE):
        return prescription.rate_ng_d(), prescription.rate_nl_d()
    if not prescription.has_day():
        return 0, 0
    day = daily_totals(prescription, min_nl_d)
    return day.mean_ng(), day.mean_nl


def most_ng(prescription, min_nl_d):
    """The most drug that can fall into any 24 h, in nanograms, rounded up."""
    ng_ml = prescription.concentration_ng_ml
    if prescription.mode == FLEX:
        volume = week_of(prescription).richest()
        return -(-volume * ng_ml // (_DAY_MIN * _FG_PER_NG))
    if prescription.mode != PERIODIC:
        return -(-lowest_nl_d(prescription, min_nl_d) * ng_ml // _FG_PER_NG)
    # The 24 h with the most drug begin with a dose and may end with a part of one.
    duration_ms, dose = prescription.periodic_duration_ms, periodic_nl(prescription)
    whole, rest_ms = divmod(_DAY_MS, prescription.periodic_interval_ms)
    volume = (prescription.rate_nl_d() + whole * dose) * duration_ms
    volume += dose * min(rest_ms, duration_ms)
    return -(-volume * ng_ml // (duration_ms * _FG_PER_NG))


def totals_ng(prescription, min_nl_d):
    """Drug a day in ng, rounded down: a tuple of seven for FLEX, Monday first; else of one."""
    ng_ml = prescription.concentration_ng_ml
    if prescription.mode == FLEX:
        volumes = week_of(prescription).volumes
        return tuple([volume * ng_ml // (_DAY_MIN * _FG_PER_NG) for volume in volumes])
    if prescription.mode != PERIODIC:
        return (lowest_nl_d(prescription, min_nl_d) * ng_ml // _FG_PER_NG,)
    interval_ms = prescription.periodic_interval_ms
    volume = prescription.rate_nl_d() * interval_ms + periodic_nl(prescription) * _DAY_MS
    return (volume * ng_ml // (interval_ms * _FG_PER_NG),)


def mean_nl_d(prescription, min_nl_d):
    """The volume of a mean day in nanolitres, rounded down."""
    if prescription.mode == FLEX:
        return sum(week_of(prescription).volumes) // (_DAYS * _DAY_MIN)
    rate_nl_d = lowest_nl_d(prescription, min_nl_d)
    if prescription.mode == PERIODIC:
        rate_nl_d += periodic_nl(prescription) * _DAY_MS // prescription.periodic_interval_ms
    return rate_nl_d


def lowest_nl_d(prescription, min_nl_d):
    """The lowest basal rate, in nanolitres a day."""
    return min(_rates_nl_d(prescription, min_nl_d))


def highest_nl_d(prescription, min_nl_d):
    """The highest rate, periodic doses included, in nanolitres a day, rounded up."""
    rate_nl_d = max(_rates_nl_d(prescription, min_nl_d))
    if prescription.mode == PERIODIC:
        volume = periodic_nl(prescription) * _DAY_MS
        rate_nl_d -= -volume // prescription.periodic_duration_ms
    return rate_nl_d


def periodic_nl(prescription):
    """The volume of a periodic dose in nanolitres, rounded down."""
    return dose_nl(prescription.periodic_ng, prescription.concentration_ng_ml)


def _made(prescription, min_nl_d):
    made_of = prescription, min_nl_d
    amounts = totals_ng(*made_of), most_ng(*made_of), mean_nl_d(*made_of)
    return DailyTotals(*amounts, highest_nl_d(*made_of))


def _rates_nl_d(prescription, min_nl_d):
    """Basal rates; the lowest and the highest are among them."""
    if prescription.mode == MINIMUM:
        return [min_nl_d]
    if prescription.mode != FLEX:
        return [prescription.rate_nl_d()]
    return week_of(prescription).extremes
