# SPDX-License-Identifier: MIT
"""The event log: the newest 1000 events are always there, and a number is never given twice."""

import pytest

from host_tests.support.console.tables import names_of
from host_tests.support.flash.event_logs import (
    BOOT,
    BYTES,
    EVERY,
    good_numbers,
    logged,
    next_number,
    numbers,
)
from host_tests.support.flash.files import MemoryFiles, PowerCut
from pump.records import event_codes
from pump.records.event_codes import EVENTS_LOST, STARTED, STOPPED
from pump.records.event_log import EventLog

NAMES = """RESET STARTED STOPPED COMMITTED DOSE_BEGAN DOSE_ENDED PATIENT_REFUSED REFILLED
CALIBRATED CLOCK_SET ALARM_ON ALARM_OFF FAULT STORE_MENDED STORE_LOST CONFIRMED SETTING EVENTS_LOST
DAMAGED COMMAND INTERRUPTED ALARM_ACKNOWLEDGED AUDIO_PAUSED AUDIO_RESUMED
ROTOR_STALLED ROTOR_RECOVERED ROTOR_SLIPPED ROTOR_OVERRAN TASK_LATE SELF_TEST_FAILED
UNLOCKED PIN_REFUSED PIN_CHANGED PERIODIC_MISSED"""


def test_the_codes_are_permanent():
    assert names_of(event_codes.NAMES) == dict(enumerate(NAMES.split(), 401))


