# SPDX-License-Identifier: MIT
"""The simulated flash: NOR rules, time, power cuts, and files that outlive the power."""

from itertools import pairwise

import pytest
from greenlet import getcurrent

from pumpbench.flashfiles import read_files, with_file, without_file
from pumpbench.image import BLOCK_BYTES, PROG_BYTES
from pumpbench.sim import SimTarget
from pumpbench.sim.flash import (
    AFTER,
    BEFORE,
    FLASH_BYTES,
    INSIDE,
    PHASES,
    TORN,
    NotErased,
    flash_at,
    images,
)

PAGE = bytes(range(PROG_BYTES))

# Rewrites one file and appends to another one, again and again.
WRITER = """
import os, time
time.sleep_ms(10)
for n in range(12):
    with open("value", "w") as file:
        file.write("%04d" % n * 300)
    with open("log", "ab") as file:
        file.write(b"line %03d\\n" % n)
    if n % 5 == 4:
        os.rename("log", "old")
print("done")
"""

# Writes for a long time, while PIO makes 1000 pulses a second on GP15.
PULSES = """
import rp2, time
from machine import Pin
@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def pulses():
    wrap_target()
    set(pins, 1) [1]
    set(pins, 0) [1]
    wrap()
rp2.StateMachine(0, pulses, freq=4000, set_base=Pin(15)).active(1)
with open("big", "wb") as file:
    start = time.ticks_us()
    file.write(b"x" * 40960)
print(time.ticks_diff(time.ticks_us(), start))
"""


def empty():
    """A flash of which nothing is used by anything else."""
    return SimTarget().world.flash


def ran(main, seconds=10.0, **options):
    target = SimTarget(main=main, **options)
    target.run(seconds)
    return target


@pytest.fixture(scope="module")
def writer():
    target = ran(WRITER)
    assert target.output == b"done\r\n"
    return target


def test_a_page_is_programmed_into_an_erased_block_and_read_back():
    flash = empty()
    flash.erase(7)
    flash.program(7, 512, PAGE * 2)
    assert flash.read(7, 500, 12 + 512 + 4) == b"\xff" * 12 + PAGE * 2 + b"\xff" * 4
    assert flash.content[7 * BLOCK_BYTES + 512 :][: PROG_BYTES * 2] == PAGE * 2


@pytest.mark.parametrize("offset", [0, 256])
def test_programming_what_is_not_erased_is_an_error(offset):
    flash = empty()
    flash.erase(7)
    flash.program(7, 256, PAGE)
    with pytest.raises(NotErased):
        flash.program(7, offset, b"\xff" * 255 + PAGE + b"\0")
    flash.erase(7)
    flash.program(7, offset, PAGE)


def test_a_firmware_that_programs_what_is_not_erased_fails_the_test():
    main = """
try:
    open("a", "w").write("a" * 5000)
except Exception:
    pass
"""
    used = 2 * BLOCK_BYTES
    flash = SimTarget().flash[:used] + bytes(FLASH_BYTES - used)
    assert ran(main, flash=flash).ended.error is None
    target = SimTarget(main=main, flash=flash)
    target.world.flash.erase = lambda _block: None
    with pytest.raises(NotErased):
        target.run(1)


def test_a_flash_of_another_size_is_refused():
    with pytest.raises(ValueError, match="1441792"):
        SimTarget(flash=bytes(FLASH_BYTES - 1))


def test_every_operation_is_recorded_with_its_time():
    flash = empty()
    world = SimTarget().world
    flash = world.flash
    flash.erase(3)
    flash.program(3, 0, PAGE * 2)
    assert [operation[:4] for operation in flash.operations] == [
        (0, "erase", 3, 0),
        (1, "prog", 3, 0),
        (2, "prog", 3, 256),
    ]
    assert [operation.data for operation in flash.operations] == [b"", PAGE, PAGE]
    assert [operation.t_ns for operation in flash.operations] == [0, 45_000_000, 45_500_000]
    assert world.now_ns == 46_000_000


def test_a_cut_leaves_an_operation_undone_half_done_torn_or_done():
    flash = empty()
    flash.erase(3)
    flash.program(3, 0, PAGE)
    flash.erase(3)

    def block(index, phase):
        return flash_at(flash.start, flash.operations, index, phase)[3 * BLOCK_BYTES :][
            :BLOCK_BYTES
        ]

    blank = b"\xff" * BLOCK_BYTES
    assert block(1, BEFORE) == blank
    assert block(1, INSIDE) == PAGE[:128] + blank[128:]
    torn = bytes(byte | 0xAA for byte in PAGE[128:])
    assert block(1, TORN) == PAGE[:128] + torn + blank[256:]
    assert block(1, AFTER) == block(2, BEFORE) == PAGE + blank[256:]
    assert block(2, INSIDE) == blank
    assert block(2, AFTER) == blank


