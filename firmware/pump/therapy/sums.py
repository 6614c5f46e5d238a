# SPDX-License-Identifier: MIT
"""Sums: what a day of a prescription's regular therapy amounts to.

To add a week of flex steps up takes a board a tenth of a second, and more memory than it can spare
often: the sums are made once and kept with the steps until these change. Pure.
"""

from micropython import const

from pump.therapy.conversion import dose_nl
from pump.therapy.prescription import FLEX, MINIMUM, PERIODIC
from pump.therapy.regimen import daily_ng, day_totals

_DAYS = const(7)
_DAY_MIN = const(1440)
_DAY_MS = const(86_400_000)


class Sums:
    """totals_ng: of each weekday for FLEX, else one. most_ng: in any 24 h. mean_nl: of a day."""

    def __init__(self, totals_ng, most_ng, mean_nl):
        self.totals_ng = totals_ng
        self.most_ng = most_ng
        self.mean_nl = mean_nl

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
    flex = prescription.flex
    made_for = prescription.rate_nl_d(), prescription.concentration_ng_ml
    if flex.made is None or flex.made[0] != made_for:
        flex.made = made_for, _sums(prescription, min_nl_d)
    return flex.made[1]


def _sums(prescription, min_nl_d):
    totals_ng = day_totals(prescription, min_nl_d)
    return Sums(totals_ng, daily_ng(prescription, min_nl_d), _mean_nl(prescription, min_nl_d))


def _mean_nl(prescription, min_nl_d):
    """The volume of a mean day in nanolitres, rounded down."""
    if prescription.mode == MINIMUM:
        return min_nl_d
    rate_nl_d = prescription.rate_nl_d()
    ng_ml = prescription.concentration_ng_ml
    if prescription.mode == PERIODIC:
        volume_nl = dose_nl(prescription.periodic_ng, ng_ml)
        return rate_nl_d + volume_nl * _DAY_MS // prescription.periodic_interval_ms
    if prescription.mode != FLEX:
        return rate_nl_d
    total = 0
    for day in range(_DAYS):
        for from_min, to_min, nl_d in prescription.flex.segments(day, rate_nl_d, ng_ml):
            total += nl_d * (to_min - from_min)
    return total // (_DAYS * _DAY_MIN)
