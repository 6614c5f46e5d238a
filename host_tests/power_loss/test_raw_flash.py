# SPDX-License-Identifier: MIT
"""Raw flash is damaged beneath LittleFS: a wrong bit, a block that is gone or as it was before.

LittleFS stops at the first commit with a bad CRC and takes the state before it, so that all small
files of a folder are as they were then, each with a good CRC of its own. A board whose filesystem
has no firmware on it any more stays at its REPL, with its outputs safe: nothing is delivered.
"""

import random
import struct

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.console.alarm_answers import shown
from host_tests.support.errors import NOT_CALIBRATED, UNCONFIRMED
from host_tests.support.flash.event_logs import BOOT
from host_tests.support.flash.judge import Judge
from host_tests.support.flash.largest import at_the_largest, lived
from host_tests.support.flash.lives import FULL_LOG, NAMES, NEVER_ON, STOPPED, life
from host_tests.support.flash.raw import content_of, used_bits, used_blocks
from host_tests.support.sessions.therapy import refusal
from pump.records import event_log, mirrored_records
from pump.records.event_codes import STARTED, STORE_LOST, STORE_MENDED
from pumpbench.client.pump import Pump
from pumpbench.images.flashfiles import read_files, with_files, without_file
from pumpbench.images.image import BLOCK_BYTES, FOLDERS, PROG_BYTES, pack
from pumpbench.targets.sim import SimTarget

SOAK_DAYS = 3  # from so many --days on, nothing is left out
FLIPS, BLOCKS = 390, 70  # of each life in `make test`
FEW_FLIPS = {NEVER_ON: 100, FULL_LOG: 80}  # hardly a bit is in use; almost each has to boot
PARTS = 4  # of each life in `make soak`, for as many cores
RECORDS_LOST, RECORDS_FAILING = 308, 309
EVENT = struct.pack("<HHQI", BOOT, STARTED, 1, 2)  # in each of a full log


def pytest_generate_tests(metafunc):
    """All of it in `make soak`, in parts; a sample of all of it in `make test`."""
    if "part" in metafunc.fixturenames:
        is_soak = metafunc.config.getoption("--days") >= SOAK_DAYS
        sample = pytest.param(None, id="sample")
        metafunc.parametrize("part", range(PARTS) if is_soak else [sample])


