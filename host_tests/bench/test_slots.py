# SPDX-License-Identifier: MIT
"""A program is put beside the one that runs: whatever interrupts that, one of the two runs.

The board is the simulated one, which does not run: its `os`, `open`, LittleFS and flash are used,
and firmware/boot.py.
"""

import contextlib

import pytest

from host_tests.support.boards.board_files import board
from pump.hal import program as hal_program
from pumpbench.images.flashfiles import read_files
from pumpbench.images.image import BOOT, FOLDERS, boot, pack
from pumpbench.install import slots
from pumpbench.targets.sim import fake_io, fake_os
from pumpbench.targets.sim.flash import images
from pumpbench.targets.sim.imports import run_main

pytestmark = pytest.mark.slow

OLD = {
    "/main.py": b"old",
    "/board.py": b"NAME = 'RPI_PICO'\n",
    "/pump/app.mpy": b"old" * 900,
    "/pump/same.mpy": b"same" * 300,
    "/pump/stale.mpy": b"stale",
}
NEW = {
    "/main.py": b"new",
    "/board.py": OLD["/board.py"],
    "/pump/app.mpy": b"new" * 1100,
    "/pump/same.mpy": OLD["/pump/same.mpy"],
    "/pump/hal/late.mpy": b"late",
}
OTHER = {"/main.py": b"other", "/pump/app.mpy": b"other" * 500}
LEGACY = {("/lib" + path if path.startswith("/pump") else path): OLD[path] for path in OLD}
LEDGER = {"/data/setup.0": b"not the program's"}


def at(slot, program):
    return {slot + path: data for path, data in program.items()}


STARTS = {  # what a board has -> its files, the program that runs
    "nothing": ({}, {}),
    "an image": ({**OLD, **LEDGER}, OLD),
    "what there was before slots": ({**LEGACY, **LEDGER}, LEGACY),
    "a program in a": ({BOOT: boot(), "/slot": b"/a", **at("/a", OLD), **OTHER}, OLD),
    "a program in b": (
        {BOOT: boot(), "/slot": b"/b", **at("/b", OLD), **at("/a", OTHER)},
        OLD,
    ),
    "one in a, half of one in b": (
        {BOOT: boot(), "/slot": b"/a", **at("/a", OLD), "/b/pump/app.mpy": b"ne"},
        OLD,
    ),
    "one that was to be tried": (
        {BOOT: boot(), "/slot": b"/ /a", **OLD, **at("/a", OTHER)},
        OLD,
    ),
    "a slot that is not there": ({BOOT: boot(), "/slot": b"/b", **OLD}, OLD),
    "a slot of rubbish": ({BOOT: boot(), "/slot": b"\x00nowhere \xff", **OLD}, OLD),
}


def found(flash, free=10**6):
    """What a deployment sees of a board."""
    files = read_files(flash)
    seen = {
        path: slots.sum_of(data)
        for path, data in files.items()
        if path == BOOT or any(f"{path}/".startswith(f"{place}/") for place in slots.PLACES)
    }
    return slots.Found(seen, files.get("/slot", b"").decode("latin-1"), free)


def do(step):
    """As a board does it."""
    if isinstance(step, slots.Remove):
        fake_os.remove(step.path)
    elif isinstance(step, slots.MakeFolder):
        with contextlib.suppress(OSError):
            fake_os.mkdir(step.path)
    else:
        if isinstance(step, slots.Copy):
            with fake_io.open(step.source, "rb") as file:
                content = file.read()
        else:
            content = step.content
        with fake_io.open(step.path, "wb") as file:
            for place in range(0, len(content), 512):
                file.write(content[place : place + 512])


def deployed(flash):
    """Put NEW onto the board whose flash is current; what it did."""
    seen = found(flash.content)
    if slots.is_in(seen, NEW, seen.running):
        return slots.stay(seen)
    steps = slots.before(seen, NEW)
    for step in steps:
        do(step)
    assert slots.is_in(found(flash.content), NEW, seen.target)
    for step in slots.switch(seen, boot()):
        do(step)
    return steps


def booted(image):
    """(program that starts after a reset, flash after boot.py) of a board."""
    with board(bytes(image)) as flash:
        if BOOT in read_files(flash.content):
            run_main(boot().decode(), BOOT)
        here = fake_os.getcwd().rstrip("/")
        files = read_files(flash.content)
        others = tuple(f"{slot}/" for slot in slots.SLOTS)
        if here:
            files = {path: data for path, data in files.items() if path.startswith(here + "/")}
        else:
            files = {path: data for path, data in files.items() if not path.startswith(others)}
        kept = {path.removeprefix(here): data for path, data in files.items()}
        own = (*OLD, *NEW, *OTHER, *LEGACY)
        return {path: kept[path] for path in own if path in kept}, flash.content


def flash_of(files):
    return pack(files)


