# SPDX-License-Identifier: MIT
"""Pins of a board, and the parts that are the same on every port, built from a board's data.

Nothing is touched at import. `make_safe` is the first call after any reset; pins keep their level
across a soft reset.
"""

import os
import time

import machine
from micropython import const

from pump.hal import pins

_SAMPLES = const(10)  # samples of a button at power-up
_SAMPLE_MS = const(5)
_CRY_PULSES = const(500)  # of C5, 523 Hz
_CRY_ON_US = const(240)
_CRY_OFF_US = const(1_670)

_LAMPS = ("lamp_red", "lamp_yellow")
_OUTPUTS = ("step", "dir", "enable", "buzzer", "lamp") + _LAMPS
_BUTTONS = ("stop_button", "silence_button", "bolus_button")


class Output:
    """An output pin that is on or off, for either polarity. text: as in board data."""

    def __init__(self, text):
        number, is_low, _ = pins.parse(text)
        self._on = 0 if is_low else 1
        self._pin = machine.Pin(number, machine.Pin.OUT, value=1 - self._on)

    def on(self):
        self._pin.value(self._on)

    def off(self):
        self._pin.value(1 - self._on)

    def is_on(self):
        """Whether the pin is at its active level."""
        return self._pin.value() == self._on


class Input:
    """An input pin that is active or not, for either polarity. text: as in board data."""

    def __init__(self, text):
        self._active = 0 if pins.parse(text)[1] else 1
        self.pin = input_pin(text)

    def is_active(self):
        return self.pin.value() == self._active


def input_pin(text):
    """The pin as an input, with its pull-up if the text names one."""
    number, _, has_pull_up = pins.parse(text)
    pin = machine.Pin
    return pin(number, pin.IN, pin.PULL_UP) if has_pull_up else pin(number, pin.IN)


class ButtonLine:
    """The line of a button. An edge makes one interrupt, then none until `take_edge` is called.

    options: of `Pin.irq`, for a hard interrupt where the port has it. ends_rest: whether an edge
    wakes the board.
    """

    def __init__(self, text, rest, options):
        self._input = Input(text)
        self._rest = rest
        self._options = options
        self._has_edge = True
        self._on_edge = self._note_edge  # made once: an interrupt allocates nothing
        self.ends_rest = False
        self.is_active = self._input.is_active

    def is_quiet(self):
        """Whether an edge would wake the board, there was none, and the line is inactive."""
        return self.ends_rest and not self._has_edge and not self.is_active()

    def take_edge(self):
        """Whether there was an edge since the last call; arms the interrupt again."""
        if not self._has_edge:
            return False
        self._has_edge = False
        pin = self._input.pin
        pin.irq(self._on_edge, pin.IRQ_FALLING | pin.IRQ_RISING, **self._options)
        return True

    def _note_edge(self, pin):
        pin.irq(None)
        self._has_edge = True
        if self.ends_rest:
            self._rest.end()


def check(board):
    """ValueError unless the driver has three pins. Another part on one of them is left out."""
    numbers = {pins.parse(board.PINS[name])[0] for name in ("step", "dir", "enable")}
    if len(numbers) < 3:
        raise ValueError("board.py: two of step, dir, enable are one pin")


def make_safe(board):
    """Set every output of the board to its inactive level."""
    for name in _OUTPUTS:
        if name in board.PINS:
            Output(board.PINS[name])


def is_held(board, button):
    """Whether the named button is pressed in every sample for 50 ms; False if there is none.

    The pads of a chip that was reset pull down, and a line with 100 nF takes up to 8 ms to rise.
    """
    if button not in board.PINS:
        return False
    line = Input(board.PINS[button])
    for _ in range(_SAMPLES):
        time.sleep_ms(_SAMPLE_MS)
        if not line.is_active():
            return False
    return True


def cry(board):
    """The pump cannot run: safe outputs, the lamp on, and a second of sound by software."""
    make_safe(board)
    for name in ("lamp",) + _LAMPS:
        if is_free(board, name):
            Output(board.PINS[name]).on()
    if is_free(board, "buzzer"):
        buzzer = Output(board.PINS["buzzer"])
        for _ in range(_CRY_PULSES):
            buzzer.on()
            time.sleep_us(_CRY_ON_US)
            buzzer.off()
            time.sleep_us(_CRY_OFF_US)


def lamps(board, make):
    """(lamp of HIGH, lamp of the others): two, the same one twice, or None each.

    make(text, index): makes the lamp on that pin, index 0 or 1.
    """
    names = _LAMPS if is_free(board, _LAMPS[0]) else ("lamp", "lamp")
    if not is_free(board, names[0]):
        return (None, None)
    red = make(board.PINS[names[0]], 0)
    return red, make(board.PINS[names[1]], 1) if names == _LAMPS else red


def button_lines(board, rest, options):
    """The lines of stop, silence and bolus; None for a button that the board does not have."""
    return [
        ButtonLine(board.PINS[name], rest, options) if is_free(board, name) else None
        for name in _BUTTONS
    ]


def is_free(board, name):
    """Whether the board has this pin, and no other part uses it."""
    if name not in board.PINS:
        return False
    numbers = [pins.parse(text)[0] for text in board.PINS.values()]
    return numbers.count(pins.parse(board.PINS[name])[0]) == 1


def rtc(board):
    """The clock with a battery, or None where the board's data names none."""
    if "ds3231" not in board.HAS:
        return None
    from pump.hal.ds3231 import Ds3231

    number, sda, scl = board.I2C
    pin = machine.Pin
    bus = machine.I2C(number, sda=pin(pins.parse(sda)[0]), scl=pin(pins.parse(scl)[0]))
    return Ds3231(bus)


def unique_id():
    """The chip's serial number, as hexadecimal digits."""
    return "".join("%02x" % byte for byte in machine.unique_id())


def random_bytes(count):
    """`count` unpredictable bytes."""
    return os.urandom(count)


def reset_cause():
    """The reason for the last reset: POWER, WATCHDOG or OTHER.

    A software reset is WATCHDOG on rp2 and OTHER on esp32.
    """
    cause = machine.reset_cause()
    if cause == machine.PWRON_RESET:
        return "POWER"
    return "WATCHDOG" if cause == machine.WDT_RESET else "OTHER"
