# SPDX-License-Identifier: MIT
"""Regular therapy against an oracle that paints every minute and lists every dose."""

import tracemalloc
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tests.support.oracle.regular_therapy import (
    CONCENTRATIONS_NG_ML,
    DAY_US,
    MIN_US,
    RATES_NL_D,
    WEEK_MIN,
    doses_of,
    drug_ng,
    hourly,
    painted,
    periodics,
    prescription,
    week_due,
    weeks,
)
from host_tests.support.run.operations import operations
from pump.kinds import PERIODIC as PERIODIC_KIND
from pump.prescription.daily_totals import lowest_nl_d, most_ng
from pump.prescription.prescription import FLEX, MINIMUM, SIMPLE
from pump.therapy.basal_schedule import schedule_of
from pump.therapy.wall_clock import WallClock, parse
from pump.units import NL_D

HOUR_US = DAY_US // 24
MIN_NL_D = 6_000
MONDAY_S = parse("2026-03-02T00:00:00")
STEP = (62_500 * DAY_US, 1000)  # 62.5 nl

AT_US = st.integers(0, 400 * DAY_US)


def wall_at(week_us, at_us):
    """A clock that says it is so long after a Monday 00:00 at an instant."""
    wall = WallClock()
    seconds, rest_us = divmod(week_us, 1_000_000)
    wall.set(MONDAY_S + seconds, at_us - rest_us)
    return wall


def of(made, at_us=0, wall=None, grid_us=0):
    return schedule_of(made, at_us, wall=wall or WallClock(), grid_us=grid_us, min_nl_d=MIN_NL_D)


def test_the_minimum_is_what_the_pump_can_do():
    made = prescription(MINIMUM, 700_000)
    assert of(made).rate(0) == MIN_NL_D
    assert of(made).until(0) is None


@given(RATES_NL_D, CONCENTRATIONS_NG_ML, AT_US)
def test_a_simple_prescription_is_one_rate(rate_nl_d, ng_ml, at_us):
    made = prescription(SIMPLE, rate_nl_d, ng_ml)
    schedule = of(made, at_us)
    assert schedule.due(DAY_US) == rate_nl_d * DAY_US
    assert schedule.until(0) is None


