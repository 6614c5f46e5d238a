# SPDX-License-Identifier: MIT
"""Raw flash is damaged beneath LittleFS: a wrong bit, a block that is gone or as it was before.

LittleFS stops at the first commit with a bad CRC and takes the state before it, so that all small
files of a folder are as they were then, each with a good CRC of its own. A board whose filesystem
has no firmware on it any more stays at its REPL, with its outputs safe: nothing is delivered.
"""

import random
from collections import Counter
from functools import cache
from typing import NamedTuple

import pytest
from littlefs import LittleFSError

from host_tests.alarm_answers import shown
from host_tests.bench_session import Bench
from host_tests.lives import Lives
from host_tests.therapy.bench import refusal
from pump.records import event_log, mirrored_records
from pump.records.event_codes import STORE_LOST, STORE_MENDED
from pumpbench.client import PumpError
from pumpbench.flashfiles import read_files, with_files, without_file
from pumpbench.image import BLOCK_BYTES, FIRMWARE, FOLDERS, MAIN, pack
from pumpbench.pump import Pump
from pumpbench.sim import SimTarget

FLIPS = 700  # of each life in `make test`; all of them in `make soak`
ROUNDED_ML = 2e-6
RECORDS_LOST, INTERRUPTED = 308, 304
UNCONFIRMED, NOT_CALIBRATED = 128, 124
PROGRAM = {MAIN: (FIRMWARE / "main.py").read_bytes()}
UNSEEN, NOT_STARTED, MENDED, TOLD = "unseen", "not started", "mended", "told"


class Life(NamedTuple):
    """What a pump has left behind when its power is cut.

    earlier: what flash held before, at several instants. truth_ml: what it has delivered.
    """

    flash: bytes
    earlier: tuple[bytes, ...]
    truth_ml: float
    prescription: str
    is_locked_out: bool


class Diary(Bench):
    """A pump on a flash with its firmware, whose flash is kept now and then."""

    def __init__(self):
        super().__init__(SimTarget(flash=pack(PROGRAM)))
        self.kept = [self.target.flash]
        self.tell("SYST:TIME 2026-03-01T07:30:00;:RES:REF 18 ML")

    def prescribe(self, rate_ug_d):
        self.tell(f"PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE {rate_ug_d} UG/D")
        self.tell("PRES:PAT:DOSE 20 UG,1 MIN;LOCK 6 HR;MAX 3;:PRES:LIM:DAY 900 UG")
        self.tell("PRES:COMM " + self.ask("PRES:VAL?").split(",")[1])

    def deliver(self, seconds, *commands):
        """Start, give the commands, stop after so long."""
        self.tell("THER:STAR")
        for command in commands:
            self.run(5)
            self.tell(command)
        self.run(seconds)
        self.tell("THER:STOP")
        self.run(3)
        self.keep()

    def keep(self):
        self.kept.append(self.target.flash)

    def life(self, is_locked_out=False):
        truth_ml = float(self.plant.beaker.volume_nl) / 1e6
        active = self.ask("PRES:ACT?")
        flash = self.target.flash
        self.target.close()
        return Life(flash, tuple(self.kept), truth_ml, active, is_locked_out)


@cache
def life(name):
    diary = Diary()
    diary.prescribe(400)
    if name == "stopped, a lower dose since":
        diary.deliver(600)
        diary.prescribe(360)
        diary.deliver(900, "BOL:PAT")
        return diary.life(is_locked_out=True)
    if name == "cut off after a patient bolus":
        diary.deliver(60)
        diary.tell("THER:STAR")
        diary.run(5)
        diary.tell("BOL:PAT")
        diary.run(12)
        return diary.life(is_locked_out=True)
    for count in range(12):  # until both blocks of each folder have been written anew
        diary.deliver(20 + count, *(["BOL:STAR 2 UG,5 S"] if count % 3 else []))
    return diary.life()


LIVES = ("stopped, a lower dose since", "cut off after a patient bolus", "many starts and doses")


class Judge:
    """What comes of a damaged flash. Flashes with the same files come to the same."""

    def __init__(self, life):
        self._life = life
        self._whole = read_files(life.flash)
        self._known = {}
        self.count = Counter()

    def look(self, flash, what):
        """Count what comes of it; the test fails where it is a lie."""
        try:
            files = read_files(flash)
        except LittleFSError:
            self.count[self._boot(flash, what)] += 1
            return
        if files == self._whole:
            self.count[UNSEEN] += 1
            return
        key = frozenset(files.items())
        if key not in self._known:
            self._known[key] = self._boot(flash, what)
        self.count[self._known[key]] += 1

    def _boot(self, flash, what):
        """The program itself is held against its sums before anything moves, see the self-test."""
        try:
            if read_files(flash).get(MAIN) != PROGRAM[MAIN]:
                return NOT_STARTED
        except LittleFSError as error:
            if not _can_be_mounted(flash):
                return NOT_STARTED  # MicroPython formats it: there is no main.py then
            what = f"{what}, {error}"
        target = SimTarget(flash=flash)
        try:
            return self._ask(target, what)
        finally:
            target.close()

    def _ask(self, target, what):
        life = self._life
        alarms = set(shown(target.ask("ALAR:ACT?")))
        told = (
            f"{what}: {target.ask('DEL:INT?;:ALAR:ACT?;:LOG:COUN?')}; {life.truth_ml} mL went out"
        )
        is_told = bool(alarms & {RECORDS_LOST, INTERRUPTED})
        least, most = target.ask("DEL:INT?").split(",")
        assert float(least) <= life.truth_ml + ROUNDED_ML, told
        assert most != "NONE" or RECORDS_LOST in alarms, told
        assert most == "NONE" or life.truth_ml - ROUNDED_ML <= float(most), told
        pump = Pump(target)
        try:
            assert pump.ask("PRES:ACT?") == life.prescription, told
        except PumpError:
            assert RECORDS_LOST in alarms, told
        if life.is_locked_out:
            assert not _gives_a_bolus(pump), told
        return TOLD if is_told else MENDED


