# SPDX-License-Identifier: MIT
"""Damage to what is stored: one good copy is enough, and what is lost counts as the worst."""

import json
import random
import zlib
from fractions import Fraction

import pytest
from littlefs import lfs
from littlefs.lfs import LFSFileFlag

from host_tests.support.console.alarm_answers import shown
from host_tests.support.errors import (
    LIMIT_EXCEEDED,
    LINE_NOT_CLEARED,
    NO_PRESCRIPTION,
    NOT_CALIBRATED,
    NOT_RECORDED,
    UNCONFIRMED,
)
from host_tests.support.flash.copies import path_of
from host_tests.support.flash.files import MemoryFiles
from host_tests.support.flash.power_cuts import PL_PER_ML, Operator
from host_tests.support.flash.survivor import LOCKOUT_S, Survivor
from pump.records.event_codes import DAMAGED, STORE_LOST, STORE_MENDED
from pump.records.event_log import EventLog
from pumpbench.images.flashfiles import read_files, with_file, with_files, without_file

KEYS = ("delivery", "setup", "past", "day", "titration", "prescription")
BASAL = Fraction(10**6, 864)  # 100 mL a day in nL/s
TOLD_BY_ALL = ("*TST?", "SYST:STAT?", "THER:STAT?", "SYST:ERR?")
LOST_RECORDS, FAILING = 308, 309


class End:
    """The end of a session: the power is cut while therapy runs, after a patient bolus."""

    def __init__(self):
        operator = Operator()
        operator.run(1)
        operator.refill("19")
        operator.calibrate("0.19")
        operator.pump.tell("PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE 100 ML/D;PAT:DOSE 25 UG,5 S")
        operator.prescribe(f"PRES:PAT:LOCK {LOCKOUT_S} S;MAX 4;:PRES:LIM:DAY 100 MG")
        operator.start(BASAL)
        operator.give("BOL:PAT", "PATIENT", "25.000", BASAL + 10_000)
        operator.run(8)
        operator.given()
        operator.run(50)
        self.flash = operator.target.flash
        self.out_pl = operator.now_pl()
        self.files = read_files(self.flash)
        self.told = Survivor(self.flash).told
        assert shown(self.told["ALAR:ACT?"]) == {304: "ACTIVE"}

    def with_files(self, files):
        """The flash with these contents of files; None: without the file."""
        return with_files(self.flash, files)


@pytest.fixture(scope="module")
def end():
    return End()


def flipped(content, place, bit):
    return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


def sealed(fields):
    """A copy with the right checksum, whatever is in it."""
    rest = b" " + json.dumps(fields).encode() + b"\n"
    return b"%08x" % zlib.crc32(rest) + rest


def texts(survivor, code):
    return sorted({text for _, _, event, text in survivor.events if event == code})


def assert_told_the_same(end, survivor):
    """But for how many events there are, and how long mending took."""
    told, before = dict(survivor.told), dict(end.told)
    waits_s = []
    for answers in (told, before):
        del answers["LOG:COUN?"]
        *answers["BOL:PAT?"], wait_s = answers["BOL:PAT?"].split(",")
        waits_s.append(Fraction(wait_s))
    assert told == before
    assert abs(waits_s[0] - waits_s[1]) < 2


def assert_as_if_whole(end, survivor, keys):
    """All is there as if nothing had happened, but for a note in the log."""
    assert_told_the_same(end, survivor)
    assert texts(survivor, STORE_MENDED) == sorted(f"STORE_MENDED {key} MENDED" for key in keys)
    assert texts(survivor, STORE_LOST) == []


