# SPDX-License-Identifier: MIT
"""Feeds a state machine from a timer, on MicroPython before 1.22, which has no `rp2.DMA`.

The queue of the machine holds four segments of a tone, some 30 ms. While Python is held up for
longer, by a write to flash say, there is silence until it goes on, and after a hang for good.
"""

import machine
from micropython import const

_PERIOD_MS = const(5)


class TimerFeeder:
    """state_machine: has `tx_fifo` and `put`."""

    def __init__(self, state_machine):
        self._machine = state_machine
        self._timer = machine.Timer(-1)
        self._words = ()
        self._next = 0
        self._feed_ref = self._feed  # a bound method made in a callback would allocate

    def start(self, words):
        self._words, self._next = words, 0
        self._feed(None)
        self._timer.init(period=_PERIOD_MS, mode=machine.Timer.PERIODIC, callback=self._feed_ref)

    def stop(self):
        self._timer.deinit()
        self._words, self._next = (), 0

    def _feed(self, _timer):
        while self._next < len(self._words) and self._machine.tx_fifo() < 4:
            self._machine.put(self._words[self._next])
            self._next += 1
        if self._next >= len(self._words):
            self._timer.deinit()
