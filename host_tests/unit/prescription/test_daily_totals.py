# SPDX-License-Identifier: MIT
"""Daily totals against the oracle of regular therapy; made once for a week of flex steps."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tests.support.oracle.regular_therapy import (
    CONCENTRATIONS_NG_ML,
    MIN_US,
    RATES_NL_D,
    WEEK_MIN,
    drug_ng,
    hourly,
    painted,
    periodics,
    prescription,
    weeks,
)
from host_tests.support.sessions.prescriptions import (
    HOUR_MS,
    MIN_NL_D,
    STEPS,
    flex,
    flexes,
    periodic,
    simple,
)
from pump.faults import Refused
from pump.prescription.daily_totals import (
    daily_totals,
    highest_nl_d,
    lowest_nl_d,
    most_ng,
    totals_ng,
)
from pump.prescription.flex import Flex
from pump.prescription.prescription import FLEX, MINIMUM, SIMPLE
from pump.units import NL_D


def test_the_minimum_is_what_the_pump_can_do():
    made = prescription(MINIMUM, 700_000)
    assert most_ng(made, MIN_NL_D) == 3_000
    assert totals_ng(made, MIN_NL_D) == (3_000,)
    assert lowest_nl_d(made, MIN_NL_D) == highest_nl_d(made, MIN_NL_D) == MIN_NL_D


@given(RATES_NL_D, CONCENTRATIONS_NG_ML)
def test_a_simple_prescription_is_one_rate(rate_nl_d, ng_ml):
    made = prescription(SIMPLE, rate_nl_d, ng_ml)
    exact_ng = Fraction(rate_nl_d * ng_ml, 1_000_000)
    assert most_ng(made, MIN_NL_D) == ceil(exact_ng)
    assert totals_ng(made, MIN_NL_D) == (floor(exact_ng),)
    assert lowest_nl_d(made, MIN_NL_D) == highest_nl_d(made, MIN_NL_D) == rate_nl_d


@pytest.mark.slow
@settings(max_examples=60)
@given(weeks())
def test_what_a_week_amounts_to_is_what_its_minutes_add_up_to(made):
    rates, ng_ml = painted(made), made.concentration_ng_ml
    minutes = rates + rates
    window = most = sum(rates[:1_440])
    for minute in range(WEEK_MIN):
        window += minutes[minute + 1_440] - minutes[minute]
        most = max(most, window)
    assert most_ng(made, MIN_NL_D) == ceil(drug_ng(most * MIN_US, ng_ml))
    assert totals_ng(made, MIN_NL_D) == tuple(
        floor(drug_ng(sum(rates[day * 1_440 :][:1_440]) * MIN_US, ng_ml)) for day in range(7)
    )
    assert lowest_nl_d(made, MIN_NL_D) == min(rates)
    assert highest_nl_d(made, MIN_NL_D) == max(rates)


def test_the_richest_24_hours_may_lie_across_midnight():
    made = prescription(FLEX, 10_000, 1_000_000)
    made.flex.add(1, 12 * 60, (NL_D, 100_000))
    made.flex.add(2, 0, (NL_D, 100_000), 12 * 60)
    assert totals_ng(made, MIN_NL_D)[:3] == (55_000, 55_000, 10_000)
    assert most_ng(made, MIN_NL_D) == 100_000


def test_doses_every_hour_amount_to_24_a_day():
    assert totals_ng(hourly(), MIN_NL_D) == (700_000,)
    assert most_ng(hourly(), MIN_NL_D) == 700_000
    assert lowest_nl_d(hourly(), MIN_NL_D) == 200_000
    assert highest_nl_d(hourly(), MIN_NL_D) == 200_000 + 50_000 * 1_440


@given(periodics())
def test_the_mean_of_periodic_doses_and_the_highest_rate_are_exact(made):
    volume_nl = made.periodic_ng * 1_000_000 // made.concentration_ng_ml
    doses_a_day = Fraction(86_400_000, made.periodic_interval_ms)
    volume = made.rate_nl_d() + volume_nl * doses_a_day
    assert totals_ng(made, MIN_NL_D) == (floor(volume * made.concentration_ng_ml / 1_000_000),)
    during = Fraction(volume_nl * 86_400_000, made.periodic_duration_ms)
    assert highest_nl_d(made, MIN_NL_D) == ceil(made.rate_nl_d() + during)


def numbers(prescription):
    day = daily_totals(prescription, MIN_NL_D)
    return day.totals_ng, day.most_ng, day.mean_nl


def fresh(prescription):
    """The same for a prescription that nothing has been asked of before."""
    other = prescription.copy()
    other.flex = Flex(prescription.flex.steps)
    return numbers(other)


def test_the_sums_of_every_mode():
    assert numbers(simple(100_000)) == ((100_000,), 100_000, 200_000)
    minimum = simple()
    minimum.mode = MINIMUM
    assert numbers(minimum) == ((3_000,), 3_000, 6_000)
    assert numbers(periodic(25_000, 6 * HOUR_MS)) == ((200_000,), 200_000, 400_000)
    week = flex(("MON", 0, 50_000), rate_ng_d=120_000)
    assert numbers(week) == ((50_000,) + (120_000,) * 6, 120_000, 220_000)
    assert daily_totals(week, MIN_NL_D).mean_ng() == 110_000
    assert daily_totals(simple(100_000), MIN_NL_D).week_ng() == (100_000,) * 7


def test_the_sums_of_a_week_are_made_once():
    week = flex(("MON", 0, 50_000))
    assert daily_totals(week, MIN_NL_D) is daily_totals(week, MIN_NL_D)
    assert daily_totals(week.copy(), MIN_NL_D) is daily_totals(week, MIN_NL_D)


CHANGES = st.one_of(
    STEPS,
    st.just("clear"),
    st.tuples(st.sampled_from(["rate", "concentration_ng_ml"]), st.integers(1, 10**7)),
)


@pytest.mark.slow
@given(flexes(), st.lists(CHANGES, max_size=6))
def test_after_any_change_the_sums_and_the_checksum_are_those_of_the_new_content(steps, changes):
    week = flex()
    week.flex = steps
    for change in changes:
        numbers(week)
        week.flex.crc()
        if change == "clear":
            week.flex.clear()
        elif change[0] == "rate":
            week.program_dose(change[1])
        elif change[0] == "concentration_ng_ml":
            week.concentration_ng_ml = change[1]
        else:
            try:
                week.flex.add(*change)
            except Refused:
                continue
        assert numbers(week) == fresh(week)
        assert week.flex.crc() == Flex(week.flex.steps).crc()
