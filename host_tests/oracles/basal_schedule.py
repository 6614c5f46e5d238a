# SPDX-License-Identifier: MIT
"""The oracle of regular therapy: the week painted minute by minute, and every dose listed."""

from fractions import Fraction
from math import ceil

from pump.prescription.prescription import Prescription
from pump.units import NG_D

DAY_US = 86_400_000_000
MIN_US = 60_000_000
WEEK_MIN = 7 * 1_440


def prescription(mode, rate_nl_d=0, ng_ml=500_000):
    made = Prescription()
    made.concentration_ng_ml = ng_ml
    made.mode = mode
    made.program_volume(rate_nl_d)
    return made


def painted(made):
    """The rate of every minute of the week, Monday first."""
    rates = []
    for day in range(7):
        minutes = [made.rate_nl_d()] * 1_440
        steps = sorted(step[1:] for step in made.flex.steps if step[0] >> day & 1)
        for index, (from_min, to_min, (unit, amount)) in enumerate(steps):
            if unit == NG_D:
                amount = amount * 1_000_000 // made.concentration_ng_ml
            end_min = to_min or (steps[index + 1][0] if index + 1 < len(steps) else 1_440)
            minutes[from_min:end_min] = [amount] * (end_min - from_min)
        rates += minutes
    return rates


def week_due(rates, week_us):
    """Units from Monday 00:00 on."""
    minute, rest_us = divmod(week_us, MIN_US)
    weeks, minute = divmod(minute, WEEK_MIN)
    whole = weeks * sum(rates) + sum(rates[:minute])
    return whole * MIN_US + rates[minute % WEEK_MIN] * rest_us


def drug_ng(units, ng_ml):
    return Fraction(units, DAY_US) * ng_ml / 1_000_000


def doses_of(made, at_us, grid_us, until_us):
    """Start and volume in nl of every dose from at_us on that begins before until_us."""
    interval_us = made.periodic_interval_ms * 1000
    volume_nl = made.periodic_ng * 1_000_000 // made.concentration_ng_ml
    start_us = grid_us + max(1, ceil(Fraction(at_us - grid_us, interval_us))) * interval_us
    while start_us < until_us:
        yield start_us, volume_nl
        start_us += interval_us
