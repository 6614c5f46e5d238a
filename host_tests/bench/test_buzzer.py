# SPDX-License-Identifier: MIT
"""The buzzer and the lamps: their pulses and changes, however a target tells of them."""

from types import ModuleType

import pytest
from rp2040py.gpio_pin import GPIOPinState

from pumpbench.boards.catalog import load_board
from pumpbench.plant.buzzer import Buzzer, Lamp
from pumpbench.plant.plant import Plant
from pumpbench.targets.emulator import wiring
from pumpbench.targets.sim import SimTarget

MS_NS = 1_000_000


@pytest.fixture
def buzzer():
    return Buzzer()


def pulse(buzzer, rise_ns, width_ns):
    buzzer.change(True, rise_ns)
    buzzer.change(False, rise_ns + width_ns)


def board_with(**pins):
    board = load_board("RPI_PICO")
    changed = ModuleType("board")
    changed.__dict__.update(vars(board))
    merged = {**board.PINS, **pins}
    changed.PINS = {name: pin for name, pin in merged.items() if pin}
    return changed


def ran(main, board, seconds=1.0):
    target = SimTarget(board, main=main)
    target.run(seconds)
    return target


def test_single_edges_make_pulses(buzzer):
    pulse(buzzer, 100, 7)
    pulse(buzzer, 300, 9)
    assert list(buzzer.pulses()) == [(100, 7), (300, 9)]
    assert (buzzer.count, buzzer.is_on, buzzer.last_ns) == (2, False, 309)


def test_a_pulse_that_is_on_counts_and_has_no_width_yet(buzzer):
    buzzer.change(True, 100)
    buzzer.change(True, 150)
    assert (buzzer.count, buzzer.is_on, buzzer.last_ns) == (1, True, 100)
    assert list(buzzer.pulses()) == []
    buzzer.change(False, 200)
    assert (buzzer.count, list(buzzer.pulses())) == (1, [(100, 100)])


def test_a_train_is_its_rises_and_then_its_falls(buzzer):
    buzzer.change(True, 1_000, 500, 4)
    buzzer.change(False, 1_060, 500, 4)
    assert list(buzzer.pulses()) == [(1_000, 60), (1_500, 60), (2_000, 60), (2_500, 60)]
    assert (buzzer.count, buzzer.is_on, buzzer.last_ns) == (4, False, 2_560)


def test_a_train_may_begin_within_a_pulse(buzzer):
    buzzer.change(True, 1_000)
    buzzer.change(False, 1_060, 500, 3)
    buzzer.change(True, 1_500, 500, 3)
    assert (buzzer.count, buzzer.is_on, buzzer.last_ns) == (4, True, 2_500)
    buzzer.change(False, 2_560)
    assert list(buzzer.pulses()) == [(1_000, 60), (1_500, 60), (2_000, 60), (2_500, 60)]
    assert len(buzzer._trains) == 1


def test_what_goes_on_alike_is_one_train(buzzer):
    pulse(buzzer, 0, 60)
    for start_ns in range(500, 500_000_000, 500_000):
        buzzer.change(True, start_ns, 500, 1_000)
        buzzer.change(False, start_ns + 60, 500, 1_000)
    assert buzzer.count == 1_000_001
    assert len(buzzer._trains) == 1


def test_another_width_or_period_is_another_train(buzzer):
    for rise_ns, width_ns in ((0, 60), (500, 60), (1_000, 70), (1_500, 70), (2_100, 70)):
        pulse(buzzer, rise_ns, width_ns)
    assert [train.many for train in buzzer._trains] == [2, 2, 1]
    assert [rise_ns for rise_ns, _ in buzzer.pulses()] == [0, 500, 1_000, 1_500, 2_100]


def test_clear_forgets_the_pulses_that_ended(buzzer):
    pulse(buzzer, 0, 60)
    buzzer.change(True, 500)
    buzzer.clear()
    assert (buzzer.count, list(buzzer.pulses())) == (1, [])
    buzzer.change(False, 560)
    assert list(buzzer.pulses()) == [(500, 60)]


def test_edges_that_do_not_belong_together_are_refused(buzzer):
    with pytest.raises(ValueError, match="changes nothing"):
        buzzer.change(False, 0, 500, 4)
    buzzer.change(True, 0, 500, 4)
    with pytest.raises(ValueError, match="belong"):
        buzzer.change(False, 60, 500, 3)
    pulse(buzzer, 1_000, 60)
    with pytest.raises(ValueError, match="before"):
        buzzer.change(True, 1_059)


def test_a_lamp_keeps_its_changes():
    lamp = Lamp()
    lamp.change(False, 5)
    lamp.change(True, 10)
    lamp.change(False, 20, 100, 2)
    lamp.change(True, 30, 100, 2)
    assert lamp.changes == [(10, True), (20, False), (30, True), (120, False), (130, True)]
    assert lamp.is_on
    lamp.clear()
    assert lamp.changes == []


