# SPDX-License-Identifier: MIT
"""The fields of a PIO instruction word."""

from typing import NamedTuple

from pumpbench.targets.sim.pio.machine import Machine

JMP, WAIT, IN, OUT, PUSH_PULL, MOV, IRQ, SET = range(8)
REGISTERS = {1: "x", 2: "y", 6: "isr", 7: "osr"}  # by their operand numbers


class Fields(NamedTuple):
    """An instruction word in its fields, by the side-set settings of its machine."""

    kind: int
    high: int  # bits 7..5
    low: int  # bits 4..0
    delay: int
    side: int | None


def split(machine: Machine, word: int) -> Fields:
    s = machine.settings
    bits = word >> 8 & 0x1F
    delay_bits = 5 - s.side_count
    side = bits >> delay_bits if s.side_count else None
    if s.side_optional and side is not None:
        enable = 1 << (s.side_count - 1)
        side = side & ~enable if side & enable else None
    return Fields(word >> 13, word >> 5 & 7, word & 0x1F, bits & ((1 << delay_bits) - 1), side)