def _can_be_mounted(flash):
    target = SimTarget(flash=flash)
    target.run(0.5)
    try:
        return not target.world.files.was_formatted
    finally:
        target.close()


def _gives_a_bolus(pump):
    """Whether a patient gets a second one, seconds after the last; the lockout is 6 h."""
    for line in ("THER:CONF", "THER:STAR", "BOL:PAT"):
        try:
            pump.tell(line)
        except PumpError:
            if line != "THER:CONF":
                return False
    return True


def used_bits(flash):
    """(byte, bit) of the blocks that hold anything but the program, up to the last byte in use."""
    text = PROGRAM[MAIN][:64]
    for block in range(len(flash) // BLOCK_BYTES):
        content = flash[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES].rstrip(b"\xff")
        if content and text not in content:
            for at in range(len(content)):
                for bit in range(8):
                    yield block * BLOCK_BYTES + at, bit


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.hazard("flash-bit")
@pytest.mark.parametrize("name", LIVES)
def test_no_wrong_bit_of_the_raw_flash_makes_the_pump_tell_a_lie(name, request, record_property):
    judge = Judge(life(name))
    bits = list(used_bits(life(name).flash))
    if request.config.getoption("--days") <= 2:  # not in soak
        bits = random.Random(1).sample(bits, FLIPS)
    for at, bit in bits:
        bad = bytearray(life(name).flash)
        bad[at] ^= 1 << bit
        judge.look(bytes(bad), f"bit {bit} of byte {at:#x}")
    assert judge.count.total() == len(bits)
    record_property("measured", f"{len(bits)} bits of raw flash, {name}: {told(judge)}")


@pytest.mark.slow
@pytest.mark.hazard("flash-bit")
@pytest.mark.parametrize("name", LIVES)
def test_no_block_that_is_gone_or_as_it_was_makes_the_pump_tell_a_lie(name, record_property):
    flash, earlier = life(name).flash, life(name).earlier
    judge = Judge(life(name))
    for block in sorted({at // BLOCK_BYTES for at, _ in used_bits(flash)}):
        place = slice(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)
        content = flash[place]
        half = content[: BLOCK_BYTES // 2] + b"\xff" * (BLOCK_BYTES // 2)
        others = {b"\xff" * BLOCK_BYTES, bytes(BLOCK_BYTES), half}
        others |= {image[place] for image in earlier}
        for other in sorted(others - {content}):
            judge.look(flash[: place.start] + other + flash[place.stop :], f"block {block}")
    record_property("measured", f"blocks of raw flash, {name}: {told(judge)}")


@pytest.mark.hazard("flash-bit")
def test_a_flash_without_its_folders_is_a_loss_and_not_a_new_pump():
    flash = pack({})
    for folder in FOLDERS:
        flash = without_file(flash, folder)
    pump = Pump(SimTarget(flash=flash))
    assert shown(pump.ask("ALAR:ACT?"))[RECORDS_LOST] == "ACTIVE"
    assert refusal(pump, "MOT:JOG 1,60") == UNCONFIRMED
    assert pump.ask("DEL:INT?") == "0.000000,NONE"
    pump.tell("THER:CONF")
    assert refusal(pump, "PRIM:STAR 0.1 ML,100 ML/HR") == NOT_CALIBRATED


def test_the_firmware_keeps_its_records_where_deployment_makes_the_folders():
    assert (*mirrored_records.FOLDERS, event_log.FOLDER) == FOLDERS


def test_copies_that_an_older_firmware_has_kept_in_one_folder_come_into_their_own():
    pump = Lives()
    pump.tell("RES:REF 18 ML;:MOT:JOG 1,60")
    pump.run(5)
    flash, files = pump.target.flash, read_files(pump.target.flash)
    for path in [path for path in files if path.startswith("/copy/")]:
        flash = with_files(flash, {path.replace("/copy/", "/data/"): files[path], path: None})
    flash = without_file(flash, "/copy")
    pump.go_on(flash=flash)
    assert pump.ask("RES:VOL?") == "17.800000"
    assert pump.events(STORE_MENDED) == pump.events(STORE_LOST) == []
    pump.run(2)
    assert read_files(pump.target.flash).keys() == files.keys()


def told(judge):
    return ", ".join(f"{count} {what}" for what, count in sorted(judge.count.items()))
