# SPDX-License-Identifier: MIT
"""Conversion between drug and volume by a concentration. Always rounded down.

A programmed rate is a pair as `units.rate` returns it: (NG_D, ng a day) or (NL_D, nl a day).
Without a concentration (0) a conversion returns 0.
"""

from micropython import const

from pump.units import NL_D

_NL_PER_ML = const(1_000_000)


def dose_nl(dose_ng, ng_ml):
    """The volume of a dose in nanolitres, rounded down. Rates per day likewise."""
    return dose_ng * _NL_PER_ML // ng_ml if ng_ml else 0


def drug_ng(volume_nl, ng_ml):
    """The drug in a volume in nanograms, rounded down. Rates per day likewise."""
    return volume_nl * ng_ml // _NL_PER_ML


def rate_nl_d(rate, ng_ml):
    """A programmed rate as nanolitres a day, rounded down."""
    unit, amount = rate
    return amount if unit == NL_D else dose_nl(amount, ng_ml)
