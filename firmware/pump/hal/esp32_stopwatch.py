# SPDX-License-Identifier: MIT
"""A stopwatch that shares no counter with the clock: it counts cycles of the processor.

The clock reads a timer driven by the crystal; the processor is clocked by the PLL.
"""

# The stubs know no cycles to count with.
# pyright: reportOperatorIssue=false

import time

import machine
from micropython import const

_MASK = const(0x3FFF_FFFF)


class Stopwatch:
    """One measurement at a time, 4.4 s at most (2**30 cycles at 240 MHz)."""

    def __init__(self):
        self._began = 0

    def start(self):
        """Start counting from 0."""
        self._began = time.ticks_cpu()

    def stop(self):
        """Returns the microseconds since `start`."""
        cycles = (time.ticks_cpu() - self._began) & _MASK
        return cycles * 1_000 // (machine.freq() // 1_000)
