# SPDX-License-Identifier: MIT
"""A lamp flashed by the callback of a timer. While Python hangs it stays on or off."""

import machine
from micropython import const

from pump.hal.board_io import Output

_FIRST = const(2)  # timer


class Lamp:
    """A lamp on the pin `text`; timer 2 + index flashes it."""

    def __init__(self, text, index):
        self._output = Output(text)
        self._shown = (0, 0)
        self._timer = machine.Timer(_FIRST + index)
        self._on_timer = self._change
        self.is_lit = self._output.is_on

    def flash(self, on_ms, off_ms):
        """Flash with these times. off_ms 0: steadily on; on_ms 0: off."""
        if (on_ms, off_ms) == self._shown:
            return
        self._shown = (on_ms, off_ms)
        self._timer.deinit()
        self._output.off()
        if on_ms:
            self._change(None)

    def _change(self, _timer):
        on_ms, off_ms = self._shown
        if self.is_lit():
            self._output.off()
            wait_ms = off_ms
        else:
            self._output.on()
            wait_ms = on_ms
        if on_ms and off_ms:
            self._timer.init(mode=machine.Timer.ONE_SHOT, period=wait_ms, callback=self._on_timer)
