# SPDX-License-Identifier: MIT
"""The record of boluses and the patient's allowance, against every start there ever was."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.flash.files import MemoryFiles
from pump.kinds import CLINICIAN, PATIENT, TRIAL
from pump.records.mirrored_records import MirroredRecords
from pump.therapy.bolus_log import ABORTED, COMPLETED, FAULT, LOCKOUT, MAXIMUM, STOPPED, BolusLog
from pump.therapy.daily_limit import DailyLimit, Pattern

DAY_US = 86_400_000_000
HOUR_US = DAY_US // 24
MINUTE_US = HOUR_US // 60
BLOCK_BYTES, HEAD_BYTES = 4096, 60  # of a flash, of a copy


def begin(boluses, *bolus):
    record = boluses.next(*bolus)
    boluses.add(record)
    return record


def given_at(*starts_us, kind=PATIENT):
    boluses = BolusLog()
    for start_us in starts_us:
        begin(boluses, kind, 25_000, start_us, MINUTE_US)
    return boluses


def test_a_record_keeps_what_was_programmed_and_what_was_given_apart():
    boluses = BolusLog()
    record = begin(boluses, CLINICIAN, 25_000, 7, HOUR_US)
    assert (record.id, record.kind, record.programmed_ng) == (1, CLINICIAN, 25_000)
    assert (record.start_us, record.duration_us) == (7, HOUR_US)
    assert (record.given_ng, record.outcome, record.end_us) == (0, "", 0)
    boluses.end(record, ABORTED, 12_499, 7 + HOUR_US // 2)
    assert (record.programmed_ng, record.given_ng, record.outcome) == (25_000, 12_499, "ABORTED")
    assert record.end_us == 7 + HOUR_US // 2


def test_a_bolus_that_is_over_stays_over():
    boluses = BolusLog()
    record = begin(boluses, TRIAL, 50_000, 0, MINUTE_US)
    boluses.end(record, STOPPED, 10_000, 100)
    for outcome in (COMPLETED, ABORTED, FAULT):
        boluses.end(record, outcome, 50_000, 200)
    assert (record.outcome, record.given_ng, record.end_us) == ("STOPPED", 10_000, 100)


def test_ids_count_from_one_and_the_last_32_are_kept_newest_first():
    boluses = BolusLog()
    assert boluses.last(5) == []
    for _ in range(40):
        begin(boluses, CLINICIAN, 1, 0, MINUTE_US)
    assert [record.id for record in boluses.last(3)] == [40, 39, 38]
    assert [record.id for record in boluses.last(100)] == list(range(40, 8, -1))
    assert boluses.last(0) == boluses.last(-1) == []


def test_the_record_of_a_bolus_under_way_can_end_after_it_left_the_list():
    boluses = BolusLog()
    record = begin(boluses, PATIENT, 5_000, 0, HOUR_US)
    for _ in range(32):
        begin(boluses, CLINICIAN, 1, 0, MINUTE_US)
    boluses.end(record, COMPLETED, 5_000, HOUR_US)
    assert record.outcome == "COMPLETED"


def test_the_lockout_runs_from_the_start_of_the_last_patient_bolus():
    boluses = given_at(HOUR_US)
    assert boluses.wait_us(HOUR_US, 30 * MINUTE_US, 6) == (30 * MINUTE_US, LOCKOUT)
    assert boluses.wait_us(HOUR_US + 30 * MINUTE_US - 1, 30 * MINUTE_US, 6) == (1, LOCKOUT)
    assert boluses.wait_us(HOUR_US + 30 * MINUTE_US, 30 * MINUTE_US, 6) == (0, "")


def test_an_aborted_bolus_locks_out_all_the_same():
    boluses = BolusLog()
    record = begin(boluses, PATIENT, 5_000, 0, MINUTE_US)
    boluses.end(record, ABORTED, 0, 1)
    assert boluses.wait_us(2, HOUR_US, 6) == (HOUR_US - 2, LOCKOUT)


def test_other_boluses_do_not_lock_the_patient_out():
    assert given_at(0, kind=CLINICIAN).wait_us(0, HOUR_US, 1) == (0, "")


def test_a_first_bolus_may_be_given_at_once_even_right_after_power_up():
    assert BolusLog().wait_us(0, DAY_US, 1) == (0, "")


def test_the_maximum_holds_for_any_24_h_not_for_a_calendar_day():
    boluses = given_at(*(hour * HOUR_US for hour in (20, 22, 24, 26)))
    assert boluses.wait_us(30 * HOUR_US, HOUR_US, 5) == (0, "")
    assert boluses.wait_us(30 * HOUR_US, HOUR_US, 4) == (14 * HOUR_US, MAXIMUM)
    assert boluses.wait_us(44 * HOUR_US - 1, HOUR_US, 4) == (1, MAXIMUM)
    assert boluses.wait_us(44 * HOUR_US, HOUR_US, 4) == (0, "")


def test_what_takes_longer_is_named():
    boluses = given_at(0)
    assert boluses.wait_us(0, HOUR_US, 1) == (DAY_US, MAXIMUM)
    assert boluses.wait_us(0, HOUR_US, 2) == (HOUR_US, LOCKOUT)


def test_a_new_prescription_resets_nothing():
    boluses = given_at(0, 2 * HOUR_US, 4 * HOUR_US)
    assert boluses.wait_us(6 * HOUR_US, HOUR_US, 4) == (0, "")
    assert boluses.wait_us(6 * HOUR_US, 5 * HOUR_US, 4) == (3 * HOUR_US, LOCKOUT)
    assert boluses.wait_us(6 * HOUR_US, HOUR_US, 1) == (22 * HOUR_US, MAXIMUM)


@given(
    st.lists(st.integers(0, 3 * HOUR_US), max_size=400),
    st.one_of(st.integers(5_000_000, HOUR_US), st.integers(HOUR_US, DAY_US)),
    st.integers(1, 288),
)
def test_whatever_is_asked_for_lockout_and_maximum_hold_and_no_more_is_refused(
    gaps_us, lockout_us, maximum
):
    boluses, starts_us, now_us = BolusLog(), [], 0
    for gap_us in gaps_us:
        now_us += gap_us
        is_locked = bool(starts_us) and now_us - starts_us[-1] < lockout_us
        in_window = [start_us for start_us in starts_us if now_us - start_us < DAY_US]
        wait_us, why = boluses.wait_us(now_us, lockout_us, maximum)
        assert (wait_us > 0) == (is_locked or len(in_window) >= maximum)
        assert bool(why) == bool(wait_us)
        if wait_us:
            assert boluses.wait_us(now_us + wait_us - 1, lockout_us, maximum)[0] == 1
            assert boluses.wait_us(now_us + wait_us, lockout_us, maximum) == (0, "")
        else:
            begin(boluses, PATIENT, 1_000, now_us, 5_000_000)
            starts_us.append(now_us)
    assert boluses.given == len(starts_us)


def test_288_boluses_a_day_are_all_remembered():
    boluses = given_at(*(number * 5 * MINUTE_US for number in range(1000)))
    now_us = 1000 * 5 * MINUTE_US
    assert boluses.wait_us(now_us, MINUTE_US, 288) == (0, "")
    assert boluses.wait_us(now_us - 1, MINUTE_US, 288) == (1, MAXIMUM)


def test_the_counters_tell_given_from_locked_out_and_otherwise_refused():
    boluses = given_at(0, HOUR_US)
    for why in (LOCKOUT, LOCKOUT, MAXIMUM, ""):
        boluses.refuse(why)
    assert (boluses.given, boluses.locked_out, boluses.refused) == (2, 2, 2)


def test_the_counters_stay_at_their_highest_and_never_wrap():
    boluses = given_at(0)
    boluses.given = boluses.refused = boluses.locked_out = 999_999_998
    for _ in range(3):
        begin(boluses, PATIENT, 1, 0, 1)
        boluses.refuse(LOCKOUT)
        boluses.refuse("")
    assert {boluses.given, boluses.refused, boluses.locked_out} == {999_999_999}


@given(st.lists(st.integers(0, DAY_US // 300), max_size=288), st.integers(1, 288))
def test_what_is_kept_never_lets_the_patient_have_more(gaps_us, maximum):
    boluses, kept, now_us = BolusLog(), BolusLog(), DAY_US
    for gap_us in gaps_us:
        now_us += gap_us
        begin(boluses, PATIENT, 5_000, now_us, 0)
    kept.from_record(json.loads(json.dumps(boluses.to_record(now_us))))
    assert kept.wait_us(now_us, HOUR_US, 289) == boluses.wait_us(now_us, HOUR_US, 289)
    assert kept.wait_us(now_us, 1, maximum) >= boluses.wait_us(now_us, 1, maximum)
    if len(gaps_us) <= 32:
        assert kept.wait_us(now_us, 1, maximum) == boluses.wait_us(now_us, 1, maximum)


def test_the_busiest_day_there_can_be_fits_into_two_records_of_a_block_each():
    boluses, day, now_us = BolusLog(), DailyLimit(), 10 * 365 * DAY_US
    day.follow(now_us, Pattern(1, None, 10**18, 10**18))
    for number in range(288):
        at_us = now_us + (number - 287) * DAY_US // 288
        record = begin(boluses, PATIENT, 10**9, at_us, 60_000_000)
        day.note(at_us, (number * 24 * 10**16, number * 10**15))
        boluses.end(record, "COMPLETED", 10**9 - 1, at_us + 60_000_000)
    twins = MirroredRecords((MemoryFiles(), MemoryFiles()), "RPI_PICO")
    for value in (boluses.to_record(now_us), [day.to_record(), 10**15]):
        assert len(json.dumps(value)) < BLOCK_BYTES - HEAD_BYTES
    assert twins.save("past", boluses.to_record(now_us))
    boluses.lock(now_us)
    assert twins.save("past", boluses.to_record(now_us))


def test_a_record_holds_the_starts_of_the_last_day_only():
    boluses = given_at(0, HOUR_US, 2 * HOUR_US)
    now_us = DAY_US + HOUR_US
    _, _, groups, _ = boluses.to_record(now_us)
    assert groups == [[2 * HOUR_US, 1]]
    _, _, groups, _ = boluses.to_record(now_us - 1)
    assert groups == [[HOUR_US, 1], [2 * HOUR_US, 1]]


def test_no_more_starts_are_kept_than_the_largest_maximum_asks_for():
    _, _, groups, _ = given_at(*range(300)).to_record(300)
    assert sum(count for _, count in groups) == 288
    assert groups[-1][0] == 299


@pytest.mark.parametrize(("starts", "size"), [(32, 1), (33, 2), (64, 2), (288, 9)])
def test_starts_are_kept_as_finely_as_32_groups_can_tell(starts, size):
    _, _, groups, _ = given_at(*range(starts)).to_record(starts)
    assert len(groups) <= 32
    assert {count for _, count in groups[1:]} == {size}
