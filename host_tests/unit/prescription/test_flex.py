# SPDX-License-Identifier: MIT
"""Flex: the day is covered whatever was programmed, and what does not fit is refused at entry."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.sessions.prescriptions import STEPS, flexes
from pump.faults import FLEX_CONFLICT, Refused
from pump.prescription.flex import DAY_MIN, MASKS, Flex, clock_text, days_text
from pump.units import NG_D, NL_D

FILL = 1


def rate(nl_d):
    return NL_D, nl_d


def refusal(flex, *step):
    """The detail of a refusal, after which nothing has changed."""
    before = list(flex.steps)
    with pytest.raises(Refused) as refused:
        flex.add(*step)
    assert refused.value.code == FLEX_CONFLICT
    assert flex.steps == before
    return refused.value.detail


def day(flex, weekday=0):
    return list(flex.segments(weekday, FILL, 500_000))


def test_a_day_without_steps_runs_at_the_rate():
    assert day(Flex()) == [(0, 1440, FILL)]


def test_a_step_runs_until_the_next_one_or_midnight():
    flex = Flex()
    flex.add(MASKS["ALL"], 6 * 60, rate(6))
    flex.add(MASKS["ALL"], 22 * 60, rate(22))
    assert day(flex) == [(0, 360, FILL), (360, 1320, 6), (1320, 1440, 22)]


def test_steps_may_be_programmed_in_any_order():
    one, other = Flex(), Flex()
    one.add(MASKS["WD"], 0, rate(1))
    one.add(MASKS["MON"], 60, rate(2))
    other.add(MASKS["MON"], 60, rate(2))
    other.add(MASKS["WD"], 0, rate(1))
    assert one.steps == other.steps
    assert one.crc() == other.crc()


def test_after_an_explicit_end_the_rate_is_back():
    flex = Flex()
    flex.add(MASKS["ALL"], 60, rate(6), 120)
    flex.add(MASKS["ALL"], 180, rate(7), 1440)
    assert day(flex) == [(0, 60, FILL), (60, 120, 6), (120, 180, FILL), (180, 1440, 7)]


def test_a_window_within_an_open_step_ends_it():
    flex = Flex()
    flex.add(MASKS["ALL"], 0, rate(5))
    flex.add(MASKS["ALL"], 60, rate(6), 120)
    assert day(flex) == [(0, 60, 5), (60, 120, 6), (120, 1440, FILL)]


def test_windows_may_meet():
    flex = Flex()
    flex.add(MASKS["ALL"], 60, rate(6), 120)
    flex.add(MASKS["ALL"], 120, rate(7), 180)
    flex.add(MASKS["ALL"], 30, rate(8), 60)
    assert [nl_d for _, _, nl_d in day(flex)] == [FILL, 8, 6, 7, FILL]


def test_a_dose_becomes_a_volume_rounded_down():
    flex = Flex()
    flex.add(MASKS["SUN"], 0, (NG_D, 100_000))
    assert list(flex.segments(6, FILL, 300_000)) == [(0, 1440, 333_333)]
    assert list(flex.segments(5, FILL, 300_000)) == [(0, 1440, FILL)]


@pytest.mark.parametrize(
    ("name", "weekdays"),
    [("ALL", range(7)), ("WD", range(5)), ("WE", (5, 6)), ("MON", (0,)), ("SUN", (6,))],
)
def test_a_step_holds_on_its_days_only(name, weekdays):
    flex = Flex()
    flex.add(MASKS[name], 0, rate(9))
    with_step = [weekday for weekday in range(7) if day(flex, weekday) == [(0, 1440, 9)]]
    assert with_step == list(weekdays)
    assert days_text(MASKS[name]) == name


def test_days_without_a_name_are_listed():
    assert days_text(MASKS["MON"] | MASKS["SUN"]) == "MON SUN"


def test_overlapping_flex_windows_are_refused_with_both():
    flex = Flex()
    flex.add(MASKS["WD"], 6 * 60, rate(6), 10 * 60)
    overlap = "windows overlap on MON: 06:00-10:00 and 08:00"
    assert refusal(flex, MASKS["MON"], 8 * 60, rate(8)) == overlap
    assert refusal(flex, MASKS["ALL"], 8 * 60, rate(8), 9 * 60) == overlap + "-09:00"
    overlap = "windows overlap on FRI: 05:00-06:01 and 06:00-10:00"
    assert refusal(flex, MASKS["FRI"], 5 * 60, rate(8), 6 * 60 + 1) == overlap


def test_a_window_that_runs_into_the_next_step_is_refused():
    flex = Flex()
    flex.add(MASKS["ALL"], 8 * 60, rate(8))
    overlap = "windows overlap on SUN: 06:00-10:00 and 08:00"
    assert refusal(flex, MASKS["SUN"], 6 * 60, rate(6), 10 * 60) == overlap


def test_two_steps_at_one_time_of_a_day_are_a_window_of_zero_length():
    flex = Flex()
    flex.add(MASKS["WE"], 8 * 60, rate(8))
    zero = "a window of zero length: SAT has a step at 08:00"
    assert refusal(flex, MASKS["ALL"], 8 * 60, rate(9)) == zero
    assert refusal(flex, MASKS["SAT"], 8 * 60, rate(9), 9 * 60) == zero


def test_a_window_of_zero_length_is_refused():
    zero = "WD 08:00-08:00 is a window of zero length"
    assert refusal(Flex(), MASKS["WD"], 480, rate(8), 480) == zero


def test_a_window_across_midnight_is_refused():
    ends = "WE 22:00-06:00 ends before it begins; split it at midnight"
    assert refusal(Flex(), MASKS["WE"], 22 * 60, rate(8), 6 * 60) == ends


def test_every_hour_of_every_day_may_have_a_rate_of_its_own_and_no_more():
    flex = Flex()
    for weekday in range(7):
        for hour in range(24):
            flex.add(1 << weekday, 60 * hour, rate(100 * weekday + hour + 1))
    assert len(flex.steps) == 168
    assert day(flex, 2) == [(60 * h, 60 * h + 60, 201 + h) for h in range(24)]
    flex.add(MASKS["MON"], 30, rate(5))
    assert refusal(flex, MASKS["MON"], 45, rate(5)) == "more than 25 rates on MON"


def test_a_cleared_flex_is_empty():
    flex = Flex()
    flex.add(MASKS["ALL"], 0, rate(9))
    flex.clear()
    assert day(flex) == [(0, 1440, FILL)]
    assert flex.crc() == Flex().crc()


@pytest.mark.slow
@given(flexes(), st.integers(0, 6))
def test_segments_cover_every_day_without_gap_or_overlap(flex, weekday):
    segments = day(flex, weekday)
    assert segments[0][0] == 0
    assert segments[-1][1] == DAY_MIN
    assert all(from_min < to_min for from_min, to_min, _ in segments)
    assert all(a[1] == b[0] for a, b in pairwise(segments))


@given(flexes(), st.integers(0, 6), st.integers(0, DAY_MIN - 1))
def test_at_every_minute_the_rate_is_that_of_the_last_step_while_it_lasts(flex, weekday, minute):
    begun = [s for s in flex.steps if s[0] >> weekday & 1 and s[1] <= minute]
    expected = FILL
    if begun:
        _, _, to_min, (unit, amount) = max(begun, key=lambda step: step[1])
        if not to_min or minute < to_min:
            expected = amount if unit == NL_D else amount * 1_000_000 // 500_000
    (found,) = [nl_d for a, b, nl_d in day(flex, weekday) if a <= minute < b]
    assert found == expected


@given(flexes(), STEPS)
def test_a_step_is_taken_without_moving_another_or_refused_changing_nothing(flex, step):
    before = list(flex.steps)
    try:
        flex.add(*step)
    except Refused as refused:
        assert refused.detail
        assert len(refused.detail) <= 120
        assert flex.steps == before
    else:
        assert set(before) < set(flex.steps)
        assert len(flex.steps) == len(before) + 1


def test_times_of_day_have_two_digits_each():
    assert [clock_text(minute) for minute in (0, 61, 1439, 1440)] == [
        "00:00",
        "01:01",
        "23:59",
        "24:00",
    ]
