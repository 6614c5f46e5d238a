# SPDX-License-Identifier: MIT
"""The simulated flash: NOR rules, time, power cuts, and files that outlive the power."""

from itertools import pairwise

import pytest

from pumpbench.images.flashfiles import read_files
from pumpbench.images.image import BLOCK_BYTES, PROG_BYTES
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.flash import (
    AFTER,
    BEFORE,
    FLASH_BYTES,
    INSIDE,
    TORN,
    NotErased,
    Operation,
    flash_at,
)

PAGE = bytes(range(PROG_BYTES))

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
    world = SimTarget().world
    flash = world.flash
    flash.erase(3)
    flash.program(3, 0, PAGE * 2)
    assert flash.operations == [
        Operation(0, "erase", 3, 0, b"", 0),
        Operation(1, "prog", 3, 0, PAGE, 45_000_000),
        Operation(2, "prog", 3, 256, PAGE, 45_500_000),
    ]
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


def test_a_write_takes_as_long_as_its_operations():
    target = ran("open('a', 'w').write('x' * 50000)")
    flash = target.world.flash
    times = [operation.t_ns for operation in flash.operations]
    took = {"erase": 45_000_000, "prog": 500_000}
    assert len(times) > 190
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


def blank():
    """A board whose filesystem has not even folders."""
    target = SimTarget(flash=bytes(FLASH_BYTES), main="import os\nos.listdir()")
    target.run(0.5)
    return target


def test_time_can_be_stopped_inside_an_operation():
    main = "with open('a', 'w') as file: file.write('x' * 600)"
    used = 2 * BLOCK_BYTES
    start = blank().flash[:used] + bytes(FLASH_BYTES - used)
    target = SimTarget(main=main, flash=start)
    target.run(0.02)
    assert target.now_ns == 20_000_000
    flash = target.world.flash
    assert [operation.kind for operation in flash.operations] == ["prog", "erase"]
    assert target.flash == flash_at(start, flash.operations, 1, INSIDE)
    assert target.flash not in (start, flash_at(start, flash.operations, 1, AFTER))
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
