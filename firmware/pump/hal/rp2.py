# SPDX-License-Identifier: MIT
"""The rp2 port (RP2040, RP2350): pins, step engine, console and rest, built from a board's data.

Nothing is touched at import. `make_safe` is the first thing to run after any reset; pins keep
their level across a soft reset.
"""

import os
import time

import machine
from machine import Pin
from micropython import const

from pump.hal import console, pins, rp2_watchdog
from pump.hal.rp2_steps import StepEngine, edge_counter

_POLL_US = const(10_000)  # between two looks at the console: a look costs the next idle
_DOZE_MS = const(20)
_NAP_US = const(250_000)  # the longest rest, should an interrupt be missed

_UARTS = {"RP2040": (0x4003_4004, 0x4003_8004), "RP2350": (0x4007_0004, 0x4007_8004)}  # UARTRSR
# SOF_RD of the USB controller, the number of the last frame. Reading it clears the interrupt of
# that frame: should it still be pending, USB sends a frame later.
_FRAMES = const(0x50110048)

_SAMPLES = const(10)  # of a button at power-up
_SAMPLE_MS = const(5)
_CRY_PULSES = const(500)  # of C5, 523 Hz
_CRY_ON_US = const(240)
_CRY_OFF_US = const(1_670)

_LAMPS = ("lamp_red", "lamp_yellow")
_OUTPUTS = ("step", "dir", "enable", "buzzer", "lamp") + _LAMPS
_BUTTONS = ("stop_button", "silence_button", "bolus_button")
_RESET_CAUSES = {machine.PWRON_RESET: "POWER", machine.WDT_RESET: "WATCHDOG"}


class Output:
    """An output pin that is on or off, whichever level that is."""

    def __init__(self, text):
        number, is_low, _ = pins.parse(text)
        self._on = 0 if is_low else 1
        self._pin = Pin(number, Pin.OUT, value=1 - self._on)

    def on(self):
        self._pin.value(self._on)

    def off(self):
        self._pin.value(1 - self._on)


class Input:
    """An input pin that is active or not, whichever level that is."""

    def __init__(self, text):
        self._active = 0 if pins.parse(text)[1] else 1
        self.pin = _input_pin(text)

    def is_active(self):
        return self.pin.value() == self._active


def _input_pin(text):
    number, _, has_pull_up = pins.parse(text)
    return Pin(number, Pin.IN, Pin.PULL_UP) if has_pull_up else Pin(number, Pin.IN)