@pytest.mark.hazard("program-replaced")
@pytest.mark.parametrize("start", STARTS)
def test_a_new_program_is_tried_once_and_stays_where_it_says_that_it_is_good(start):
    files, old = STARTS[start]
    with board(flash_of(files)) as flash:
        assert deployed(flash)
    first, after = booted(flash.content)
    assert first == NEW
    again, after = booted(after)
    assert again == old  # it said nothing: an error, a hang, a self-test that fails
    assert booted(after)[0] == old
    with board(flash.content) as good:
        run_main(boot().decode(), BOOT)
        hal_program.confirm()
        operations = len(good.operations)
        hal_program.confirm()
        assert len(good.operations) == operations
    assert booted(good.content) == (NEW, good.content)
    assert LEDGER.keys() & files.keys() <= read_files(good.content).keys()


@pytest.mark.hazard("program-replaced")
@pytest.mark.parametrize("start", STARTS)
def test_a_power_cut_at_any_step_of_the_flash_leaves_one_of_the_two_programs(
    start, record_property
):
    files, old = STARTS[start]
    with board(flash_of(files)) as flash:
        deployed(flash)
    count, tried = 0, 0
    waiting = (
        [OTHER] if b" " in files.get("/slot", b"") else []
    )  # it was to be tried, and is whole
    for _, _, image in images(flash.start, flash.operations):
        program, after = booted(image)
        assert program in (old, NEW, *waiting)
        tried += program == NEW
        count += 1
        if program == NEW:
            assert booted(after)[0] == old
    record_property(
        "measured", f"deployed onto {start}: {count} cuts, {tried} try the new program"
    )
    assert count > 50
    assert tried


@pytest.mark.hazard("program-replaced")
@pytest.mark.parametrize("start", STARTS)
def test_a_power_cut_while_a_program_is_tried_leaves_one_of_the_two(start):
    files, old = STARTS[start]
    with board(flash_of(files)) as flash:
        deployed(flash)
    with board(flash.content) as trying:
        run_main(boot().decode(), BOOT)
        hal_program.confirm()
    for _, _, image in images(trying.start, trying.operations):
        assert booted(image)[0] in (old, NEW)


@pytest.mark.hazard("program-replaced")
@pytest.mark.parametrize("start", STARTS)
def test_after_a_cut_the_next_deployment_brings_it_up(start):
    files, _ = STARTS[start]
    with board(flash_of(files)) as flash:
        deployed(flash)
    cuts = list(images(flash.start, flash.operations))
    for _, _, image in cuts[:: max(len(cuts) // 12, 1)]:
        with board(bytes(image)) as again:
            deployed(again)
        assert booted(again.content)[0] == NEW


def test_the_same_program_is_not_written_again():
    with board(flash_of(OLD)) as flash:
        deployed(flash)
        run_main(boot().decode(), BOOT)
        hal_program.confirm()
        fake_os.chdir("/")
        assert deployed(flash) == []


def test_only_what_differs_is_sent_and_the_rest_is_copied_on_the_board():
    steps = slots.before(found(flash_of(OLD)), NEW)
    sent = {step.path for step in steps if isinstance(step, slots.Write)}
    copied = {step.path for step in steps if isinstance(step, slots.Copy)}
    assert sent == {"/a/main.py", "/a/pump/app.mpy", "/a/pump/hal/late.mpy"}
    assert copied == {"/a/board.py", "/a/pump/same.mpy"}


def test_a_third_program_takes_the_place_of_the_oldest():
    files = {BOOT: boot(), "/slot": b"/b", **at("/a", OTHER), **at("/b", OLD), **LEGACY, **LEDGER}
    with board(flash_of(files)) as flash:
        deployed(flash)
    expected = {BOOT: boot(), "/slot": b"/b /a", **at("/a", NEW), **at("/b", OLD), **LEDGER}
    assert read_files(flash.content) == expected


def test_the_folders_of_the_records_are_made_where_no_program_is_and_only_there():
    steps = slots.before(found(flash_of({})), NEW)
    assert [step.path for step in steps[: len(FOLDERS)]] == list(FOLDERS)
    made = {step.path for step in slots.before(found(flash_of(OLD)), NEW)}
    assert not made & set(FOLDERS)


@pytest.mark.parametrize(("spare", "missing"), [(0, 0), (-1, 1), (-5000, 5000)])
def test_a_board_with_too_little_room_is_known_before_anything_is_written(spare, missing):
    seen = found(flash_of(OLD))
    steps = slots.before(seen, NEW)
    needed = slots.need(steps, slots.Found(seen.sums, seen.pointer, 0))
    assert needed > slots.SPARE_BYTES + sum(map(len, NEW.values()))
    assert slots.need(steps, slots.Found(seen.sums, seen.pointer, needed + spare)) == missing
