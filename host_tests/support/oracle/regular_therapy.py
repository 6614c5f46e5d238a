# SPDX-License-Identifier: MIT
"""The oracle of regular therapy: the week painted minute by minute, and every dose listed.

And prescriptions to ask it about.
"""

from fractions import Fraction
from math import ceil

from hypothesis import assume
from hypothesis import strategies as st

from pump.faults import Refused
from pump.prescription.prescription import FLEX, PERIODIC, Prescription
from pump.units import NG_D, NL_D

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


RATES_NL_D = st.integers(6_000, 24_000_000)
CONCENTRATIONS_NG_ML = st.sampled_from((50_000, 500_000, 1_000_000, 2_000_000, 333_333))
FLEX_STEPS = st.tuples(
    st.sampled_from((0x7F, 0x1F, 0x60, 1, 2, 64)),
    st.integers(0, 1439),
    st.one_of(st.just(0), st.integers(1, 1440)),
    st.tuples(st.just(NL_D), RATES_NL_D) | st.tuples(st.just(NG_D), st.integers(50_000, 10**6)),
)


@st.composite
def weeks(draw):
    """A flex prescription of whatever steps do not conflict."""
    made = prescription(FLEX, draw(RATES_NL_D), draw(CONCENTRATIONS_NG_ML))
    for days, from_min, to_min, rate in draw(st.lists(FLEX_STEPS, min_size=1, max_size=12)):
        try:
            made.flex.add(days, from_min, rate, to_min)
        except Refused:
            continue
    assume(made.flex.steps)
    return made


@st.composite
def periodics(draw):
    """A dose at every interval, over a background."""
    made = prescription(PERIODIC, draw(RATES_NL_D), draw(CONCENTRATIONS_NG_ML))
    made.periodic_ng = draw(st.integers(1_000, 100_000))
    made.periodic_interval_ms = draw(
        st.one_of(
            st.integers(300_000, 2_592_000_000),
            st.sampled_from((300_000, 3_600_000, 86_400_000, 172_800_000)),
        )
    )
    longest_ms = min(made.periodic_interval_ms - 1, 86_400_000)
    made.periodic_duration_ms = draw(st.integers(5_000, longest_ms))
    return made


def hourly():
    """50 uL in every hour, over a background of 0.2 mL a day."""
    made = prescription(PERIODIC, 200_000)
    made.periodic_ng = 25_000
    made.periodic_interval_ms, made.periodic_duration_ms = 3_600_000, 60_000
    return made
