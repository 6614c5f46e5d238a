# SPDX-License-Identifier: MIT
"""The wall clock against Python's own calendar."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.therapy.wall_clock import WallClock, parse, text

ZERO = datetime(2000, 1, 1)
END_S = int((datetime(2100, 1, 1) - ZERO).total_seconds())
INSTANTS_US = st.integers(0, 10 * 365 * 86_400_000_000)
TIMES = st.datetimes(ZERO, datetime(2099, 12, 31, 23, 59, 59)).map(
    lambda at: at.replace(microsecond=0)
)


def seconds_of(at):
    return int((at - ZERO).total_seconds())


@given(TIMES)
def test_a_date_is_the_seconds_since_2000_and_back(at):
    assert parse(at.isoformat()) == seconds_of(at)
    assert text(seconds_of(at)) == at.isoformat()


@pytest.mark.slow
def test_every_day_of_the_century_is_right():
    for day in range(END_S // 86_400):
        at = ZERO + timedelta(days=day, hours=23, minutes=59, seconds=59)
        assert text(seconds_of(at)) == at.isoformat()
        assert parse(at.isoformat()) == seconds_of(at)


@given(TIMES, INSTANTS_US, INSTANTS_US)
def test_the_clock_goes_on_from_where_it_was_set(at, set_us, now_us):
    wall = WallClock()
    wall.set(seconds_of(at), set_us)
    now = at + timedelta(microseconds=now_us - set_us)
    assert wall.seconds(now_us) == (now - ZERO) // timedelta(seconds=1)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=now.weekday())
    assert wall.week_us(now_us) == (now - monday) // timedelta(microseconds=1)


def test_a_clock_is_not_set_until_someone_sets_it():
    wall = WallClock()
    assert not wall.is_set
    wall.set(0, 5)
    assert wall.is_set


def test_a_monday_at_midnight_begins_the_week():
    wall = WallClock()
    wall.set(parse("2026-03-02T00:00:00"), 1_000)
    assert wall.week_us(1_000) == 0
    assert wall.week_us(999) == 7 * 86_400_000_000 - 1


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("", "time must be YYYY-MM-DDTHH:MM:SS"),
        ("2026-03-01", "time must be YYYY-MM-DDTHH:MM:SS"),
        ("2026-03-01 07:30:00", "time must be YYYY-MM-DDTHH:MM:SS"),
        ("2026-03-01T07:30", "time must be YYYY-MM-DDTHH:MM:SS"),
        ("2026-03-01T07:30:00Z", "time must be YYYY-MM-DDTHH:MM:SS"),
        ("2026-03-01t07:30:00", "time must be YYYY-MM-DDTHH:MM:SS"),
        ("2026-3-01T07:30:000", "time must be YYYY-MM-DDTHH:MM:SS"),
        ("+026-03-01T07:30:00", "time must be YYYY-MM-DDTHH:MM:SS"),
        ("2026-03-01T 7:30:00", "time must be YYYY-MM-DDTHH:MM:SS"),
        ("2026-03-01T0\u0667:30:00", "time must be YYYY-MM-DDTHH:MM:SS"),
        ("1999-12-31T23:59:59", "year must be 2000 to 2099"),
        ("2100-01-01T00:00:00", "year must be 2000 to 2099"),
        ("2026-00-01T00:00:00", "there is no such day: 2026-00-01"),
        ("2026-13-01T00:00:00", "there is no such day: 2026-13-01"),
        ("2026-04-31T00:00:00", "there is no such day: 2026-04-31"),
        ("2026-02-29T00:00:00", "there is no such day: 2026-02-29"),
        ("2024-02-30T00:00:00", "there is no such day: 2024-02-30"),
        ("2026-04-00T00:00:00", "there is no such day: 2026-04-00"),
        ("2026-03-01T24:00:00", "there is no such time of day: 24:00:00"),
        ("2026-03-01T23:60:00", "there is no such time of day: 23:60:00"),
        ("2026-03-01T23:59:60", "there is no such time of day: 23:59:60"),
    ],
)
def test_what_is_no_time_is_refused_and_says_why(wrong, why):
    with pytest.raises(ValueError) as refusal:
        parse(wrong)
    assert str(refusal.value) == why


@given(st.text(alphabet="0123456789-T: +\u0667", min_size=17, max_size=20))
def test_nothing_is_parsed_that_does_not_read_back_as_itself(written):
    try:
        seconds = parse(written)
    except ValueError:
        return
    assert text(seconds) == written
