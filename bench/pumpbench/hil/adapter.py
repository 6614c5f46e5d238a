# SPDX-License-Identifier: MIT
"""Wires of a bench to a board's pins: a USB serial adapter of 3.3 V, by its control lines.

    RTS   cathode of a Schottky diode, its anode at the pin of stop_button
    CTS   the pin of the buzzer
    GND   GND of the board

An adapter pulls RTS low when it is asserted, and the diode presses the button with it; otherwise
the diode blocks. RTS is asserted for an instant when the port is opened, too short to be a press.
"""

import time
from typing import Protocol

import serial

_LOOK_S = 0.0005


class NoAdapter(Exception):
    """The adapter cannot be opened; a sentence."""


class ControlLines(Protocol):
    """What is used of a serial port."""

    @property
    def rts(self) -> bool: ...

    @rts.setter
    def rts(self, value: bool) -> None: ...

    @property
    def cts(self) -> bool: ...

    def close(self) -> None: ...


class Clock(Protocol):
    """What is used of the module `time`."""

    def monotonic(self) -> float: ...

    def sleep(self, secs: float, /) -> object: ...


class Adapter:
    """The wires of an adapter.

    line: a serial port of pyserial, open. clock: has `monotonic()` and `sleep(seconds)`, of the
    time in which the pump lives.
    """

    def __init__(self, line: ControlLines, clock: Clock = time) -> None:
        self._serial = line
        self._clock = clock

    @classmethod
    def open(cls, port: str) -> "Adapter":
        """That at a serial port; NoAdapter where there is none, or it has no control lines."""
        line = serial.serial_for_url(port, do_not_open=True)
        line.rts = line.dtr = False
        try:
            line.open()
            line.cts  # noqa: B018
        except OSError as error:
            line.close()
            raise NoAdapter(f"{port} is no adapter with control lines: {error}") from None
        return cls(line)

    def press(self, is_pressed: bool) -> None:
        """Press the stop button, or let go of it."""
        self._serial.rts = is_pressed

    def changes(self, seconds: float) -> int:
        """How often the buzzer's pin was seen to change; USB misses some of a tone's."""
        before, seen = self._serial.cts, 0
        end_s = self._clock.monotonic() + seconds
        while self._clock.monotonic() < end_s:
            now = self._serial.cts
            seen += now != before
            before = now
            self._clock.sleep(_LOOK_S)
        return seen

    def close(self) -> None:
        """Let go of the button and of the port."""
        self._serial.rts = False
        self._serial.close()
