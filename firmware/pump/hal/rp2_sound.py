# SPDX-License-Identifier: MIT
"""The buzzer of the rp2 port: DMA feeds a PIO program, so a burst that has begun is finished.

Python starts a burst and may hang then: every edge comes when it is due, and the pin is left at
its silent level. It lives in the second PIO block; the step engine has the first one.

It needs `rp2.DMA`, which MicroPython has from 1.22 on.
"""

import array

import rp2
from machine import Pin
from micropython import const

from pump.hal import pins

_MACHINE = const(4)
_FIFO = 0x5030_0010  # of that machine (RP2040 datasheet 3.7, PIO1 TXF0)
_DREQ = const(8)  # that it has room (2.5.3.1)


def is_possible():
    """Whether this MicroPython has what it takes."""
    return hasattr(rp2, "DMA")


class Speaker:
    """A buzzer on the pin `text`, as board data writes it. coding: `rp2_tone` or `rp2_level`."""

    def __init__(self, coding, text):
        number, is_low, _ = pins.parse(text)
        self._coding = coding
        self._is_low = is_low
        self._pad = Pin(number)
        self._silence = coding.silence(is_low)
        self._drop = coding.drop(is_low)
        self._machine = coding.state_machine(_MACHINE, Pin(number), is_low)
        self._machine.active(1)
        self._feeder = _Feeder()

    def is_on(self):
        """Whether the pin is at its active level: 1, or 0."""
        return self._pad.value() ^ self._is_low

    def encode(self, segments):
        """The words for a burst: see `alarm.patterns` for its segments."""
        return array.array("I", self._coding.encode(segments, self._is_low))

    def play(self, words):
        """Begin a burst. The words must stay alive until it is over; `stop` comes first."""
        self._feeder.start(words)

    def stop(self):
        """Silence, at once, at any instant of a burst."""
        machine = self._machine
        self._feeder.stop()
        machine.active(0)
        machine.restart()
        machine.exec(self._silence)
        while machine.tx_fifo():
            machine.exec(self._drop)
        machine.active(1)


class _Feeder:
    """Brings words into a state machine's queue, without Python."""

    def __init__(self):
        self._dma = rp2.DMA()
        self._orders = self._dma.pack_ctrl(inc_write=False, treq_sel=_DREQ)

    def start(self, words):
        self._dma.config(
            read=words, write=_FIFO, count=len(words), ctrl=self._orders, trigger=True
        )

    def stop(self):
        self._dma.active(0)