def test_an_erase_cut_short_leaves_the_second_half_of_the_block():
    flash = empty()
    flash.erase(3)
    flash.program(3, BLOCK_BYTES - PROG_BYTES, PAGE)
    flash.erase(3)
    cut = flash_at(flash.start, flash.operations, 2, INSIDE)
    assert cut[4 * BLOCK_BYTES - PROG_BYTES : 4 * BLOCK_BYTES] == PAGE
    torn = flash_at(flash.start, flash.operations, 2, TORN)
    expected = bytes(byte | 0x55 for byte in PAGE)
    assert torn[4 * BLOCK_BYTES - PROG_BYTES : 4 * BLOCK_BYTES] == expected


def test_an_operation_that_there_is_not_cannot_be_cut():
    with pytest.raises(IndexError):
        flash_at(empty().start, [], 0, AFTER)


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
    assert ran("import os\nprint(os.listdir())").output == b"[]\r\n"


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
        files = read_files(image)
        count += 1
        assert files.get("/value", b"") in values
        for path in ("/log", "/old"):
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


def test_a_write_takes_as_long_as_its_operations():
    target = ran(WRITER)
    flash = target.world.flash
    times = [operation.t_ns for operation in flash.operations]
    took = {"erase": 45_000_000, "prog": 500_000}
    assert times[0] == 10_000_000
    assert [b - a for a, b in pairwise(times)] == [
        took[operation.kind] for operation in flash.operations[:-1]
    ]


def test_a_flash_can_be_as_slow_as_the_worst_there_is():
    target = SimTarget(main="open('a', 'w').write('x' * 5000)")
    target.world.flash.erase_ns = 400_000_000
    target.run(5)
    first, erase, after = target.world.flash.operations[:3]
    assert (first.t_ns, erase.kind, erase.t_ns, after.t_ns) == (0, "erase", 500_000, 400_500_000)


def test_pio_goes_on_while_the_flash_is_written():
    target = ran(PULSES)
    took_us = int(target.output)
    assert took_us >= 10 * 45_000 + 160 * 500 - 1000
    rises = [t_ns for t_ns, level in target.pin(15).changes if level]
    assert {b - a for a, b in pairwise(rises)} == {1_000_000}
    assert len(rises) == 10_001


def test_interrupts_wait_until_the_flash_is_written():
    main = """
import machine, time
machine.Timer(mode=machine.Timer.ONE_SHOT, period=1, callback=lambda _: print(time.ticks_ms()))
with open("a", "w") as file:
    file.write("x" * 600)
time.sleep_ms(10)
"""
    target = ran(main, ticks_ms_at_boot=0)
    operations = target.world.flash.operations
    assert int(target.output) * 1_000_000 >= operations[-1].t_ns > 45_000_000


def test_time_can_be_stopped_inside_an_operation():
    target = SimTarget(main="with open('a', 'w') as file: file.write('x' * 600)\nprint('done')")
    target.run(0.02)
    assert target.now_ns == 20_000_000
    flash = target.world.flash
    assert [operation.kind for operation in flash.operations] == ["prog", "erase"]
    assert target.flash == flash_at(flash.start, flash.operations, 1, INSIDE)
    target.run(1)
    assert read_files(target.flash) == {"/a": b"x" * 600}


def test_a_test_hears_of_every_operation_before_it():
    target = SimTarget(main=PULSES)
    heard = []

    def note(operation):
        pulses = sum(level for _, level in target.pin(15).changes)
        heard.append((operation, target.now_ns, pulses, target.flash))

    target.world.flash.on_operation = note
    target.run(2)
    flash = target.world.flash
    assert [operation for operation, _, _, _ in heard] == flash.operations
    for operation, now_ns, pulses, content in heard[1 :: len(heard) // 5]:
        assert operation.t_ns == now_ns
        assert pulses == now_ns // 1_000_000 + 1
        assert content == flash_at(flash.start, flash.operations, operation.index, BEFORE)


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
    assert target.output == b"['a']\r\n"


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
