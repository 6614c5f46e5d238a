# SPDX-License-Identifier: MIT
"""The simulated DS3231 and the bus it is on: registers, flags, wires, and a life of its own."""

import pytest

from pumpbench.boards.catalog import load_board
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.battery_clock import BatteryClock

BUS = "from machine import I2C, Pin\nbus = I2C(0, sda=Pin(20), scl=Pin(21))\n"


def printed(main, clock=None):
    target = SimTarget(main=main, battery_clock=clock)
    target.run(1)
    assert target.ended.error is None, target.ended.error
    return target.output.decode().split("\r\n")[:-1]


def test_a_new_one_stands_at_2000_and_says_that_it_had_stopped():
    main = BUS + "print(bus.scan(), bus.readfrom_mem(0x68, 0, 7), bus.readfrom_mem(0x68, 15, 1))"
    expected = [f"[104] {bytes([0, 0, 0, 6, 1, 1, 0])} {bytes([0x88])}"]
    assert printed(main, BatteryClock()) == expected


def test_what_is_written_is_read_and_it_goes_on_counting_with_and_without_power():
    clock = BatteryClock()
    write = "bus.writeto_mem(0x68, 0, bytes([0x58, 0x59, 0x23, 1, 0x31, 0x12, 0x27]))"
    printed(BUS + write + "\nbus.writeto_mem(0x68, 15, b'\\0')", clock)
    assert clock.shown.isoformat()[:19] == "2027-12-31T23:59:58"
    clock.pass_by(3600.5)
    assert printed(BUS + "print(bus.readfrom_mem(0x68, 0, 7).hex())", clock) == ["59590006010128"]
    assert not clock.has_stopped
    assert clock.writes == 2


def test_the_flag_can_be_cleared_and_not_set():
    clock = BatteryClock()
    clock.set("2026-03-01T07:30:00")
    printed(BUS + "bus.writeto_mem(0x68, 15, b'\\xff')", clock)
    assert not clock.has_stopped


@pytest.mark.parametrize(
    ("hour", "register"), [(0, 0x52), (11, 0x51), (12, 0x72), (13, 0x61), (23, 0x71)]
)
def test_twelve_hours_are_counted_as_the_datasheet_says(hour, register):
    clock = BatteryClock()
    clock.set(f"2026-03-01T{hour:02}:30:00")
    clock.count_twelve()
    assert clock.read(2, 1)[0] == register
    clock.write(2, bytes([register]))
    assert clock.shown.hour == hour


def test_nobody_answers_on_other_wires_at_another_address_or_without_a_clock():
    ask = "try:\n    bus.readfrom_mem({}, 0, 7)\nexcept OSError as e:\n    print(e.errno)"
    other = "from machine import I2C, Pin\nbus = I2C(0, sda=Pin(4), scl=Pin(5))\n"
    assert printed(BUS + ask.format(0x68)) == ["5"]
    assert printed(BUS + ask.format(0x57), BatteryClock()) == ["5"]
    assert printed(other + ask.format(0x68), BatteryClock()) == ["5"]


@pytest.mark.parametrize("wires", ["sda=Pin(21), scl=Pin(20)", "sda=Pin(2), scl=Pin(3)"])
def test_pins_that_are_not_of_the_bus_are_refused(wires):
    target = SimTarget(main=f"from machine import I2C, Pin\nI2C(0, {wires})")
    target.run(1)
    assert isinstance(target.ended.error, ValueError)


def test_the_wires_in_the_board_file_are_of_that_bus():
    board = load_board("RPI_PICO")
    number, sda, scl = board.I2C
    main = f"from machine import I2C, Pin\nI2C({number}, sda=Pin('{sda}'), scl=Pin('{scl}'))"
    assert printed(main) == []
    assert not {sda, scl} & set(board.PINS.values())
