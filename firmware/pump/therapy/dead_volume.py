# SPDX-License-Identifier: MIT
"""The dead volume of tube and catheter, and the bridge that clears it of an old drug.

After a change of concentration the line still holds the old drug. A bridge delivers it at the
wanted daily dose until the dead volume has passed: rate = daily dose / old concentration. Pure.
"""

from micropython import const

from pump.prescription.conversion import dose_nl
from pump.units import DAY_US

_PI = const(3_141_592_654)  # times 10**9
_PI_OVER = 10**9
_UM3_PER_NL = 10**6


def catheter_nl(inner_diameter_um, length_um):
    """The volume of a tube, pi / 4 * diameter^2 * length, rounded to the nearest nanolitre."""
    over = 4 * _PI_OVER * _UM3_PER_NL
    return (_PI * inner_diameter_um**2 * length_um + over // 2) // over


def bridge(volume_nl, old_ng_ml, daily_ng):
    """(rate_nl_d, duration_us) of a bridge that delivers the old drug at `daily_ng` a day.

    The rate is rounded down, the time up, so that all the volume passes. `daily_ng` is at least
    that of a nanolitre a day of the old drug.
    """
    rate_nl_d = dose_nl(daily_ng, old_ng_ml)
    return rate_nl_d, -(-volume_nl * DAY_US // rate_nl_d)
