# SPDX-License-Identifier: MIT
"""Files on the simulated flash: what a power cut leaves of them, and what comes back with it."""

import pytest
from greenlet import getcurrent

from pumpbench.images.flashfiles import read_files, with_file, without_file
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.flash import AFTER, FLASH_BYTES, PHASES, flash_at, images

# Rewrites one file and appends to another one, again and again.
WRITER = """
import os, time
time.sleep_ms(10)
for n in range(12):
    with open("value", "w") as file:
        file.write("%04d" % n * 300)
    with open("log.txt", "ab") as file:
        file.write(b"line %03d\\n" % n)
    if n % 5 == 4:
        os.rename("log.txt", "old.txt")
print("done")
"""


def ran(main, seconds=10.0, **options):
    target = SimTarget(main=main, **options)
    target.run(seconds)
    return target


@pytest.fixture(scope="module")
def writer():
    target = ran(WRITER)
    assert target.output == b"done\r\n"
    return target


def test_files_survive_a_power_cut_and_scratch_registers_do_not():
    main = """
import machine
try:
    print("found", open("note").read())
except OSError:
    machine.mem32[0x4005800C] = 7
    with open("note", "w") as file:
        file.write("kept")
print(machine.mem32[0x4005800C])
"""
    first = ran(main)
    again = ran(main, flash=first.flash)
    assert (first.output, again.output) == (b"7\r\n", b"found kept\r\n0\r\n")


def test_the_flash_of_a_board_starts_with_no_files_and_is_its_own():
    assert read_files(SimTarget().flash) == {}
    ran("open('a', 'w').close()")
    assert ran("import os\nprint(os.listdir())").output == b"['copy', 'data', 'log']\r\n"


def test_what_is_not_closed_is_not_there_after_a_power_cut():
    main = "import time\nfile = open('a', 'w')\nfile.write('x' * 9000)\ntime.sleep(9)"
    target = ran(main, 2)
    assert target.world.flash.operations
    assert read_files(target.flash) == {"/a": b""}


def test_every_cut_leaves_an_old_or_a_new_content_of_every_file(writer, record_property):
    values = {(b"%04d" % n) * 300 for n in range(12)} | {b""}
    flash = writer.world.flash
    count = 0
    for _, _, image in images(flash.start, flash.operations):
        files = read_files(bytes(image))
        count += 1
        assert files.get("/value", b"") in values
        for path in ("/log.txt", "/old.txt"):
            lines = files.get(path, b"").splitlines(keepends=True)
            assert all(len(line) == 9 for line in lines) and len(lines) <= 5
    assert count == len(flash.operations) * len(PHASES)
    assert files == read_files(writer.flash)
    record_property("measured", f"power cuts tried on a board that writes files: {count}")


def test_a_board_goes_on_writing_after_every_cut(writer):
    main = WRITER.replace("range(12)", "range(3)")
    flash = writer.world.flash
    for operation in flash.operations[::7]:
        for phase in PHASES:
            again = ran(
                main, flash=flash_at(flash.start, flash.operations, operation.index, phase)
            )
            assert again.output == b"done\r\n"
            assert not again.world.files.was_formatted
            assert read_files(again.flash)["/value"] == b"0002" * 300


def test_the_content_now_is_what_the_operations_make_of_the_start(writer):
    flash = writer.world.flash
    last = len(flash.operations) - 1
    assert flash_at(flash.start, flash.operations, last, AFTER) == writer.flash


def test_a_board_closed_inside_an_operation_writes_no_more():
    main = """
try:
    while True:
        with open("a", "w") as file:
            file.write("x" * 600)
finally:
    print("on")
    open("b", "w").close()
"""
    target = SimTarget(main=main)
    target.run(0.2)
    operations = list(target.world.flash.operations)
    content = target.flash
    target.close()
    assert target.world.flash.operations == operations
    assert target.flash == content
    assert target.output == b""


def test_boards_write_in_turn_without_touching_each_other():
    first, second = SimTarget(main=WRITER), SimTarget(main=WRITER)
    for _ in range(400):
        first.run(0.007)
        second.run(0.011)
    alone = ran(WRITER)
    assert first.flash == second.flash == alone.flash
    assert first.world.flash.operations == alone.world.flash.operations


def test_a_test_uses_the_filesystem_of_a_board_that_does_not_run():
    target = SimTarget(main="import os\nprint(os.listdir())")
    with target.world.as_current():
        target.world.test = getcurrent()
        target.world.files.close(target.world.files.open("a", 0x0103))
    target.run(1)
    assert target.output == b"['a', 'copy', 'data', 'log']\r\n"


def test_a_flash_without_a_filesystem_is_formatted_at_boot():
    target = ran("import os\nprint(os.listdir())", flash=bytes(FLASH_BYTES))
    assert target.output == b"[]\r\n"
    assert target.world.files.was_formatted
    assert [operation.kind for operation in target.world.flash.operations].count("erase") == 2


def test_files_are_put_into_a_flash_replaced_and_removed():
    flash = with_file(SimTarget().flash, "/store/a/one", b"1" * 5000)
    flash = with_file(flash, "/two", b"2")
    target = ran("print(len(open('/store/a/one').read()), open('two').read())", flash=flash)
    assert target.output == b"5000 2\r\n"
    flash = without_file(with_file(target.flash, "/two", b"spoiled"), "/store/a/one")
    assert read_files(flash) == {"/two": b"spoiled"}


def test_the_filesystem_may_be_anywhere_in_a_flash():
    head, tail = b"head" * 1000, b"tail"
    whole = head + SimTarget().flash + tail
    whole = with_file(whole, "/a", b"1", offset=4000)
    assert read_files(whole, offset=4000) == {"/a": b"1"}
    assert whole.startswith(head) and whole.endswith(tail)
