# SPDX-License-Identifier: MIT
"""The esp32 port (ESP32-S3, ESP32): step engine, console and rest, built from a board's data.

Written from the sources of MicroPython 1.29-preview, which it needs, and tested against fakes of
them: never run on a chip. Nothing is touched at import.
"""

import os
import time

from micropython import const

from pump.hal import board_io, console, esp32_watchdog, pins
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
from pump.hal.esp32_steps import EdgeCounter, StepEngine

_POLL_US = const(10_000)  # longest sleep between two polls of the console
_DOZE_MS = const(20)
_S3 = "ESP32-S3"  # the chip's name in MicroPython; any other is taken for an ESP32
_RING = const(259)  # bytes that the buffer of the REPL's UART holds


class Rest:
    """Idles the processor: until an instant, or until the console has input.

    `machine.idle` returns at once on this port, and nothing ends a sleep early: so sleeps are
    short.
    """

    def __init__(self, clock, port):
        self._clock = clock
        self._port = port
        self._is_ended = False

    def until(self, due_us):
        """Return at `due_us`, or earlier when there is input; at once when it is past."""
        while not (self._is_ended or self._port.has_input()):
            left_us = due_us - self._clock.now_us()
            if left_us <= 0:
                return
            if left_us < 1_000:
                time.sleep_us(left_us)
            else:
                time.sleep_ms(min(left_us, _POLL_US) // 1_000)
        self._is_ended = False

    def end(self):
        """End this rest, or the next one. For callbacks: allocates nothing."""
        self._is_ended = True

    def doze(self):
        """Sleep 20 ms: the fallback after an exception in a cycle. Allocates nothing."""
        time.sleep_ms(_DOZE_MS)


def console_port(board, clock):
    """The serial line of the REPL: USB, or UART0, whichever the board's data names."""
    return console.Usb(clock, ring=0 if board.CONSOLE == "usb" else _RING)


def step_engine(board, clock):
    """The step engine on the board's driver pins."""
    step, _, _ = pins.parse(board.PINS["step"])
    wires = (step, Output(board.PINS["dir"]), Output(board.PINS["enable"]))
    return StepEngine(wires, board.DRIVER, clock, _has_rounds())


def _has_rounds():
    """Whether RMT can repeat a transmission a number of times (ESP32-S3 only)."""
    return os.uname().machine.endswith(_S3)


def rotor(board):
    """A counter of the rotor's pulses; None where the board's data names no sensor."""
    if "rotor" not in board.HAS:
        return None
    return EdgeCounter(1, input_pin(board.PINS["rotor"]))


def speaker(board):
    """The buzzer; None where none is fitted, or its pin is shared."""
    if not is_free(board, "buzzer"):
        return None
    from pump.hal import esp32_sound

    text = board.PINS["buzzer"]
    if board.BUZZER == "active":
        return esp32_sound.Speaker(esp32_sound.Level(text))
    return esp32_sound.Speaker(esp32_sound.Tone(text, _has_rounds()))


def lamps(board):
    """(lamp of HIGH, lamp of the others), see `board_io`."""
    return board_io.lamps(board, _lamp)


def _lamp(text, index):
    from pump.hal.esp32_lamp import Lamp

    return Lamp(text, index)


def button_lines(board, rest):
    """The lines of stop, silence and bolus, see `board_io`."""
    return board_io.button_lines(board, rest, {})


def stopwatch():
    """A stopwatch that shares no counter with the clock."""
    from pump.hal.esp32_stopwatch import Stopwatch

    return Stopwatch()


def scratch():
    """Memory that survives a reset with power on."""
    return esp32_watchdog.Scratch()


def watchdog_timer():
    """The watchdog's timer."""
    return esp32_watchdog.Timer()
