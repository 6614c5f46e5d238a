# SPDX-License-Identifier: MIT
"""The reads and writes of PIO instructions, from which `loops` finds the input of a stretch."""

from functools import reduce
from operator import or_
from typing import NamedTuple

from pumpbench.targets.sim.pio.fields import (
    IN,
    IRQ,
    JMP,
    MOV,
    OUT,
    REGISTERS,
    SET,
    WAIT,
    Fields,
    split,
)
from pumpbench.targets.sim.pio.machine import MASK, Machine


class Use(NamedTuple):
    """The effects of an instruction on the registers of its machine."""

    reads: tuple[str, ...] = ()  # as values
    writes: tuple[str, ...] = ()
    tests: str = ""  # compared with zero for a jump
    counts_down: str = ""
    is_opaque: bool = False  # accesses FIFOs or other state that cannot be repeated blindly
    waits: bool = False


def use_of(machine: Machine, pc: int, word: int, next_pc: int) -> Use:
    """The reads and writes of the instruction."""
    f, s = split(machine, word), machine.settings
    if f.kind == JMP:
        return _use_of_jmp(f, pc, next_pc)
    if f.kind == WAIT:
        return Use(waits=True)
    if f.kind == IRQ:
        return Use(waits=bool(f.high & 1))
    if f.kind == SET:
        return Use(writes=_names(f.high, (1, 2)), is_opaque=f.high == 4)
    if f.kind == MOV:
        is_opaque = f.low & 7 == 5 or f.high == 4
        return Use(_names(f.low & 7), _names(f.high), is_opaque=is_opaque)
    if f.kind == IN:
        return Use((*_names(f.high), "isr"), ("isr",), is_opaque=s.autopush or f.high == 5)
    if f.kind == OUT:
        writes = ("osr", *_names(f.high, (1, 2, 6)))
        return Use(("osr",), writes, is_opaque=s.autopull or f.high in (4, 7))
    return Use(is_opaque=True)


def pins_read(machine: Machine, word: int) -> int:
    """The mask of the pins whose levels the instruction depends on."""
    f, s = split(machine, word), machine.settings
    if f.kind == JMP and f.high == 6:
        return 1 << s.jmp_pin
    if f.kind == WAIT and f.high & 3 < 2:
        return 1 << ((f.low + s.in_base) & 31 if f.high & 3 else f.low)
    if f.kind == IN and f.high == 0:
        count = f.low or 32
        return sum(1 << ((s.in_base + i) & 31) for i in range(count))
    return MASK if f.kind == MOV and f.low & 7 == 0 else 0


def pins_written(machine: Machine) -> int:
    """The mask of the pins that the machine's settings let it write."""
    s = machine.settings
    side = s.side_base, s.side_count - s.side_optional
    ranges = (s.out_base, s.out_count), (s.set_base, s.set_count), side
    return reduce(or_, (1 << (base + i & 31) for base, count in ranges for i in range(count)), 0)


def uses_flags(word: int) -> bool:
    """Whether the instruction sets, clears or waits for an IRQ flag."""
    return word >> 13 == IRQ or (word >> 13 == WAIT and word >> 5 & 3 == 2)


def _names(code: int, known: tuple[int, ...] = (1, 2, 6, 7)) -> tuple[str, ...]:
    return (REGISTERS[code],) if code in known else ()


def _use_of_jmp(f: Fields, pc: int, next_pc: int) -> Use:
    register = {1: "x", 2: "x", 3: "y", 4: "y"}.get(f.high, "")
    counts_down = register if f.high in (2, 4) else ""
    if f.low == pc and counts_down:  # a spin, taken as one event
        return Use((register,), (register,))
    if register:
        return Use(tests="" if f.low == next_pc else register, counts_down=counts_down)
    return Use({5: ("x", "y"), 7: ("osr",)}.get(f.high, ()))
