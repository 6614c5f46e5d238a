# SPDX-License-Identifier: MIT
"""A lamp flashed by a state machine, whatever Python does. See `rp2_sound`."""

# The names inside the PIO programs are the assembler's.
# ruff: noqa: F821
# pyright: reportUndefinedVariable=false

import rp2
from machine import Pin
from micropython import const

from pump.hal import pins

_LAMP_HZ = const(2_000)
_PER_MS = const(2)  # instructions
_FIRST = const(5)  # state machine
_OFF_CYCLES = const(3)  # cycles of the time off outside its loop


def flash_program(is_low):
    """The program: one word holds the times on and off, which it repeats."""
    on, off = (0, 1) if is_low else (1, 0)
    start = rp2.PIO.OUT_HIGH if is_low else rp2.PIO.OUT_LOW

    @rp2.asm_pio(sideset_init=start, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
    def program():
        pull().side(off)
        mov(isr, osr).side(off)
        wrap_target()
        mov(osr, isr).side(off)
        out(x, 16).side(off)
        label("lit")
        jmp(x_dec, "lit").side(on)
        out(x, 16).side(off)
        label("dark")
        jmp(x_dec, "dark").side(off)
        wrap()

    return program


class Lamp:
    """A lamp on the pin `text`; state machine 5 + index flashes it."""

    def __init__(self, text, index):
        number, is_low, _ = pins.parse(text)
        self._shown = (0, 0)
        self._pad, self._lit = Pin(number), 0 if is_low else 1
        self._off = rp2.asm_pio_encode("nop().side(%d)" % is_low, 1)
        self._on = rp2.asm_pio_encode("nop().side(%d)" % (not is_low), 1)
        self._machine = rp2.StateMachine(
            _FIRST + index, flash_program(is_low), freq=_LAMP_HZ, sideset_base=Pin(number)
        )

    def is_lit(self):
        """Whether the pin is at its active level."""
        return self._pad.value() == self._lit

    def flash(self, on_ms, off_ms):
        """Flash with these times. off_ms 0: steadily on; on_ms 0: off."""
        if (on_ms, off_ms) == self._shown:
            return
        self._shown = (on_ms, off_ms)
        machine = self._machine
        machine.active(0)
        machine.restart()
        machine.exec(self._on if on_ms and not off_ms else self._off)
        if on_ms and off_ms:
            off = off_ms * _PER_MS - _OFF_CYCLES
            machine.put((on_ms * _PER_MS - 1) | (off - 1) << 16)
            machine.active(1)