class Rest:
    """Where the processor waits: until an instant, or until the console has input.

    Input ends `machine.idle`, but so do many other things, and a look at the console leaves an
    event behind that ends the next one: so there are `_POLL_US` between two looks at least, and a
    wake that comes sooner is followed by another as soon as a look is allowed again.
    """

    def __init__(self, clock, port):
        self._clock = clock
        self._port = port
        self._timer = machine.Timer(-1)
        self._is_ended = False
        self._armed_us = 0
        self._looked_us = 0

    def until(self, due_us):
        """Return at `due_us`, or earlier when there is input; at once when it is past."""
        is_woken = False
        while not self._is_ended:
            now_us = self._clock.now_us()
            if now_us - self._looked_us >= _POLL_US:
                self._looked_us = now_us
                is_woken = False
                if self._port.has_input():
                    return
            if now_us >= due_us:
                return
            rest_us = _POLL_US if is_woken else _NAP_US
            self._idle(now_us, min(due_us, self._looked_us + rest_us))
            is_woken = True
        self._is_ended = False

    def end(self):
        """End this rest, or the next one. For interrupts: allocates nothing."""
        self._is_ended = True

    def doze(self):
        """Wait a little, when waiting in any better way has failed. Allocates nothing."""
        time.sleep_ms(_DOZE_MS)

    def _idle(self, now_us, wake_us):
        """Idle until the next interrupt; there is one at `wake_us`, in whole milliseconds."""
        if wake_us != self._armed_us:
            self._armed_us = wake_us
            self._timer.init(
                mode=machine.Timer.ONE_SHOT,
                period=max(-(-(wake_us - now_us) // 1000), 1),
                callback=_nothing,
            )
        machine.idle()


class ButtonLine:
    """The line of a button. An edge makes one interrupt, then none until `take_edge` was called.

    ends_rest: whether an edge ends the rest of the board.
    """

    def __init__(self, text, rest):
        self._input = Input(text)
        self._rest = rest
        self._has_edge = True
        self._on_edge = self._note_edge  # made once: an interrupt allocates nothing
        self.ends_rest = False
        self.is_active = self._input.is_active

    def is_quiet(self):
        """Whether its next edge ends the rest, there was none, and it is not active."""
        return self.ends_rest and not self._has_edge and not self.is_active()

    def take_edge(self):
        """Whether there was an edge since this was last asked; from now on the next one is."""
        if not self._has_edge:
            return False
        self._has_edge = False
        self._input.pin.irq(self._on_edge, Pin.IRQ_FALLING | Pin.IRQ_RISING, hard=True)
        return True

    def _note_edge(self, pin):
        pin.irq(None)
        self._has_edge = True
        if self.ends_rest:
            self._rest.end()


def _nothing(_timer):
    """A timer's callback: the interrupt itself is what wakes the processor."""


def scratch():
    """Memory that survives a reset without power; None on a chip that is not known."""
    base = rp2_watchdog.base()
    return rp2_watchdog.Scratch(base) if base else None


def watchdog_timer():
    """The watchdog's timer; None on a chip that is not known."""
    base = rp2_watchdog.base()
    return rp2_watchdog.Timer(base) if base else None


def rtc(board):
    """The clock with a battery that the board's data says is fitted, or None."""
    if "ds3231" not in board.HAS:
        return None
    from pump.hal.ds3231 import Ds3231

    number, sda, scl = board.I2C
    bus = machine.I2C(number, sda=Pin(pins.parse(sda)[0]), scl=Pin(pins.parse(scl)[0]))
    return Ds3231(bus)


def check(board):
    """ValueError where the driver has not three pins. What else is on one of them does without."""
    numbers = {pins.parse(board.PINS[name])[0] for name in ("step", "dir", "enable")}
    if len(numbers) < 3:
        raise ValueError("board.py: two of step, dir, enable are one pin")


def make_safe(board):
    """Every output of the board to its inactive level."""
    for name in _OUTPUTS:
        if name in board.PINS:
            Output(board.PINS[name])


def is_held(board, button):
    """True when the named button is pressed in every sample of 50 ms; False where there is none.

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
    """The pump cannot run: outputs safe, the lamp on, and a second of sound made by hand."""
    make_safe(board)
    for name in ("lamp",) + _LAMPS:
        if _is_free(board, name):
            Output(board.PINS[name]).on()
    if _is_free(board, "buzzer"):
        buzzer = Output(board.PINS["buzzer"])
        for _ in range(_CRY_PULSES):
            buzzer.on()
            time.sleep_us(_CRY_ON_US)
            buzzer.off()
            time.sleep_us(_CRY_OFF_US)


def step_engine(board, clock):
    """The step engine on the board's driver pins."""
    step, _, _ = pins.parse(board.PINS["step"])
    wires = (step, Output(board.PINS["dir"]), Output(board.PINS["enable"]))
    return StepEngine(wires, board.DRIVER, clock)


def rotor(board):
    """A counter of the rotor's pulses; None where the board's data names no sensor."""
    if "rotor" not in board.HAS:
        return None
    return edge_counter(3, _input_pin(board.PINS["rotor"]))


def speaker(board):
    """The buzzer; None where there is none, its pin is something else's, or there is no DMA."""
    if not _is_free(board, "buzzer"):
        return None
    from pump.hal import rp2_sound

    if not rp2_sound.is_possible():
        return None
    if board.BUZZER == "active":
        from pump.hal import rp2_level as coding
    else:
        from pump.hal import rp2_tone as coding
    return rp2_sound.Speaker(coding, board.PINS["buzzer"])


def stopwatch():
    """A stopwatch that shares no counter with the clock."""
    from pump.hal.rp2_stopwatch import Stopwatch

    return Stopwatch()


def lamps(board):
    """The lamp of HIGH and that of the other priorities: two, twice the same, or None each."""
    names = _LAMPS if _is_free(board, _LAMPS[0]) else ("lamp", "lamp")
    if not _is_free(board, names[0]):
        return (None, None)
    from pump.hal.rp2_lamp import Lamp

    red = Lamp(board.PINS[names[0]], 0)
    return red, Lamp(board.PINS[names[1]], 1) if names == _LAMPS else red


def button_lines(board, rest):
    """The lines of the buttons; None for one that the board does not have."""
    return [
        ButtonLine(board.PINS[name], rest) if _is_free(board, name) else None for name in _BUTTONS
    ]


def _is_free(board, name):
    """Whether the board has such a pin, and nothing else is on it."""
    if name not in board.PINS:
        return False
    numbers = [pins.parse(text)[0] for text in board.PINS.values()]
    return numbers.count(pins.parse(board.PINS[name])[0]) == 1


def console_port(board, clock):
    """The serial line that the board's data names: USB, or a UART."""
    if board.CONSOLE == "usb":
        return console.Usb(clock, _FRAMES)
    _, number, tx, rx, baud = board.CONSOLE
    uart = machine.UART(
        number,
        baudrate=baud,
        tx=Pin(pins.parse(tx)[0]),
        rx=Pin(pins.parse(rx)[0]),
        rxbuf=512,
        txbuf=512,
    )
    return console.Uart(uart, _UARTS[os.uname().machine.split()[-1]][number])


def unique_id():
    """The chip's own number, as hexadecimal digits."""
    return "".join("%02x" % byte for byte in machine.unique_id())


def random_bytes(count):
    """Bytes that nobody can foresee."""
    return os.urandom(count)


def reset_cause():
    """Why the board started: POWER or WATCHDOG (a reset by software counts as the latter)."""
    return _RESET_CAUSES.get(machine.reset_cause(), "OTHER")
