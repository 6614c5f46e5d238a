# SPDX-License-Identifier: MIT
"""Whole days that a volume lasts: never one more than the schedule leaves, from anywhere."""

from hypothesis import given, settings
from hypothesis import strategies as st

from host_tests.support.sessions.prescriptions import HOUR_MS, MIN_NL_D, flex, periodic, simple
from pump.therapy.forecast import Forecast
from pump.units import DAY_US

WEEK_S = 7 * 86_400
RATES_NG_D = st.integers(10_000, 5_000_000)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["MON", "TUE", "FRI", "SUN"]),
        st.integers(0, 22).map(lambda hour: hour * 60),
        RATES_NG_D,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda step: step[:2],
)
WEEKS = st.tuples(STEPS, RATES_NG_D).map(lambda week: flex(*week[0], rate_ng_d=week[1]))
VOLUMES_NL = st.integers(0, 60_000_000)
MORE_NL = st.sampled_from([0, 400_000])
NOW_US = 1_000_000_007


def out_nl(forecast, prescription, days):
    schedule = forecast.row(prescription, NOW_US)[1]
    return schedule.due(days * DAY_US) / DAY_US


def placed(second):
    forecast = Forecast(MIN_NL_D)
    forecast.wall.set(second, NOW_US)
    return forecast


@given(WEEKS, st.integers(0, WEEK_S), VOLUMES_NL, MORE_NL)
def test_a_week_that_a_clock_places_lasts_as_told_and_not_a_day_longer(week, second, nl, more_nl):
    forecast = placed(second)
    days = forecast.days(week, NOW_US, nl, more_nl)
    assert not days or out_nl(forecast, week, days) + days * more_nl <= nl
    assert out_nl(forecast, week, days + 1 + 1e-4) + (days + 1) * more_nl >= nl - 1


@settings(max_examples=50)
@given(WEEKS, st.lists(st.integers(0, WEEK_S), min_size=20, max_size=20), VOLUMES_NL, MORE_NL)
def test_a_week_that_no_clock_places_lasts_as_told_wherever_it_begins(week, seconds, nl, more_nl):
    days = Forecast(MIN_NL_D).days(week, NOW_US, nl, more_nl)
    for second in (*seconds, *range(0, WEEK_S, 86_400)):
        assert not days or out_nl(placed(second), week, days) + days * more_nl <= nl


@given(st.integers(1, 40), st.integers(1, 10**6), VOLUMES_NL, MORE_NL)
def test_periodic_doses_last_as_told(hours, dose_ng, nl, more_nl):
    forecast, prescription = Forecast(MIN_NL_D), periodic(dose_ng, hours * HOUR_MS)
    days = forecast.days(prescription, NOW_US, nl, more_nl)
    assert not days or out_nl(forecast, prescription, days) + days * more_nl <= nl


def test_a_day_that_ends_with_the_last_drop_is_not_certain():
    forecast = Forecast(MIN_NL_D)
    assert forecast.days(simple(500_000), NOW_US, 10_000_000, 0) == 9
    assert forecast.days(simple(500_000), NOW_US, 10_000_100, 0) == 10
    assert forecast.days(simple(500_000), NOW_US, -5, 0) == 0