def assert_lost(end, survivor, keys):
    """It comes up stopped, says what is lost, and takes it for the worst that it can have been."""
    told = survivor.told
    assert [told[query] for query in TOLD_BY_ALL] == ["0", "STOPPED", "STOPPED", '0,"No error"']
    assert LOST_RECORDS in survivor.alarms
    assert {text.split()[1] for text in texts(survivor, STORE_LOST)} == set(keys)
    assert survivor.refusal("THER:STAR") == survivor.refusal("MOT:JOG 1,60") == UNCONFIRMED
    least, most = told["DEL:INT?"].split(",")
    assert Fraction(least) * PL_PER_ML <= end.out_pl
    assert most == "NONE" if "delivery" in keys else Fraction(most) * PL_PER_ML >= end.out_pl
    is_held = not {"delivery", "setup"} & set(keys)
    assert told["RES:VOL?"] == (end.told["RES:VOL?"] if is_held else "NONE")
    assert told["MOT:CAL?"] == ("0.000000" if "setup" in keys else "0.190000")
    is_there = not {"prescription", "setup"} & set(keys)
    assert told["PRES:ACT?"] == (end.told["PRES:ACT?"] if is_there else "NONE")
    if is_there:
        assert Fraction(told["BOL:PAT?"].split(",")[3]) >= LOCKOUT_S - 62
    if is_there and {"delivery", "past"} & set(keys):
        assert Fraction(told["BOL:PAT?"].split(",")[3]) > 86_000
    survivor.ask("THER:CONF;:SYST:ERR?")
    first = next(
        number
        for key, number in (
            ("setup", NOT_CALIBRATED),
            ("prescription", NO_PRESCRIPTION),
            ("delivery", LIMIT_EXCEEDED),
            ("day", LIMIT_EXCEEDED),
            ("past", 0),
            ("titration", 0),
        )
        if key in keys
    )
    if not first:
        return  # it is locked out, see above, and delivers
    assert survivor.refusal("THER:STAR") == first
    if keys == ["setup"]:
        assert survivor.refusal("MOT:CAL:PERR 0.19 ML") == 0
        assert survivor.ask("PRES:ACT?") == end.told["PRES:ACT?"]
        assert survivor.refusal("THER:STAR") == LINE_NOT_CLEARED
    survivor.target.run(2)
    assert survivor.target.plant.edges.count == 0


@pytest.mark.slow
@pytest.mark.hazard("record-damaged")
@pytest.mark.parametrize("stride", [8, pytest.param(1, marks=pytest.mark.long)])
def test_a_bit_flipped_in_any_byte_of_a_copy_changes_nothing(end, stride, seed, record_property):
    """Keys are read one by one, so one boot has a flip in one copy of each of them.

    `make test` takes every eighth byte, `make soak` all of them.
    """
    chance = random.Random(seed)
    longest = max(len(end.files[path_of(key, 0)]) for key in KEYS)
    count = 0
    for number in (0, 1):
        for place in range(0, longest, stride):
            files = {}
            for key in KEYS:
                content = end.files[path_of(key, number)]
                if place < len(content):
                    files[path_of(key, number)] = flipped(content, place, chance.randrange(8))
            survivor = Survivor(end.with_files(files))
            assert_as_if_whole(end, survivor, [path.split("/")[2][:-2] for path in files])
            count += len(files)
            if place % 32 == 0:
                left = read_files(survivor.target.flash)
                assert files == {path: left[path + ".bad"] for path in files}
    record_property("measured", f"bits flipped in stored values: {count}, all found and mended")