def test_a_plant_has_the_lamps_that_the_board_names():
    assert set(Plant(load_board("RPI_PICO")).lamps) == {"lamp"}
    board = board_with(lamp=None, lamp_red="GP16", lamp_yellow="!GP17")
    assert set(Plant(board).lamps) == {"lamp_red", "lamp_yellow"}


BY_HAND = """
import time
from machine import Pin
buzzer, lamp = Pin(15, Pin.OUT, value=%d), Pin(25, Pin.OUT, value=0)
for _ in range(3):
    lamp.on()
    buzzer.toggle()
    time.sleep_us(240)
    buzzer.toggle()
    lamp.off()
    time.sleep_us(1671)
"""
THREE = [(0, 240_000), (1_911_000, 240_000), (3_822_000, 240_000)]


def test_on_sim_a_firmware_is_heard_and_seen():
    target = ran(BY_HAND % 0, "RPI_PICO")
    assert list(target.plant.buzzer.pulses()) == THREE
    changes = target.plant.lamps["lamp"].changes
    assert changes[:3] == [(0, True), (240_000, False), (1_911_000, True)]
    assert target.pin("buzzer").changes[:2] == [(0, 1), (240_000, 0)]


def test_on_sim_a_buzzer_that_is_active_low_is_silent_at_power_up():
    target = ran(BY_HAND % 1, board_with(buzzer="!GP15"))
    assert list(target.plant.buzzer.pulses()) == THREE


def test_a_board_may_lack_buzzer_and_lamp():
    target = ran(BY_HAND % 0, board_with(buzzer=None, lamp=None))
    assert target.plant.buzzer.count == 0
    assert target.plant.lamps == {}


PIO = """
import rp2, time
from machine import Pin
@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def square():
    set(pins, 1)[3]
    set(pins, 0)[27]
    nop()[31]
sm = rp2.StateMachine(0, square, freq=64_000, set_base=Pin(15))
sm.active(1)
time.sleep_ms(1000)
sm.active(0)
"""


@pytest.mark.parametrize("extrapolate", [True, False])
def test_on_sim_trains_of_pio_are_kept_as_trains(extrapolate):
    target = SimTarget(main=PIO, extrapolate=extrapolate)
    target.run(2)
    pulses = list(target.plant.buzzer.pulses())
    assert pulses == [(n * MS_NS, 62_500) for n in range(len(pulses))]
    assert len(pulses) in (1_000, 1_001)
    assert len(target.plant.buzzer._trains) == 1
    rises = [t_ns for t_ns, level in target.pin("buzzer").changes if level]
    assert rises[: len(pulses)] == [rise_ns for rise_ns, _ in pulses]
    times = [t_ns for t_ns, _ in target.pin("buzzer").changes]
    assert times == sorted(times)


def test_a_reset_of_the_chip_ends_the_pulse():
    main = """
import machine, time
from machine import Pin
Pin(15, Pin.OUT, value=1)
Pin(25, Pin.OUT, value=1)
time.sleep_ms(100)
machine.reset()
"""
    plant = ran(main, "RPI_PICO").plant
    assert list(plant.buzzer.pulses()) == [(0, 100 * MS_NS)]
    assert plant.lamps["lamp"].changes == [(0, True), (100 * MS_NS, False)]


class Gpio:
    """A pin as rp2040py has it, without the chip."""

    def __init__(self):
        self.value, self.told = GPIOPinState.INPUT, []

    def add_listener(self, listener):
        self.told.append(listener)

    def set(self, level):
        self.value = GPIOPinState.HIGH if level else GPIOPinState.LOW
        for listener in self.told:
            listener(self.value, None)

    def set_input_value(self, level):
        pass

    def release_input(self):
        pass


class Chip:
    """As much of an emulated chip as the wiring asks for."""

    def __init__(self):
        self.now_ns = 0
        self.gpios = [Gpio() for _ in range(30)]

    def gpio(self, number):
        return self.gpios[number]

    def inputs_changed(self):
        pass


@pytest.mark.parametrize("text, on", [("GP15", 1), ("!GP15", 0)])
def test_the_wiring_of_the_emulator_tells_the_plant(text, on):
    board, chip = board_with(buzzer=text, lamp="GP25"), Chip()
    plant = Plant(board)
    probes = wiring.attach(chip, board, plant)
    for t_ns, is_on in ((100, True), (160, False), (600, True)):
        chip.now_ns = t_ns
        for number, level in ((15, on if is_on else 1 - on), (25, is_on)):
            chip.gpios[number].set(level)
    chip.now_ns = 650
    for number in (15, 25):  # a reset of the chip
        chip.gpios[number].value = GPIOPinState.INPUT
        probes[number].look()
    assert list(plant.buzzer.pulses()) == [(100, 60), (600, 50)]
    assert plant.lamps["lamp"].changes == [(100, True), (160, False), (600, True), (650, False)]


def test_the_wiring_of_the_emulator_takes_boards_without_alarms():
    board = board_with(buzzer=None, lamp=None)
    plant = Plant(board)
    wiring.attach(Chip(), board, plant)
    assert plant.buzzer.count == 0