def chosen(cases, part, count, block_of):
    """That part of the cases, or so many of them in all blocks, and of each block one at least.

    A part is of few blocks: what boots for one of them boots in no other part.
    """
    if part is not None:
        ends = [len(cases) * end // PARTS for end in (part, part + 1)]
        return cases[slice(*ends)]
    cases = random.Random(1).sample(cases, len(cases))
    firsts = {block_of(case): case for case in reversed(cases)}
    return list(dict.fromkeys([*firsts.values(), *cases]))[: max(count, len(firsts))]


@pytest.mark.hazard("flash-bit")
@pytest.mark.parametrize(
    "other_truth",
    [
        {"truth_ml": 0.1},
        {"truth_ml": 0.0},
        {"prescription": "400.000000 UG/D"},
    ],
    ids=str,
)
def test_a_pump_that_tells_anything_but_the_truth_is_found(other_truth):
    with pytest.raises(AssertionError, match="nothing is damaged"):
        Judge(life(STOPPED)._replace(**other_truth))


@pytest.mark.hazard("flash-bit")
def test_an_older_state_of_both_copies_is_found_where_no_alarm_tells_of_it():
    """As if LittleFS had set back two folders at once, and the log with them."""
    a_life = life(STOPPED)
    older = read_files(a_life.earlier[-2])
    with pytest.raises(AssertionError):
        Judge(a_life._replace(flash=with_files(a_life.flash, older)))


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.hazard("flash-bit")
@pytest.mark.parametrize("name", NAMES)
def test_no_wrong_bit_of_the_raw_flash_makes_the_pump_tell_a_lie(name, part, record_property):
    judge = Judge(life(name))
    bits = list(used_bits(life(name).flash))
    count = FEW_FLIPS.get(name, FLIPS)
    bits = chosen(bits, part, count, block_of=lambda case: case[0] // BLOCK_BYTES)
    for at, bit in bits:
        with judge.flipped(at, bit):
            begins = at if bit == 7 and at % PROG_BYTES == 0 else None  # a commit, maybe
            judge.look(at // BLOCK_BYTES, f"bit {bit} of byte {at:#x}", alone=begins)
    assert judge.count.total() == len(bits)
    record_property("measured", f"{len(bits)} bits of raw flash, {named(name, part)}: {judge}")


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.hazard("flash-bit")
@pytest.mark.parametrize("name", NAMES)
def test_no_block_that_is_gone_or_as_it_was_makes_the_pump_tell_a_lie(name, part, record_property):
    judge = Judge(life(name))
    cases = chosen(list(other_blocks(life(name))), part, BLOCKS, block_of=lambda case: case[0])
    for block, what, content in cases:
        with judge.replaced(block, content):
            judge.look(block, f"block {block}: {what}")
    assert judge.count.total() == len(cases)
    record_property("measured", f"{len(cases)} blocks of raw flash, {named(name, part)}: {judge}")


def other_blocks(a_life):
    """(block, what happened to it, content) of everything that may be in place of a block.

    It is gone, it is as it was, or it is torn: the last pages are still erased.
    """
    for block in used_blocks(a_life.flash):
        content = content_of(a_life.flash, block)
        others = {b"\xff" * BLOCK_BYTES: "erased", bytes(BLOCK_BYTES): "zeros"}
        for image in a_life.earlier:
            others.setdefault(content_of(image, block), "as it was")
        for at in range(PROG_BYTES // 2, BLOCK_BYTES, PROG_BYTES // 2):  # half a page, too
            others.setdefault(content[:at] + b"\xff" * (BLOCK_BYTES - at), f"torn at {at}")
        for other, what in others.items():
            if other != content:
                yield block, what, other


def named(name, part):
    return name if part is None else f"{name}, part {part + 1} of {PARTS}"


def test_two_thousand_bits_are_flipped_at_least():
    assert sum(FEW_FLIPS.get(name, FLIPS) for name in NAMES) >= 2000


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


def full_log_blocks():
    flash = life(FULL_LOG).flash
    return flash, [at for at in used_blocks(flash) if EVENT in content_of(flash, at)]


def largest_day_blocks():
    """A day has a block of its own then, in each folder."""
    largest = read_files(at_the_largest(lived()))
    records = {
        path: it for path, it in largest.items() if path.startswith(mirrored_records.FOLDERS)
    }
    flash = with_files(life(STOPPED).flash, records)
    return flash, [at for at in used_blocks(flash) if b"1700, 1700" in content_of(flash, at)]


@pytest.mark.slow
@pytest.mark.hazard("flash-bit", "record-damaged")
@pytest.mark.parametrize("blocks_of", [full_log_blocks, largest_day_blocks])
def test_a_block_that_is_gone_does_not_keep_flash_from_being_written(blocks_of):
    """LittleFS looks for a free block in all files: a damaged one ends every write."""
    flash, blocks = blocks_of()
    assert len(blocks) >= 2
    for block in blocks[:: max(len(blocks) // 5, 1)]:
        place = block * BLOCK_BYTES
        gone = flash[:place] + b"\xff" * BLOCK_BYTES + flash[place + BLOCK_BYTES :]
        target = SimTarget(flash=gone)
        pump = Pump(target)
        pump.ask("*IDN?")
        target.run(15)
        assert shown(pump.ask("ALAR:ACT?")).get(RECORDS_FAILING) != "ACTIVE", block
        pump.tell("RES:REF 17 ML")
        target.close()
