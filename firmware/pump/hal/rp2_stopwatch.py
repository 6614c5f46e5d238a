# SPDX-License-Identifier: MIT
"""A stopwatch that shares no counter with the clock: a state machine counts microseconds.

The clock reads the chip's timer, which the watchdog's tick generator drives; PIO divides the
system clock. A failure of one of them does not affect the other.
"""

# The names inside the PIO programs are the assembler's.
# ruff: noqa: F821
# pyright: reportUndefinedVariable=false

import rp2
from micropython import const

_MACHINE = const(7)
_HZ = const(1_000_000)


@rp2.asm_pio()
def count_down():
    label("next")
    jmp(x_dec, "next")


class Stopwatch:
    """On state machine 7; one measurement at a time, 71 minutes at most."""

    def __init__(self):
        self._clear = rp2.asm_pio_encode("mov(x, invert(null))", 0)
        self._copy = rp2.asm_pio_encode("mov(isr, invert(x))", 0)
        self._push = rp2.asm_pio_encode("push(noblock)", 0)
        self._machine = rp2.StateMachine(_MACHINE, count_down, freq=_HZ)

    def start(self):
        """Start counting from 0."""
        self._machine.restart()
        self._machine.exec(self._clear)
        self._machine.active(1)

    def stop(self):
        """Stop. Returns the microseconds since `start`."""
        self._machine.active(0)
        self._machine.exec(self._copy)
        self._machine.exec(self._push)
        return self._machine.get()
