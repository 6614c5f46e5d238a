# SPDX-License-Identifier: MIT
"""What PIO instructions read and write, for `pio_loops` to know what a stretch depends on."""

from typing import NamedTuple

from pumpbench.sim.pio_fields import IN, IRQ, JMP, MOV, OUT, REGISTERS, SET, WAIT, Fields, split
from pumpbench.sim.pio_machine import Machine


class Use(NamedTuple):
    """What an instruction does to the registers of its machine."""

    reads: tuple[str, ...] = ()  # as values
    writes: tuple[str, ...] = ()
    tests: str = ""  # compared with zero to choose the way
    counts_down: str = ""
    is_opaque: bool = False  # touches FIFOs or what cannot be repeated blindly
    waits: bool = False


def use_of(machine: Machine, pc: int, word: int, next_pc: int) -> Use:
    """What the instruction reads and writes."""
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
