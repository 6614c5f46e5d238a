# SPDX-License-Identifier: MIT
"""The simulated watchdog: who is not fed in time is reset, whatever the firmware does instead."""

import pytest

from pumpbench.images.flashfiles import read_files
from pumpbench.images.image import BLOCK_BYTES
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.flash import FLASH_BYTES, INSIDE, flash_at
from pumpbench.targets.sim.guard import start_guard
from pumpbench.targets.sim.world import BoardReset

SCRATCH = 0x4005800C
REASON = 0x40058008


def started(then, **options):
    """A board whose watchdog of 100 ms runs from 50 ms on; `then` follows."""
    main = f"import machine, time\ntime.sleep_ms(50)\nwdt = machine.WDT(timeout=100)\n{then}"
    return SimTarget(main=main, **options)


def bitten(target, seconds=1.0):
    """When the watchdog bit, in ms."""
    target.run(seconds)
    assert target.was_reset_by_watchdog
    assert isinstance(target.ended.error, BoardReset)
    return target.ended.t_ns / 1e6


def test_a_firmware_that_feeds_in_time_lives():
    target = started("while True:\n    wdt.feed()\n    time.sleep_ms(99)")
    target.run(60)
    assert not target.was_reset_by_watchdog
    assert target.ended is None


@pytest.mark.parametrize(
    "then",
    [
        "time.sleep(10)",
        "while True: machine.idle()",
        "while True: time.sleep_us(10)",
        "while True: time.ticks_us()",
        "import sys\nsys.stdin.read(1)",
        "import select, sys\npoll = select.poll()\npoll.register(sys.stdin, 1)\npoll.poll()",
        "import rp2\nrp2.StateMachine(0).get()",
        "try:\n    time.sleep(1)\nexcept:\n    time.sleep(1)",
        "try:\n    time.sleep(1)\nexcept:\n    pass",
        "while True:\n    try:\n        machine.idle()\n    except Exception:\n        pass",
    ],
)
def test_a_firmware_that_hangs_is_reset_when_the_time_is_over(then):
    assert bitten(started(then)) == 150


def test_a_firmware_that_only_computes_is_reset_when_the_time_is_over():
    target = started("while True: pass")
    start_guard(look_s=0.05)
    try:
        assert bitten(target) == 150
    finally:
        start_guard()


def test_a_firmware_that_ended_is_reset_too():
    target = started("wdt.feed()")
    target.run(1)
    assert target.was_reset_by_watchdog
    assert (target.ended.error, target.ended.t_ns) == (None, 50_000_000)


def test_the_last_feed_counts():
    assert bitten(started("time.sleep_ms(30)\nwdt.feed()\ntime.sleep(9)")) == 180


def test_its_register_stops_it_and_it_can_be_started_again():
    stop = "control = 0x40058000\nmachine.mem32[control] = machine.mem32[control] & ~(1 << 30)\n"
    target = started(stop + "time.sleep(1)\nwdt = machine.WDT(timeout=200)\ntime.sleep(9)")
    target.run(1.2)
    assert not target.was_reset_by_watchdog
    assert bitten(target, 0.2) == 1250


def test_a_watchdog_set_up_anew_has_the_new_time():
    assert bitten(started("machine.WDT(0, 20)\ntime.sleep(9)")) == 70
    assert bitten(started("machine.WDT(timeout=300).feed()\ntime.sleep(9)")) == 350


def test_times_a_chip_cannot_do_are_refused():
    main = """
import machine
for settings in ({"timeout": 8389}, {"timeout": -1}, {"id": 1}):
    try:
        machine.WDT(**settings)
    except ValueError as error:
        print(error)
machine.WDT(timeout=8388)
"""
    target = SimTarget(main=main)
    target.run(8.387)
    assert target.output.count(b"timeout exceeds 8388\r\n") == 2
    assert b"WDT(1) doesn't exist" in target.output
    assert not target.was_reset_by_watchdog
    target.run(0.002)
    assert target.was_reset_by_watchdog


def test_a_reset_stops_pio_and_releases_the_driver():
    main = """
import machine, rp2
from machine import Pin
@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def steps():
    set(pins, 1) [15]
    set(pins, 0) [15]
Pin(3, Pin.OUT, value=1)
Pin(4, Pin.OUT, value=0)
Pin(15, Pin.OUT, value=1)
rp2.StateMachine(0, steps, freq=32000, set_base=Pin(2)).active(1)
machine.WDT(timeout=100)
while True:
    machine.idle()
"""
    target = SimTarget(main=main)
    target.run(0.0999)
    assert target.plant.is_enabled and target.pin("buzzer").level == 1
    before = target.plant.pulses.count
    target.run(5)
    assert not target.plant.is_enabled
    assert target.world.pio.running == []
    assert before == 100 and target.plant.pulses.count - before <= 1
    assert target.plant.pulses.last_ns <= 100_000_000
    assert target.pin("buzzer").level == target.pin("step").level == 0
    assert target.plant.motor.missed_steps == 0


