# SPDX-License-Identifier: MIT
"""A passive buzzer: the PIO program that makes every cycle of a tone, and its words.

A word is, from its lowest bit, 8 bits: cycles - 1; 10 bits: on-time of the pin per cycle; 14 bits:
off-time per cycle, less the instructions. Times are microseconds. See `rp2_sound`.
"""

# The names inside the PIO programs are the assembler's.
# ruff: noqa: F821
# pyright: reportUndefinedVariable=false

import rp2
from micropython import const

_HZ = const(1_000_000)
_CYCLE_US = const(6)  # instructions of a cycle outside the times of its word


def program(is_low):
    """The PIO program: each word makes a number of cycles of pulse, if not 0, and pause."""
    on, off = (0, 1) if is_low else (1, 0)
    start = rp2.PIO.OUT_HIGH if is_low else rp2.PIO.OUT_LOW

    @rp2.asm_pio(sideset_init=start, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
    def tone():
        wrap_target()
        pull().side(off)
        out(y, 8).side(off)
        mov(isr, osr).side(off)
        label("cycle")
        mov(osr, isr).side(off)
        out(x, 10).side(off)
        jmp(not_x, "pause").side(off)
        label("pulse")
        jmp(x_dec, "pulse").side(on)
        label("pause")
        out(x, 14).side(off)
        label("wait")
        jmp(x_dec, "wait").side(off)
        jmp(y_dec, "cycle").side(off)
        wrap()

    return tone


def state_machine(number, pin, is_low):
    """The state machine with the program, on the buzzer's pin."""
    return rp2.StateMachine(number, program(is_low), freq=_HZ, sideset_base=pin)


def silence(is_low):
    """The instruction that brings the pin to its silent level."""
    return rp2.asm_pio_encode("nop().side(%d)" % is_low, 1)


def drop(is_low):
    """The instruction that discards a word of the queue."""
    return rp2.asm_pio_encode("pull(noblock).side(%d)" % is_low, 1)


def encode(segments, _is_low):
    """The words for the segments of `alarm.patterns`."""
    words = []
    for period_us, on_us, cycles in segments:
        off_us = period_us - on_us - _CYCLE_US
        words.append((cycles - 1) | max(on_us - 1, 0) << 8 | off_us << 18)
    return words