@settings(max_examples=60)
@given(weeks(), AT_US, st.integers(0, 7 * DAY_US - 1), st.integers(0, 30 * DAY_US))
def test_a_flex_week_follows_the_wall_clock_from_any_instant(made, at_us, week_us, t_us):
    schedule = of(made, at_us, wall_at(week_us, at_us))
    rates = painted(made)
    exact = week_due(rates, week_us + t_us) - week_due(rates, week_us)
    assert schedule.due(t_us) == exact
    assert schedule.rate(t_us) == rates[(week_us + t_us) // MIN_US % WEEK_MIN]
    until_us = schedule.until(t_us)
    if until_us is None:
        assert len(set(rates)) == 1
    else:
        minutes = range((week_us + t_us) // MIN_US, (week_us + until_us - 1) // MIN_US + 1)
        assert len({rates[minute % WEEK_MIN] for minute in minutes}) == 1


@pytest.mark.slow
@given(weeks(), AT_US)
def test_without_a_wall_clock_a_flex_week_runs_at_its_lowest_rate(made, at_us):
    schedule = of(made, at_us)
    assert schedule.rate(0) == lowest_nl_d(made, MIN_NL_D)
    assert schedule.until(0) is None


def test_a_week_of_one_rate_never_changes():
    made = prescription(FLEX, 50_000)
    made.flex.add(0x7F, 6 * 60, (NL_D, 50_000), 10 * 60)
    schedule = of(made, 0, wall_at(DAY_US, 0))
    assert schedule.until(0) is None
    assert schedule.rate(0) == 50_000


def test_a_schedule_in_force_stays_what_it_was_when_the_prescription_changes():
    made = prescription(FLEX, 10_000)
    made.flex.add(0x7F, 12 * 60, (NL_D, 100_000))
    wall = wall_at(0, 0)
    before = of(made, 0, wall)
    made.flex.add(0x7F, 18 * 60, (NL_D, 30_000))
    after = of(made, 0, wall)
    assert (before.rate(19 * HOUR_US), after.rate(19 * HOUR_US)) == (100_000, 30_000)
    assert of(made, HOUR_US, wall).due(DAY_US) == after.due(DAY_US)


@given(periodics(), AT_US, AT_US, st.integers(0, 40 * DAY_US))
def test_periodic_doses_begin_on_the_grid_over_the_background(made, at_us, grid_us, t_us):
    interval_us, duration_us = made.periodic_interval_ms * 1000, made.periodic_duration_ms * 1000
    t_us %= 200 * interval_us
    schedule = of(made, at_us, grid_us=grid_us)
    due, steps = made.rate_nl_d() * t_us, 0
    for start_us, volume_nl in doses_of(made, at_us, grid_us, at_us + t_us):
        passed_us = min(at_us + t_us - start_us, duration_us)
        given_of_it = floor(Fraction(volume_nl * DAY_US * passed_us, duration_us))
        due += given_of_it
        of_one = Fraction(*STEP)
        steps += min(ceil(given_of_it / of_one), floor(volume_nl * DAY_US / of_one))
    assert schedule.due(t_us) == due
    counts = schedule.doses(t_us, STEP)
    assert sum(count[3] for count in counts) == steps
    assert {count[1] for count in counts} <= {PERIODIC_KIND}


def first_us(schedule):
    """When the rate first rises; from its beginning on: 0."""
    return 0 if schedule.rate(0) > 200_000 else schedule.until(0)


def test_the_first_dose_comes_one_interval_after_the_anchor():
    assert first_us(of(hourly(), 7, grid_us=7)) == HOUR_US
    assert first_us(of(hourly(), 0, grid_us=7)) == HOUR_US + 7
    assert first_us(of(hourly(), 10, grid_us=7)) == HOUR_US - 3


def test_a_dose_exactly_at_the_start_is_given_and_one_that_lies_before_is_not():
    assert first_us(of(hourly(), HOUR_US)) == 0
    assert first_us(of(hourly(), HOUR_US - 1)) == 1
    assert first_us(of(hourly(), HOUR_US + 1)) == HOUR_US - 1


@given(periodics())
def test_the_richest_24_hours_of_periodic_doses_begin_with_a_dose(made):
    interval_us, ng_ml = made.periodic_interval_ms * 1000, made.concentration_ng_ml
    schedule = of(made, interval_us)  # begins with a dose
    most = schedule.due(DAY_US)
    exact_ng = most_ng(made, MIN_NL_D)
    assert 0 <= exact_ng - drug_ng(most, ng_ml) < 1 + drug_ng(1, ng_ml)
    ends_us = [made.periodic_duration_ms * 1000, interval_us // 3, interval_us // 2, DAY_US]
    for start_us in ends_us + [end_us - DAY_US % interval_us for end_us in ends_us]:
        if start_us >= 0:
            in_window = schedule.due(start_us + DAY_US) - schedule.due(start_us)
            assert drug_ng(in_window - 1, ng_ml) <= exact_ng


def full_week():
    made = prescription(FLEX, 10_000)
    for n in range(168):
        made.flex.add(1 << n // 24, n % 24 * 60, (NL_D, 20_000 + n * 1_000))
    return made


def effort_of(schedule, day):
    def ask():
        for n in range(100):
            t_us = day * DAY_US + n * 864_137_779
            assert schedule.when(schedule.due(t_us)) <= t_us < schedule.until(t_us)
            schedule.doses(t_us, STEP)

    return operations(ask)


def test_after_180_days_a_flex_week_and_doses_every_5_minutes_answer_as_quickly_as_ever():
    often = hourly()
    often.periodic_interval_ms, often.periodic_duration_ms = 300_000, 5_000
    for schedule in (of(full_week(), 0, wall_at(DAY_US, 0)), of(often, 1)):
        assert effort_of(schedule, 180) < 2 * effort_of(schedule, 1)


def test_starts_of_the_same_week_share_its_table():
    made, wall = full_week(), wall_at(0, 0)
    of(made, 0, wall)
    tracemalloc.start()
    kept = [of(made.copy(), n * HOUR_US, wall) for n in range(34)]
    in_use_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert in_use_bytes < len(kept) * 1_000
    assert kept[0].due(2 * HOUR_US) - kept[0].due(HOUR_US) == kept[1].due(HOUR_US)