def spoiled(content):
    """Ways to spoil a copy: (how, content or None)."""
    _, board, seq, value = json.loads(content[8:])
    yield from (
        (f"cut to {n}", content[:n]) for n in (0, 1, 8, 9, len(content) // 2, len(content) - 1)
    )
    yield "garbage", random.Random(1).randbytes(len(content))
    yield "too long", content * 40
    yield "missing", None
    yield "newer", sealed([2, board, seq, value])
    yield "another board", sealed([1, "OTHER", seq, value])


@pytest.mark.slow
@pytest.mark.hazard("record-damaged")
@pytest.mark.parametrize("number", (0, 1))
@pytest.mark.parametrize("key", KEYS)
def test_one_copy_spoiled_in_any_way_is_mended_from_the_other(end, key, number):
    path = path_of(key, number)
    for how, content in spoiled(end.files[path]):
        if key in ("prescription", "titration") and (number, how) == (1, "missing"):
            continue  # saved once: a power cut leaves the same
        survivor = Survivor(end.with_files({path: content}))
        assert_as_if_whole(end, survivor, [key])
        left = read_files(survivor.target.flash)
        assert left.get(path + ".bad") == content
        again = Survivor(survivor.target.flash)
        assert texts(again, STORE_MENDED) == texts(survivor, STORE_MENDED), "found once"


@pytest.mark.slow
@pytest.mark.hazard("record-damaged")
@pytest.mark.parametrize("key", KEYS)
def test_with_both_copies_spoiled_what_is_lost_counts_as_the_worst(end, key):
    paths = [path_of(key, number) for number in (0, 1)]
    for _, content in spoiled(end.files[paths[0]]):
        survivor = Survivor(end.with_files(dict.fromkeys(paths, content)))
        assert_lost(end, survivor, [key])


@pytest.mark.hazard("record-damaged")
@pytest.mark.parametrize("key", KEYS)
def test_a_loss_is_still_a_loss_after_a_power_cut_that_comes_before_the_confirmation(end, key):
    paths = [path_of(key, number) for number in (0, 1)]
    survivor = Survivor(end.with_files(dict.fromkeys(paths, b"spoiled")))
    for _ in range(2):
        survivor.target.run(3)
        survivor = Survivor(survivor.target.flash)
        assert LOST_RECORDS in survivor.alarms
        assert survivor.refusal("THER:STAR") == UNCONFIRMED
    assert_lost(end, survivor, [key])


@pytest.mark.hazard("record-damaged")
def test_a_folder_in_place_of_a_copy_is_set_aside(end):
    for key in KEYS:
        for number in (0, 1):
            path = path_of(key, number)
            flash = with_file(without_file(end.flash, path), path + "/in", b"")
            survivor = Survivor(flash)
            assert_as_if_whole(end, survivor, [key])
            assert path + ".bad/in" in read_files(survivor.target.flash)


@pytest.mark.slow
@pytest.mark.hazard("record-damaged")
def test_bits_flipped_in_both_copies_lose_the_value_and_nothing_else(end, seed):
    chance = random.Random(seed)
    for key in KEYS:
        length = len(end.files[path_of(key, 0)])
        for place in range(0, length, 16):
            paths = [path_of(key, number) for number in (0, 1)]
            files = {p: flipped(end.files[p], place, chance.randrange(8)) for p in paths}
            assert_lost(end, Survivor(end.with_files(files)), [key])


@pytest.mark.hazard("record-damaged")
def test_all_values_lost_at_once_are_told(end):
    paths = [path_of(key, number) for key in KEYS for number in (0, 1)]
    assert_lost(end, Survivor(end.with_files(dict.fromkeys(paths, b"spoiled"))), KEYS)


@pytest.mark.hazard("record-damaged")
def test_a_bit_flipped_in_any_byte_of_the_log_costs_that_event_alone(end, seed, record_property):
    chance = random.Random(seed)
    content = end.files["/log/log.0"]
    good = EventLog(MemoryFiles({"log.0": content}), 1).read(0, 999)
    for place in range(len(content)):
        log = EventLog(MemoryFiles({"log.0": flipped(content, place, chance.randrange(8))}), 1)
        events = log.read(0, 999)
        number = place // 64 + 1
        assert events.pop(number - 1)[::2][:2] == (number, DAMAGED)
        assert events == good[: number - 1] + good[number:]
    for place in range(0, len(content), 61):
        survivor = Survivor(end.with_files({"/log/log.0": flipped(content, place, 3)}))
        assert_told_the_same(end, survivor)
    record_property("measured", f"bits flipped in the log: {len(content)}, all found")


@pytest.mark.hazard("record-damaged")
def test_a_flash_that_takes_nothing_any_more_stops_what_runs_and_lets_nothing_start(end):
    operator = Operator(end.flash)
    operator.run(1)
    operator.pump.tell("THER:CONF")
    operator.pump.tell("THER:STAR")
    operator.run(5)
    break_flash(operator.target)
    operator.run(30)
    assert operator.pump.ask("SYST:STAT?;*TST?") == "FAULT;205"
    assert str(FAILING) in operator.pump.ask("ALAR:ACT?").split(",")
    steps = operator.target.plant.edges.count
    operator.run(5)
    assert operator.target.plant.edges.count == steps
    survivor = Survivor(operator.target.flash)
    assert survivor.is_interrupted
    least_pl, most_pl = survivor.interval_pl
    out_pl = end.out_pl + Fraction(190_000_000 * steps, 3200)
    assert least_pl - 1000 <= out_pl <= most_pl
    assert survivor.refusal("THER:CONF") == 0
    break_flash(survivor.target)
    assert survivor.refusal("THER:STAR") == NOT_RECORDED
    assert survivor.refusal("MOT:JOG 0.1,60") == NOT_RECORDED
    survivor.target.run(3)
    assert survivor.target.plant.edges.count == 0


def break_flash(target):
    """Nothing can be written any more.

    That LittleFS is told so by its flash is no way to show it: its own assertions, which boards
    are built without, end the process when what it could not write is for another block.
    """
    files = target.world.files
    call = files.call

    def refuse(function, *arguments):
        is_opened = function is lfs.file_open and arguments[1] & LFSFileFlag.wronly
        if is_opened or function in (lfs.remove, lfs.rename):
            raise OSError(5, "EIO")
        return call(function, *arguments)

    files.call = refuse
