# SPDX-License-Identifier: MIT
"""An active buzzer, which makes its own tone: the PIO program that switches it, and its words.

A word is the level of the pin, in its lowest bit, and its duration in microseconds less the
instructions. See `rp2_sound`.
"""

# The names inside the PIO programs are the assembler's.
# ruff: noqa: F821
# pyright: reportUndefinedVariable=false

import rp2
from micropython import const

_HZ = const(1_000_000)
_LEVEL_US = const(4)
_HALF_LEVEL = const(16)  # the full level is an eighth of the period


def program(is_low):
    """The PIO program: each word sets the level of the pin for a time."""

    @rp2.asm_pio(
        out_init=rp2.PIO.OUT_HIGH if is_low else rp2.PIO.OUT_LOW,
        out_shiftdir=rp2.PIO.SHIFT_RIGHT,
    )
    def level():
        wrap_target()
        pull()
        out(pins, 1)
        out(x, 31)
        label("wait")
        jmp(x_dec, "wait")
        wrap()

    return level


def state_machine(number, pin, is_low):
    """The state machine with the program, on the buzzer's pin."""
    return rp2.StateMachine(number, program(is_low), freq=_HZ, out_base=pin)


def silence(is_low):
    """The instruction that brings the pin to its silent level."""
    return rp2.asm_pio_encode("mov(pins, %s)" % ("invert(null)" if is_low else "null"), 0)


def drop(_is_low):
    """The instruction that discards a word of the queue."""
    return rp2.asm_pio_encode("pull(noblock)", 0)


def encode(segments, is_low):
    """The words for the segments of `alarm.patterns`: on from half level, off at the end."""
    words, was_on, length_us = [], False, 0
    for period_us, on_us, cycles in segments:
        is_on = on_us * _HALF_LEVEL > period_us
        if is_on != was_on and length_us:
            words.append(_word(was_on != is_low, length_us))
            length_us = 0
        was_on = is_on
        length_us += period_us * cycles
    return words + [_word(was_on != is_low, length_us), _word(is_low, _LEVEL_US)]


def _word(level, length_us):
    return int(level) | (length_us - _LEVEL_US) << 1
