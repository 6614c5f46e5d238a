# SPDX-License-Identifier: MIT
"""Wires from a bench to a board's pins: the control lines of a USB serial adapter of 3.3 V.

    RTS   cathode of a Schottky diode, its anode at the pin of stop_button
    CTS   the pin of the buzzer
    GND   GND of the board

An adapter pulls RTS low when it is asserted, which presses the button through the diode; otherwise
the diode blocks. Opening the port asserts RTS for an instant, too short for a press.
"""

import time
from typing import Protocol

import serial

_LOOK_S = 0.0005


class NoAdapter(Exception):
    """The adapter cannot be opened; a sentence."""


class ControlLines(Protocol):
    """The part of a serial port that is used."""

    @property
    def rts(self) -> bool: ...

    @rts.setter
    def rts(self, value: bool) -> None: ...

    @property
    def cts(self) -> bool: ...

    def close(self) -> None: ...


class Clock(Protocol):
    """The part of the module `time` that is used."""

    def monotonic(self) -> float: ...

    def sleep(self, secs: float, /) -> object: ...


class Adapter:
    """The wires of an adapter.

    line: an open serial port of pyserial. clock: has `monotonic()` and `sleep(seconds)`, in the
    time of the pump, which may be simulated.
    """

    def __init__(self, line: ControlLines, clock: Clock = time) -> None:
        self._serial = line
        self._clock = clock

    @classmethod
    def open(cls, port: str) -> "Adapter":
        """Open the adapter at a serial port; NoAdapter without one, or without control lines."""
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
        """Press the stop button, or release it."""
        self._serial.rts = is_pressed

    def changes(self, seconds: float) -> int:
        """The number of changes seen at the buzzer's pin; USB misses some of those of a tone."""
        before, seen = self._serial.cts, 0
        end_s = self._clock.monotonic() + seconds
        while self._clock.monotonic() < end_s:
            now = self._serial.cts
            seen += now != before
            before = now
            self._clock.sleep(_LOOK_S)
        return seen

    def close(self) -> None:
        """Release the button and close the port."""
        self._serial.rts = False
        self._serial.close()
