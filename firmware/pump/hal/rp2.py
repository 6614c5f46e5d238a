# SPDX-License-Identifier: MIT
"""The rp2 port (RP2040, RP2350): step engine, console and rest, built from a board's data.

Nothing is touched at import.
"""

import os
import time

import machine
from machine import Pin
from micropython import const

from pump.hal import board_io, console, pins, rp2_watchdog
from pump.hal.board_io import (  # noqa: F401 - of this port, too
    Input,
    Output,
    check,
    cry,
    input_pin,
    is_free,
    is_held,
    make_safe,
    random_bytes,
    reset_cause,
    rtc,
    unique_id,
)
from pump.hal.rp2_steps import StepEngine, edge_counter

_POLL_US = const(10_000)  # between two polls of the console: each costs the next idle
_DOZE_MS = const(20)
_NAP_US = const(500_000)  # the longest rest, should an interrupt be missed

_UARTS = {"RP2040": (0x4003_4004, 0x4003_8004), "RP2350": (0x4007_0004, 0x4007_8004)}  # UARTRSR
# SOF_RD of the USB controller, the number of the last frame. Reading it clears the interrupt of
# that frame: should it still be pending, USB sends a frame later.
_FRAMES = const(0x50110048)


class Rest:
    """Idles the processor: until an instant, or until the console has input.

    Input ends `machine.idle`, but so do many other events, and polling the console itself leaves
    an event behind that ends the next idle: so polls are `_POLL_US` apart at least, and an earlier
    wake is followed by another one as soon as a poll is allowed again.
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
        """Sleep 20 ms: the fallback after an exception in a cycle. Allocates nothing."""
        time.sleep_ms(_DOZE_MS)

    def _idle(self, now_us, wake_us):
        """Idle until the next interrupt; a timer makes one at `wake_us`, in whole milliseconds."""
        if wake_us != self._armed_us:
            self._armed_us = wake_us
            self._timer.init(
                mode=machine.Timer.ONE_SHOT,
                period=max(-(-(wake_us - now_us) // 1000), 1),
                callback=_nothing,
            )
        machine.idle()


def _nothing(_timer):
    """Callback of the timer: the interrupt itself wakes the processor."""


def scratch():
    """Memory that survives a reset with power on; None on an unknown chip."""
    base = rp2_watchdog.base()
    return rp2_watchdog.Scratch(base) if base else None


def watchdog_timer():
    """The watchdog's timer; None on an unknown chip."""
    base = rp2_watchdog.base()
    return rp2_watchdog.Timer(base) if base else None


def step_engine(board, clock):
    """The step engine on the board's driver pins."""
    step, _, _ = pins.parse(board.PINS["step"])
    wires = (step, Output(board.PINS["dir"]), Output(board.PINS["enable"]))
    return StepEngine(wires, board.DRIVER, clock)


def rotor(board):
    """A counter of the rotor's pulses; None where the board's data names no sensor."""
    if "rotor" not in board.HAS:
        return None
    return edge_counter(3, input_pin(board.PINS["rotor"]))


def speaker(board):
    """The buzzer; None where none is fitted, its pin is shared, or rp2.DMA is missing."""
    if not is_free(board, "buzzer"):
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
    """(lamp of HIGH, lamp of the others), see `board_io`."""
    return board_io.lamps(board, _lamp)


def _lamp(text, index):
    from pump.hal.rp2_lamp import Lamp

    return Lamp(text, index)


def button_lines(board, rest):
    """The lines of stop, silence and bolus, see `board_io`."""
    return board_io.button_lines(board, rest, {"hard": True})


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
