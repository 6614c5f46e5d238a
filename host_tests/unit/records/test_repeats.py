# SPDX-License-Identifier: MIT
"""Repeats: a storm of equal events is a few lines of the log, and nothing of a dose is lost."""

import pytest

from pump.records import event_codes
from pump.records.repeats import Repeats

S_US = 1_000_000
QUIET_US = 600 * S_US
KEPT = (
    event_codes.RESET,
    event_codes.STARTED,
    event_codes.STOPPED,
    event_codes.COMMITTED,
    event_codes.DOSE_BEGAN,
    event_codes.DOSE_ENDED,
    event_codes.CLOCK_SET,
    event_codes.STORE_MENDED,
    event_codes.STORE_LOST,
    event_codes.CONFIRMED,
    event_codes.INTERRUPTED,
)


def storm(repeats, count, text="110", start_us=0):
    found = []
    for n in range(count):
        found += repeats.add(event_codes.PATIENT_REFUSED, text, start_us + n * S_US // 10)
    return [text for _, text in found]


def test_a_storm_is_told_three_times_then_at_powers_of_two_and_at_its_end():
    repeats = Repeats()
    assert storm(repeats, 2000) == ["110"] * 3 + [f"{2**n} x 110" for n in range(2, 11)]
    assert repeats.end_quiet(2000 * S_US // 10 + QUIET_US) == [
        (event_codes.PATIENT_REFUSED, "2000 x 110")
    ]
    assert repeats.end_quiet(10 * QUIET_US) == []


def test_what_was_told_already_is_not_told_again_at_the_end():
    repeats = Repeats()
    assert len(storm(repeats, 3)) == 3
    assert repeats.end_all() == []
    assert len(storm(repeats, 4)) == 4
    assert repeats.end_all() == []


def test_after_ten_quiet_minutes_it_is_told_one_by_one_again():
    repeats = Repeats()
    storm(repeats, 5)
    assert storm(repeats, 2, start_us=2 * QUIET_US) == ["5 x 110", "110", "110"]


def test_two_storms_at_a_time_are_counted_apart():
    repeats = Repeats()
    for n in range(50):
        repeats.add(event_codes.PATIENT_REFUSED, "110", n)
        repeats.add(event_codes.COMMAND, "RES:LOW 2 ML", n)
    assert sorted(repeats.end_all()) == [
        (event_codes.PATIENT_REFUSED, "50 x 110"), (event_codes.COMMAND, "50 x RES:LOW 2 ML"),
    ]  # fmt: skip


def test_of_many_kinds_the_one_longest_ago_is_ended_with_its_count():
    repeats = Repeats()
    storm(repeats, 5)
    found = []
    for n in range(4):
        found += repeats.add(event_codes.COMMAND, f"RES:LOW {n} ML", QUIET_US // 2 + n)
    assert (event_codes.PATIENT_REFUSED, "5 x 110") in found
    assert len(found) == 5


@pytest.mark.parametrize("code", KEPT)
def test_what_tells_of_doses_and_records_is_never_counted_into_one(code):
    repeats = Repeats()
    for n in range(100):
        assert list(repeats.add(code, "1 PATIENT", n)) == [(code, "1 PATIENT")]