def test_nothing_of_the_firmware_runs_after_a_reset():
    main = """
import machine, time
from machine import Pin
lamp = Pin(25, Pin.OUT, value=0)
def tick(_):
    print("tick")
    lamp.on()
machine.Timer(period=40, mode=machine.Timer.PERIODIC, callback=tick)
machine.WDT(timeout=100)
try:
    time.sleep(9)
finally:
    print("last words")
    open("last", "w").close()
"""
    target = SimTarget(main=main)
    target.run(1)
    assert target.output == b"tick\r\ntick\r\n"
    assert target.pin(25).level == 0
    assert read_files(target.flash) == {}


def test_a_reset_inside_a_flash_operation_leaves_it_half_done():
    used = 2 * BLOCK_BYTES
    start = SimTarget().flash[:used] + bytes(FLASH_BYTES - used)
    main = "while True:\n    with open('a', 'w') as file: file.write('x' * 600)"
    target = started(main, flash=start)
    assert bitten(target) == 150
    flash = target.world.flash
    last = flash.operations[-1]
    assert last.kind == "erase"
    assert target.flash[last.block * BLOCK_BYTES :].startswith(b"\xff" * 2048 + b"\0" * 2048)
    assert target.flash == flash_at(
        flash.start, flash.operations, len(flash.operations) - 1, INSIDE
    )
    assert read_files(target.flash)["/a"] in (b"", b"x" * 600)


def test_flash_and_scratch_registers_come_through_a_reset():
    main = f"""
import machine, time
scratch = [machine.mem32[{SCRATCH} + 4 * i] for i in range(8)]
print(machine.reset_cause(), machine.mem32[{REASON}], scratch)
for i in range(8):
    machine.mem32[{SCRATCH} + 4 * i] = scratch[i] + 1000 * i - 1
with open("life", "a") as file:
    file.write("*")
print(open("life").read())
machine.WDT(timeout=500)
time.sleep(9)
"""
    first = SimTarget(main=main)
    first.run(1)
    assert first.scratch == (0xFFFF_FFFF, 999, 1999, 2999, 3999, 4999, 5999, 6999)
    again = SimTarget(main=main, flash=first.flash, scratch=first.scratch, reset_cause=3)
    again.run(1)
    assert first.output == b"1 0 [0, 0, 0, 0, 0, 0, 0, 0]\r\n*\r\n"
    assert again.output == b"3 1 [4294967295, 999, 1999, 2999, 3999, 4999, 5999, 6999]\r\n**\r\n"


def test_a_reset_by_software_ends_the_firmware_and_is_told_from_the_watchdogs():
    main = f"""
import machine
print(machine.mem32[{REASON}])
try:
    machine.reset()
finally:
    print("still here")
"""
    target = SimTarget(main=main)
    target.run(1)
    assert isinstance(target.ended.error, BoardReset)
    assert not target.was_reset_by_watchdog
    reason = target.world.watchdog.reason
    again = SimTarget(main=main, reset_cause=3, reset_reason=reason)
    again.run(1)
    assert (target.output, again.output) == (b"0\r\n", b"2\r\n")


@pytest.mark.parametrize(
    "access",
    [
        "mem32[0x4005802C]",
        "mem32[0x40058004] = 1",
        "mem32[0x40058000] = 1 << 31",
        f"mem32[{REASON}] = 0",
        "mem32[0]",
    ],
)
def test_registers_that_are_not_simulated_are_an_error(access):
    target = SimTarget(main=f"from machine import mem32\n{access}")
    target.run(1)
    assert isinstance(target.ended.error, NotImplementedError)


def test_there_are_eight_scratch_registers():
    with pytest.raises(ValueError, match="8"):
        SimTarget(scratch=(1, 2))


def test_what_firmware_writes_on_its_way_out_does_not_reach_the_registers():
    main = f"""
import machine
machine.mem32[{SCRATCH}] = 5
try:
    machine.reset()
finally:
    machine.mem32[{SCRATCH}] = 6
"""
    target = SimTarget(main=main)
    target.run(1)
    assert isinstance(target.ended.error, BoardReset)
    assert target.scratch[0] == 5
