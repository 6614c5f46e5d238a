# SPDX-License-Identifier: MIT
"""Records that another firmware wrote, though their checksum is right; and a lone one."""

import copy
import json
import zlib

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.errors import UNCONFIRMED
from host_tests.support.flash.copies import path_of, with_value
from host_tests.support.sessions.therapy import prescribe, refusal
from pumpbench.images.flashfiles import read_files, with_file, without_file

KEYS = ("delivery", "past", "day", "titration", "prescription", "setup")
RECORDS_LOST, STORE_LOST = 308, 415


class Writer:
    """Flash of a pump with a week, a calibration, a refill, a bolus over and one under way."""

    def __init__(self):
        pump = Lives()
        prescribe(pump, "MODE FLEX;RATE 1 ML/D", "FLEX:STEP ALL,08:00,1.2 ML/D", "LIM:RATE 3 ML/D")
        pump.tell("MOT:CAL:PERR 0.2 ML;:RES:REF 10 ML;REF 10 ML,9.9 ML;:THER:STAR")
        pump.tell("BOL:STAR 1 UG,5 S")
        pump.run(20)
        pump.tell("BOL:STAR 100 UG,50 S")
        pump.run(5)
        self.flash = pump.target.flash
        self.files = read_files(self.flash)

    def fields(self, key):
        return json.loads(self.files[path_of(key, 0)][8:])

    def with_value(self, key, value):
        rest = b" " + json.dumps([*self.fields(key)[:3], value]).encode() + b"\n"
        content = b"%08x" % zlib.crc32(rest) + rest
        flash = self.flash
        for number in (0, 1):
            flash = with_file(flash, path_of(key, number), content)
        return flash, content


@pytest.fixture(scope="module")
def writer():
    return Writer()


def places(value, place=()):
    """The place of every number, text and nothing in a value."""
    if isinstance(value, list):
        for index, part in enumerate(value):
            yield from places(part, (*place, index))
    else:
        yield place


def changed(value, place, new):
    value = copy.deepcopy(value)
    part = value
    for index in place[:-1]:
        part = part[index]
    part[place[-1]] = new
    return value


@pytest.mark.slow
@pytest.mark.hazard("record-damaged")
@pytest.mark.parametrize("key", KEYS)
def test_a_value_of_the_wrong_kind_anywhere_is_as_good_as_a_lost_record(writer, key):
    good = writer.fields(key)[3]
    pump = Lives()
    for place in places(good):
        is_text = isinstance(value_at(good, place), str)
        flash, content = writer.with_value(key, changed(good, place, 7.5 if is_text else "x"))
        pump.go_on(flash=flash)
        assert pump.ask("SYST:STAT?") == "STOPPED"
        assert RECORDS_LOST in pump.alarms(), place
        assert pump.events(STORE_LOST) == [f"STORE_LOST {key} LOST"]
        assert refusal(pump, "MOT:JOG 1,60") == UNCONFIRMED
        files = read_files(pump.target.flash)
        assert files[path_of(key, 0) + ".bad"] == files[path_of(key, 1) + ".bad"] == content


def value_at(value, place):
    for index in place:
        value = value[index]
    return value


@pytest.mark.parametrize("key", KEYS)
def test_what_this_firmware_writes_is_of_the_right_kinds(writer, key):
    pump = Lives()
    pump.go_on(flash=writer.with_value(key, writer.fields(key)[3])[0])
    assert RECORDS_LOST not in pump.alarms()
    assert pump.events(STORE_LOST) == []


def test_a_delivery_with_nine_kinds_is_read_however_many_there_are_now(writer):
    """One kind more needs a migration, see `schemas.upgraded`, or a pump loses its account."""
    delivery = writer.fields("delivery")[3]
    delivery[5][1:3] = [delivery[5][1][:9], delivery[5][2][:9]]
    pump = Lives()
    pump.go_on(flash=writer.with_value("delivery", delivery)[0])
    assert RECORDS_LOST not in pump.alarms()
    assert pump.events(STORE_LOST) == []


