# SPDX-License-Identifier: MIT
"""The buzzer of the rp2 port: DMA feeds a PIO program, so a burst that has begun is completed.

Python may hang once it has started a burst: every edge comes in time, and the pin ends at its
silent level. It uses the second PIO block; the step engine uses the first one.

It needs `rp2.DMA`, which MicroPython has from 1.22 on.
"""

import array

import rp2
from machine import Pin
from micropython import const

from pump.hal import pins

_MACHINE = const(4)
_FIFO = 0x5030_0010  # TXF0 of PIO1, that machine's queue (RP2040 datasheet 3.7)
_DREQ = const(8)  # request of that queue when it has room (2.5.3.1)


def is_possible():
    """Whether this MicroPython has `rp2.DMA`."""
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
        """1 when the pin is at its active level, else 0."""
        return self._pad.value() ^ self._is_low

    def encode(self, segments):
        """The words for a burst of the segments of `alarm.patterns`."""
        return array.array("I", self._coding.encode(segments, self._is_low))

    def play(self, words):
        """Start a burst. The words must stay alive until it ends. Call `stop` first."""
        self._feeder.start(words)

    def stop(self):
        """Silence at once, at any instant of a burst."""
        machine = self._machine
        self._feeder.stop()
        machine.active(0)
        machine.restart()
        machine.exec(self._silence)
        while machine.tx_fifo():
            machine.exec(self._drop)
        machine.active(1)


class _Feeder:
    """Feeds words into a state machine's queue by DMA, without Python."""

    def __init__(self):
        self._dma = rp2.DMA()
        self._orders = self._dma.pack_ctrl(inc_write=False, treq_sel=_DREQ)

    def start(self, words):
        self._dma.config(
            read=words, write=_FIFO, count=len(words), ctrl=self._orders, trigger=True
        )

    def stop(self):
        self._dma.active(0)
