# SPDX-License-Identifier: MIT
"""A damaged event log: what is left stays, the pump says so, and no number is given twice."""

import struct

import pytest

from host_tests.support.boards.board_files import write_on_board
from host_tests.support.boards.lives import Lives
from host_tests.support.errors import UNCONFIRMED
from host_tests.support.flash.event_logs import BYTES, file_of
from host_tests.support.sessions.therapy import refusal
from pump import selftest
from pumpbench.images.flashfiles import read_files, with_file, without_file

pytestmark = pytest.mark.slow

NONE = [0]
RECORDS_LOST = 308
STORE_MENDED, STORE_LOST, DAMAGED = 414, 415, 419
OLDER, NEWER = "/log/log.0", "/log/log.1"


@pytest.fixture
def pump():
    """Both files have been begun; the newer one has the last of 1200 events."""
    pump = Lives()
    flash = with_file(pump.target.flash, OLDER, file_of(1, 1000))
    flash = with_file(flash, NEWER, file_of(1001, 200))
    pump.go_on(flash=flash)
    pump.run(3)
    assert not pump.events(STORE_LOST)
    assert pump.alarms() == NONE
    return pump


def kept(pump):
    """(events on record, number of the last one)."""
    count, first = map(int, pump.ask("LOG:COUN?").split(","))
    return count, first + count - 1


@pytest.mark.slow
@pytest.mark.hazard("record-damaged")
def test_ten_bytes_cut_off_cost_one_event(pump):
    count, last = kept(pump)
    content = read_files(pump.target.flash)[NEWER]
    pump.go_on(flash=with_file(pump.target.flash, NEWER, content[:-10]))
    pump.run(3)
    now, end = kept(pump)
    assert now - count == end - last > 0
    assert pump.events(STORE_MENDED) == ["STORE_MENDED log MENDED"]
    assert len(pump.events(DAMAGED)) == 1
    assert pump.alarms() == NONE
    files = read_files(pump.target.flash)
    assert len(files[OLDER]) == 1000 * BYTES


@pytest.mark.slow
@pytest.mark.hazard("record-damaged")
@pytest.mark.parametrize("name", (OLDER, NEWER))
@pytest.mark.parametrize("content", (None, b"", b"\xff" * 12_800, b"\x00" * 99))
def test_a_file_that_is_lost_is_said_and_confirmed_and_the_other_one_stays(pump, name, content):
    _, last = kept(pump)
    flash = pump.target.flash
    other = OLDER if name == NEWER else NEWER
    before = read_files(flash)[other]
    flash = without_file(flash, name) if content is None else with_file(flash, name, content)
    pump.go_on(flash=flash)
    pump.run(3)
    files = read_files(pump.target.flash)
    assert files[other] == before
    assert files.get(name + ".bad") == content
    assert struct.unpack("<I", files[name][:4])[0] > last
    assert pump.events(STORE_LOST) == ["STORE_LOST log LOST"]
    assert pump.alarms() == [RECORDS_LOST]
    assert refusal(pump, "MOT:JOG 1,60") == UNCONFIRMED
    pump.cut()
    assert pump.alarms() == [RECORDS_LOST]
    pump.tell("THER:CONF")
    pump.cut()
    assert pump.alarms() == NONE
    assert pump.events(STORE_LOST) == ["STORE_LOST log LOST"]


@pytest.mark.hazard("record-damaged")
def test_the_only_file_of_a_short_log_is_gone_and_no_number_is_given_again():
    pump = Lives()
    pump.run(3)
    _, last = kept(pump)
    files = read_files(pump.target.flash)
    assert last == len(files[OLDER]) // BYTES
    pump.go_on(flash=without_file(pump.target.flash, OLDER))
    pump.run(3)
    assert pump.alarms() == [RECORDS_LOST]
    assert pump.events(STORE_LOST) == ["STORE_LOST log LOST"]
    files = read_files(pump.target.flash)
    firsts = [
        struct.unpack_from("<I", files[name])[0] for name in (OLDER, NEWER) if files[name][4:]
    ]
    assert min(firsts) > last


