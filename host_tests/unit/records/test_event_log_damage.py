# SPDX-License-Identifier: MIT
"""Damage to the event log: nothing raises, good events stay, and numbers go on behind the bad."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.flash.event_logs import (
    BOOT,
    BYTES,
    UNUSED,
    alone,
    file_of,
    good_numbers,
    logged,
    next_number,
    numbers,
    record,
)
from host_tests.support.flash.files import MemoryFiles
from pump.records.event_codes import DAMAGED, STARTED
from pump.records.event_log import EventLog

FILES = ("log.0", "log.1")


@pytest.mark.parametrize("batches", [(1,), (3,), (2, 2)])
def test_any_flip_in_a_small_log_damages_one_event_and_numbers_go_on(batches):
    content = logged(*batches).content["log.0"]
    last = sum(batches)
    for at, bit in itertools.product(range(len(content)), range(8)):
        changed = bytearray(content)
        changed[at] ^= 1 << bit
        files = alone(bytes(changed))
        log = EventLog(files, BOOT)
        bad = at // BYTES + 1
        assert good_numbers(log) == [seq for seq in range(1, last + 1) if seq != bad]
        assert log.damaged == (bad == last)
        if last > 1:
            assert log.read(bad, 1) == [(bad, 0, DAMAGED, 0, 0, "")]
        assert next_number(files) == (last + 1 if last > 1 else 1001)  # 1: nothing is left


@pytest.mark.parametrize("size", range(BYTES, 4 * BYTES))
def test_any_size_is_made_up_to_whole_records_in_place(size):
    files = alone(file_of(1, 4)[:size])
    log = EventLog(files, BOOT)
    whole, rest = divmod(size, BYTES)
    assert good_numbers(log) == list(range(1, whole + 1))
    assert log.damaged == bool(rest)
    assert log.finding == ("MENDED" if rest else "")
    # What was cut short keeps its number.
    assert next_number(files) == whole + bool(rest) + 1
    assert len(files.content["log.0"]) % BYTES == 0
    assert files.content["log.1"] == UNUSED
    after = EventLog(files, BOOT)
    assert good_numbers(after)[:-1] == list(range(1, whole + 1))
    assert after.finding == "", "told once"


@pytest.mark.parametrize("size", range(1, BYTES))
def test_a_log_of_less_than_a_record_is_set_aside(size):
    files = alone(file_of(1, 4)[:size])
    assert EventLog(files, BOOT).finding == "LOST"
    assert files.content["log.0.bad"] == file_of(1, 4)[:size]
    assert next_number(files) > 1000


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("size", [65, 64 * 3 - 1, 64 * 400 + 1])
def test_an_odd_size_of_either_file_of_a_full_ring_leaves_the_rest_as_it_is(name, size):
    files = logged(*[25] * 60)  # 1 to 1000 and 1001 to 1500
    files.content[name] = files.content[name][:size]
    first, last = (1, 1000) if name == "log.0" else (1001, 1500)
    gone = set(range(first + size // BYTES, last + 1))
    kept = [seq for seq in range(1, 1501) if seq not in gone]
    assert good_numbers(EventLog(files, BOOT)) == kept
    assert next_number(files) == kept[-1] + (2 if name == "log.1" else 1)


def test_after_an_odd_size_the_next_events_are_aligned_and_the_older_half_stays():
    files = MemoryFiles({"log.0": file_of(1001, 3) + b"\x01\x02", "log.1": file_of(1, 1000)})
    assert next_number(files) == 1005
    assert len(files.content["log.0"]) == 5 * BYTES
    assert good_numbers(EventLog(files, BOOT)) == [*range(1, 1004), 1005]


@pytest.mark.hazard("record-damaged")
@pytest.mark.parametrize("rest", [None, b"", b"\xff" * 64_000, b"\x00" * 640, b"garbage"])
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("batches", [30, 60, 80, 110])
def test_a_file_that_is_lost_costs_its_own_events_alone_and_no_number_comes_back(
    batches, name, rest
):
    if batches == 30 and (name == "log.1" or not rest):
        return  # it has not been begun; or what is left is that of a new log
    files = logged(*[25] * batches)
    last = numbers(EventLog(files, BOOT))[-1]
    del files.content[name]
    kept = good_numbers(EventLog(MemoryFiles(files.content), BOOT))
    if rest is not None:
        files.content[name] = rest
    log = EventLog(files, BOOT)
    assert log.finding == "LOST"
    assert good_numbers(log) == kept
    assert files.content.get(name + ".bad") == rest
    assert next_number(files) > last
    after = EventLog(files, BOOT)
    assert good_numbers(after)[:-1] == kept
    assert (after.finding, after.damaged) == ("", 0), "told once"


@pytest.mark.parametrize("whole", [1, 2, 500, 999])
def test_numbers_go_on_behind_records_that_are_damaged_at_the_end(whole):
    files = alone(file_of(1, 1000))
    files.content["log.1"] = file_of(1001, whole) + b"\xff" * BYTES * (1000 - whole)
    log = EventLog(files, BOOT)
    assert log.damaged == 1000 - whole
    assert log.read(1000 + whole, 2)[1] == (1001 + whole, 0, DAMAGED, 0, 0, "")
    assert next_number(files) == 2001


@pytest.mark.parametrize(("newer", "older"), [FILES, FILES[::-1]])
def test_both_files_full_begin_the_older_one_anew(newer, older):
    files = MemoryFiles({newer: file_of(5001, 1000), older: file_of(4001, 1000)})
    assert next_number(files) == 6001
    assert len(files.content[older]) == BYTES
    assert len(files.content[newer]) == 1000 * BYTES


RECORDS = st.one_of(
    st.builds(record, st.integers(0, 2**32 - 99), st.binary(max_size=40)),
    st.builds(record, st.integers(1, 9)),
    st.binary(max_size=70),
)
CONTENT = st.lists(RECORDS, max_size=6).map(b"".join)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(FILES), CONTENT))
def test_no_content_ever_raises_and_no_number_is_given_twice(content):
    files = MemoryFiles(content)
    log = EventLog(files, BOOT)
    given_numbers = numbers(log)
    assert len(given_numbers) == log.count()
    assert log.first() == (given_numbers or [0])[0]
    assert next_number(files) > max(given_numbers, default=0)
    for _ in range(3):  # also the next ones go up, and garbage is gone in the end
        next_number(files)
    assert EventLog(files, BOOT).damaged == 0


def test_the_largest_number_of_all_raises_nothing():
    files = alone(record(2**32 - 1))
    log = EventLog(files, BOOT)
    log.add(STARTED, 0, 0)
    log.flush()
    EventLog(files, BOOT).read(0, 9)


def test_a_record_of_another_place_is_damage():
    files = alone(record(1) + record(1) + record(3) + record(4))
    log = EventLog(files, BOOT)
    assert [event[2] for event in log.read(1, 9)] == [STARTED, DAMAGED, STARTED, STARTED]


def test_a_file_with_the_records_of_the_other_one_gives_no_number_twice():
    files = MemoryFiles({"log.0": file_of(1, 5), "log.1": file_of(3, 9)})
    assert numbers(EventLog(files, BOOT)) == list(range(1, 12))
    files = MemoryFiles({"log.0": file_of(3, 9), "log.1": file_of(4, 2)})
    assert numbers(EventLog(files, BOOT)) == list(range(3, 12))


def test_a_text_that_is_no_text_is_damage():
    files = alone(record(1, b"\xff\xfe") + record(2))
    assert [event[2] for event in EventLog(files, BOOT).read(1, 9)] == [DAMAGED, STARTED]


def test_what_flash_does_not_give_back_is_damage():
    files = logged(30)
    log = EventLog(files, BOOT)
    files.unreadable = {"log.0"}
    assert {event[2] for event in log.read(1, 30)} == {DAMAGED}
    assert EventLog(files, BOOT).damaged == 30


def test_a_file_that_is_not_as_it_was_written_is_left_for_the_other_one():
    files = logged(5)
    log = EventLog(files, BOOT)
    files.content["log.0"] += b"more"
    log.add(STARTED, 0, 0)
    log.flush()
    assert numbers(log)[-1] == 6
    assert numbers(EventLog(files, BOOT))[-1] == 6
    assert len(files.content["log.1"]) == BYTES


def test_a_huge_file_of_garbage_does_not_hold_up_the_boot():
    files = MemoryFiles({"log.0": b"\xff" * 1_000_000, "log.1": file_of(1, 5)})
    log = EventLog(files, BOOT)
    assert len(files.reads) <= 1002
    assert numbers(log) == [1, 2, 3, 4, 5]
    assert next_number(files) == 6 + 1_000_000 // BYTES


@pytest.mark.parametrize(
    ("dropped", "kept"), [("log.0", range(1001, 1201)), ("log.1", range(1, 1001))]
)
def test_a_file_that_was_removed_costs_its_events_and_no_number_comes_again(dropped, kept):
    files = logged(*[20] * 60)
    log = EventLog(files, BOOT)
    assert numbers(log) == list(range(1, 1201))
    files.remove(dropped)
    assert log.dropped(dropped)
    log.add(STARTED, 1, 0)
    log.flush()
    assert numbers(log) == [*kept, 1201]
    assert next_number(files) > 1201


def test_a_file_of_another_name_was_not_of_the_log():
    assert not EventLog(logged(5), BOOT).dropped("log.0.bad")