@pytest.mark.hazard("record-damaged")
def test_a_past_alone_is_not_that_of_a_new_pump(writer):
    flash = writer.flash
    for key in ("delivery", "day", "titration", "prescription", "setup"):
        for number in (0, 1):
            flash = without_file(flash, path_of(key, number))
    pump = Lives()
    pump.go_on(flash=flash)
    assert RECORDS_LOST in pump.alarms()
    assert {text.split()[1] for text in pump.events(STORE_LOST)} == {"delivery", "day", "setup"}


@pytest.mark.hazard("record-damaged")
def test_a_setup_that_one_owner_cannot_take_is_taken_by_none(writer):
    setup = writer.fields("setup")[3]
    pump = Lives()
    pump.go_on(flash=writer.with_value("setup", changed(setup, (0, 2), "FOR EVER"))[0])
    assert pump.events(STORE_LOST) == ["STORE_LOST setup LOST"]
    assert pump.ask("MOT:CAL?;:THER:RES?;:RES:VOL?") == "0.000000;HOLD;NONE"


@pytest.mark.hazard("record-damaged")
def test_a_past_of_which_one_bolus_cannot_be_taken_has_none(writer):
    past = writer.fields("past")[3]
    pump = Lives()
    pump.go_on(flash=writer.with_value("past", changed(past, (3, 0, 7), "SOMEHOW"))[0])
    assert pump.events(STORE_LOST) == ["STORE_LOST past LOST"]
    told = pump.ask("BOL:HIST? 32").split(",")
    assert told.count("RESET") == 1  # of the delivery's record
    assert "COMPLETED" not in told


@pytest.mark.hazard("record-damaged", "daily-limit-exceeded")
def test_a_day_that_cannot_be_taken_is_lost_alone(writer):
    day = writer.fields("day")[3]
    pump = Lives()
    pump.go_on(flash=writer.with_value("day", changed(day, (0, 0, 0), 1))[0])
    assert pump.events(STORE_LOST) == ["STORE_LOST day LOST"]
    assert "COMPLETED" in pump.ask("BOL:HIST? 32").split(",")


def test_a_past_of_before_the_day_had_a_record_of_its_own_is_read_as_both(writer):
    past, day = writer.fields("past")[3], writer.fields("day")[3]
    flash, _ = writer.with_value("past", [past, *day])
    for number in (0, 1):
        flash = without_file(flash, path_of("day", number))
    pump, other = Lives(), Lives()
    pump.go_on(flash=flash)
    other.go_on(flash=writer.flash)
    assert pump.events(STORE_LOST) == []
    asked = "BOL:HIST? 32;PAT?;:DEL:TOT?;:ALAR:ACT?"
    assert pump.ask(asked) == other.ask(asked)
    pump.run(3)
    files = read_files(pump.target.flash)
    for number in (0, 1):
        written = [json.loads(files[path_of(key, number)][8:])[3] for key in ("past", "day")]
        assert [len(value) for value in written] == [4, 2]


def test_a_prescription_of_before_the_titration_had_a_record_of_its_own_is_read_as_both():
    pump = Lives()
    prescribe(pump, "MODE SIMP;RATE 1 ML/D")
    prescribe(pump, "MODE SIMP;RATE 1.1 ML/D")
    pump.run(3)
    flash, files = pump.target.flash, read_files(pump.target.flash)
    prescription, titration = (
        json.loads(files[path_of(key, 0)][8:])[3] for key in ("prescription", "titration")
    )
    assert len(titration) == 1
    older = with_value(flash, "prescription", [*prescription[:2], titration, prescription[2]])
    for number in (0, 1):
        older = without_file(older, path_of("titration", number))
    pump, other = Lives(), Lives()
    pump.go_on(flash=older)
    other.go_on(flash=flash)
    assert pump.events(STORE_LOST) == []
    for lives in (pump, other):
        lives.tell("PRES:EDIT;RATE 3 ML/D")
    assert pump.ask("PRES:VAL?;COMP?") == other.ask("PRES:VAL?;COMP?")