def damaged(content, *numbers):
    """The newer file with one wrong bit in each of these events."""
    content = bytearray(content)
    for number in numbers:
        content[(number - 1001) * BYTES + 20] ^= 4
    return bytes(content)


@pytest.mark.hazard("record-damaged")
@pytest.mark.parametrize(
    "numbers, told, told_later",
    [
        ([1050], ["1050 to 1050"], "1195 to 1195"),
        ([1050, 1051, 1052, 1100], ["1050 to 1052", "1100 to 1100"], "1195 to 1195"),
        (
            range(1010, 1190, 10),
            [f"{n} to {n}" for n in range(1010, 1080, 10)] + ["1080 to 1180"],
            "1080 to 1195",
        ),
    ],
    ids=["one", "two gaps", "many"],
)
def test_events_that_cannot_be_read_are_said_within_two_minutes_and_once(
    pump, numbers, told, told_later
):
    content = damaged(read_files(pump.target.flash)[NEWER], *numbers)
    pump.go_on(flash=with_file(pump.target.flash, NEWER, content))
    pump.run(120)
    assert pump.events(STORE_LOST) == [f"STORE_LOST log {gap}" for gap in told]
    assert pump.alarms() == [RECORDS_LOST]
    assert refusal(pump, "MOT:JOG 1,60") == UNCONFIRMED
    pump.cut()
    assert pump.alarms() == [RECORDS_LOST]
    pump.tell("THER:CONF")
    pump.run(120)
    pump.cut()
    pump.run(120)
    assert pump.alarms() == NONE
    assert len(pump.events(STORE_LOST)) == len(told)
    newly = damaged(read_files(pump.target.flash)[NEWER], 1195)
    pump.go_on(flash=with_file(pump.target.flash, NEWER, newly))
    pump.run(120)
    assert pump.events(STORE_LOST)[len(told) :] == [f"STORE_LOST log {told_later}"]


@pytest.mark.slow
@pytest.mark.hazard("record-damaged")
@pytest.mark.parametrize("hours", [3, pytest.param(24, marks=pytest.mark.long)])
def test_an_event_that_becomes_unreadable_while_the_pump_is_on_is_said_within_a_day(
    pump, hours, monkeypatch
):
    """A day of three hours in `make test`: what is looked at each hour is the same."""
    assert selftest._A_DAY == 24
    monkeypatch.setattr(selftest, "_A_DAY", hours)
    pump.run(180)
    content = read_files(pump.target.flash)[NEWER]
    write_on_board(pump.target, NEWER, damaged(content, 1050))
    assert pump.alarms() == NONE
    pump.run(hours * 3600 + 180)
    assert pump.events(STORE_LOST) == ["STORE_LOST log 1050 to 1050"]
    assert pump.alarms() == [RECORDS_LOST]


@pytest.mark.hazard("record-damaged")
@pytest.mark.parametrize("back", [0, 1, 8, 60, 199])
def test_a_log_that_flash_has_set_back_is_said_and_no_number_is_given_again(back):
    """As one wrong bit does it: the folder is whole, and as it was before."""
    pump = Lives()
    flash = with_file(pump.target.flash, OLDER, file_of(1, 1000))
    pump.go_on(flash=with_file(flash, NEWER, file_of(1001, 200)))
    for _ in range(3):
        pump.tell("RES:REF 20 ML")
        pump.tell("MOT:JOG 1,60")
        pump.run(3)
    _, last = kept(pump)
    content = read_files(pump.target.flash)[NEWER]
    cut = content[: len(content) - BYTES * back]
    pump.go_on(flash=with_file(pump.target.flash, NEWER, cut))
    pump.run(3)
    if not back:
        assert pump.alarms() == NONE
        return
    assert pump.events(STORE_LOST) == ["STORE_LOST log LOST"]
    assert pump.alarms() == [RECORDS_LOST]
    assert struct.unpack("<I", read_files(pump.target.flash)[OLDER][:4])[0] > last
    assert read_files(pump.target.flash)[NEWER] == cut
    pump.tell("THER:CONF")
    pump.cut()
    pump.run(3)
    assert pump.alarms() == NONE
    assert len(pump.events(STORE_LOST)) == 1