def test_an_event_is_read_back_as_it_was_from_ram_and_from_flash():
    files = MemoryFiles()
    log = EventLog(files, 65536 + BOOT)
    log.add(STARTED, 2**62, 2**32 - 1, "400 ug/d")
    log.add(STOPPED, 999, 0)
    events = [
        (1, BOOT, STARTED, 2**62 // 1000, 2**32 - 1, "400 ug/d"),
        (2, BOOT, STOPPED, 0, 0, ""),
    ]
    assert log.read(1, 9) == events
    log.flush()
    assert log.read(1, 9) == EventLog(files, 1).read(1, 9) == events
    assert files.writes == 2, "the other file is made with the first event of all"


def test_a_text_is_40_characters_of_ascii_and_says_where_it_was_longer():
    log = EventLog(MemoryFiles(), BOOT)
    for text in ("x" * 40, "x" * 41, "µg\n\0€ " * 10, "RES:REF 123.456789 ML,123.456789000 ML"):
        log.add(STARTED, 0, 0, text)
    log.add(STARTED, 0, 0, "RESERVOIR:REFILL 123.456789 ML,123.456789 ML")
    assert [event[5] for event in log.read(1, 5)] == [
        "x" * 40,
        "x" * 37 + "...",
        ("?g??? " * 10)[:37] + "...",
        "RES:REF 123.456789 ML,123.456789000 ML",
        "RESERVOIR:REFILL 123.456789 ML,123.45...",
    ]


def test_an_empty_log_is_empty():
    files = MemoryFiles()
    log = EventLog(files, BOOT)
    log.flush()
    assert (log.count(), log.first(), log.read(0, 10), log.damaged) == (0, 0, [], 0)
    assert files.content == {}


def test_a_log_can_be_read_in_pages_from_any_number():
    log = EventLog(logged(*[30] * 40), BOOT)
    log.add(STARTED, 0, 0)
    every = log.read(0, EVERY)
    assert len(every) == log.count() == 1201
    assert log.read(log.first(), 1) == every[:1]
    for size in (1, 7, 100):
        found, first = [], 0
        while page := log.read(first, size):
            assert len(page) <= size
            found += page
            first = page[-1][0] + 1
        assert found == every
    assert log.read(5, 0) == log.read(5, -1) == log.read(1202, 5) == []
    assert [event[0] for event in log.read(-5, 2)] == [1, 2]


@pytest.mark.parametrize("batch", [1, 3, 31, 32])
def test_of_any_number_of_events_the_newest_1000_are_kept_and_readable(batch):
    files = MemoryFiles()
    log = EventLog(files, BOOT)
    for flushes in range(1, 3500 // batch):
        last = flushes * batch
        for _ in range(batch):
            log.add(STARTED, 0, 0)
        log.flush()
        assert files.writes == 1 + flushes
        assert log.count() >= min(1000, last)
        assert log.first() == last - log.count() + 1
        if flushes % 97 == 0 or 1990 < last < 2040:
            again = EventLog(files, BOOT)
            assert numbers(log) == good_numbers(again) == list(range(log.first(), last + 1))
            assert again.damaged == 0
    assert max(map(len, files.content.values())) <= 1000 * BYTES
    assert sorted(files.content) == ["log.0", "log.1"]


def test_every_boot_goes_on_with_the_next_number():
    files = MemoryFiles()
    for boot in range(2500):
        log = EventLog(files, boot)
        log.add(STARTED, 0, 0)
        log.flush()
    events = EventLog(files, 0).read(0, EVERY)
    assert [seq for seq, *_ in events] == list(range(1001, 2501))
    assert all(boot == seq - 1 for seq, boot, *_ in events)


@pytest.mark.parametrize("when", ["cut_before", "cut_after"])
@pytest.mark.parametrize("write", [1, 2, 31, 32, 33, 61, 62, 63, 64, 65, 92, 93, 94, 95])
def test_a_power_cut_keeps_1000_events_and_loses_only_what_was_queued(when, write):
    files = MemoryFiles()
    setattr(files, when, write)
    with pytest.raises(PowerCut):
        logged(*[32] * 100, files=files)
    written = 32 * max(write - 1 - (when == "cut_before"), 0)
    after = MemoryFiles(files.content)
    log = EventLog(after, BOOT)
    assert log.count() >= min(1000, written)
    assert good_numbers(log) == list(range(written - log.count() + 1, written + 1))
    assert next_number(after) == written + 1


def test_a_full_queue_drops_the_newest_and_says_how_many():
    log = EventLog(MemoryFiles(), BOOT)
    for at in range(40):
        log.add(STARTED, at * 1000, 0)
    assert log.count() == 32
    log.flush()
    log.add(STOPPED, 77_000, 5)
    log.flush()
    assert [event[1:] for event in log.read(31, 9)] == [
        (BOOT, STARTED, 30, 0, ""),
        (BOOT, STARTED, 31, 0, ""),
        (BOOT, EVENTS_LOST, 77, 5, "8"),
        (BOOT, STOPPED, 77, 5, ""),
    ]
    assert numbers(log) == list(range(1, 35))


@pytest.mark.parametrize("before", [0, 5, 1000, 2000])
def test_events_that_cannot_be_written_stay_and_are_written_later(before):
    files = logged(*[20] * (before // 20), before % 20)
    log = EventLog(files, BOOT)
    log.add(STARTED, 0, 0)
    files.fail_from = 1
    for _ in range(3):
        with pytest.raises(OSError, match="28"):
            log.flush()
    log.add(STOPPED, 0, 0)
    assert log.count() >= min(before, 1000) + 2
    files.fail_from = None
    log.flush()
    assert [event[2] for event in EventLog(files, BOOT).read(before + 1, 9)] == [STARTED, STOPPED]
    assert numbers(log)[-1] == before + 2


@pytest.mark.parametrize("before", [0, 5, 1000, 2000])
def test_events_that_are_written_though_it_failed_are_not_there_twice(before):
    files = logged(*[20] * (before // 20), before % 20)
    log = EventLog(files, BOOT)
    log.add(STARTED, 0, 0)
    files.fail_late = files.writes + 1
    with pytest.raises(OSError):
        log.flush()
    log.flush()
    for each in (log, EventLog(files, BOOT)):
        assert numbers(each) == list(range(each.first(), before + 2))
        assert numbers(each) == good_numbers(each)


def test_a_boot_reads_two_records_however_long_the_log():
    files = logged(*[25] * 90)
    files.reads.clear()
    EventLog(files, BOOT)
    assert sorted(files.reads) == [("log.0", 249 * BYTES), ("log.1", 999 * BYTES)]
