# SPDX-License-Identifier: MIT
"""Sums: what a day of a prescription's regular therapy amounts to, made once for a week. Pure."""

from micropython import const

from pump.therapy.prescription import FLEX, SIMPLE
from pump.therapy.regimen import daily_ng, day_totals, highest_nl_d, mean_nl_d
from pump.therapy.week import Week

_DAYS = const(7)


class Sums:
    """totals_ng: of each weekday for FLEX, else one. most_ng: in any 24 h. mean_nl: of a day.

    highest_nl_d: the highest rate, as `regimen.highest_nl_d` has it.
    """

    def __init__(self, totals_ng, most_ng, mean_nl, highest_nl_d):
        self.totals_ng = totals_ng
        self.most_ng = most_ng
        self.mean_nl = mean_nl
        self.highest_nl_d = highest_nl_d

    def mean_ng(self):
        """Of a day, rounded down."""
        return sum(self.totals_ng) // len(self.totals_ng)

    def week_ng(self):
        """A total for each weekday, whatever the mode."""
        return tuple(self.totals_ng) * (_DAYS // len(self.totals_ng))


def sums(prescription, min_nl_d):
    """The Sums of a prescription in which nothing is missing; min_nl_d: of the mode MINIMUM."""
    if prescription.mode != FLEX:
        return _sums(prescription, min_nl_d)
    made_for = prescription.rate_nl_d(), prescription.concentration_ng_ml
    return prescription.flex.kept("sums", made_for, lambda: _sums(prescription, min_nl_d))


def mean_day(prescription, min_nl_d):
    """(ng, nl) of regular therapy on a mean day, rounded down; of what is not programmed 0."""
    if prescription.mode in ("", SIMPLE):
        return prescription.rate_ng_d(), prescription.rate_nl_d()
    if not prescription.has_day():
        return 0, 0
    day = sums(prescription, min_nl_d)
    return day.mean_ng(), day.mean_nl


def _sums(prescription, min_nl_d):
    week = Week(prescription) if prescription.mode == FLEX else None
    made_of = prescription, min_nl_d, week
    amounts = day_totals(*made_of), daily_ng(*made_of), mean_nl_d(*made_of)
    return Sums(*amounts, highest_nl_d(*made_of))
