# SPDX-License-Identifier: MIT
"""The operands of PIO's in, out and mov: sources and destinations of values."""

from collections.abc import Callable
from functools import partial

from pumpbench.targets.sim.pio.fields import REGISTERS
from pumpbench.targets.sim.pio.machine import MASK, Machine

# Takes (value, bits, t_ns).
Writer = Callable[[int, int, int], None]


def make_source(machine: Machine, source: int) -> Callable[[], int]:
    """The function that reads the value of in and mov."""
    m, pins = machine, machine.pio.pins
    in_base = m.settings.in_base

    def read_pins() -> int:
        levels = pins.levels
        return (levels >> in_base | levels << (32 - in_base)) & MASK

    return (
        read_pins,
        lambda: m.x,
        lambda: m.y,
        lambda: 0,
        lambda: 0,
        lambda: MASK if not m.tx else 0,
        lambda: m.isr,
        lambda: m.osr,
    )[source]


def make_writer(machine: Machine, destination: int, is_mov: bool) -> Writer:
    """The function of (value, bits, t_ns) that writes the value of out and mov."""
    if destination in (1, 2):
        return _register_writer(machine, REGISTERS[destination])
    table = {
        (0, True): _to_pins,
        (0, False): _to_pins,
        (4, False): _to_pindirs,
        (5, True): _to_pc,
        (5, False): _to_pc,
        (6, True): _mov_to_isr,
        (6, False): _out_to_isr,
        (7, True): _to_osr,
        (4, True): _to_exec,
        (7, False): _to_exec,
    }
    write = table.get((destination, is_mov), _to_nothing)
    return partial(write, machine)


def _register_writer(machine: Machine, name: str) -> Writer:
    registers = vars(machine)

    def write(value: int, _bits: int, _t_ns: int) -> None:
        registers[name] = value

    return write


def _to_pins(m: Machine, value: int, _bits: int, t_ns: int) -> None:
    s = m.settings
    m.pio.pins.write_pio(m.block.number, s.out_base, s.out_count, value, t_ns)


def _to_pindirs(m: Machine, value: int, _bits: int, t_ns: int) -> None:
    s = m.settings
    m.pio.pins.write_pio(m.block.number, s.out_base, s.out_count, value, t_ns, True)


def _to_pc(m: Machine, value: int, _bits: int, _t_ns: int) -> None:
    m.pc = value & 0x1F


def _mov_to_isr(m: Machine, value: int, _bits: int, _t_ns: int) -> None:
    m.isr, m.isr_count = value, 0


def _out_to_isr(m: Machine, value: int, bits: int, _t_ns: int) -> None:
    m.isr, m.isr_count = value, bits


def _to_osr(m: Machine, value: int, _bits: int, _t_ns: int) -> None:
    m.osr, m.osr_count = value, 0


def _to_exec(_m: Machine, _value: int, _bits: int, _t_ns: int) -> None:
    raise NotImplementedError("PIO: mov(exec, ...) and out(exec, ...) are not simulated")


def _to_nothing(_m: Machine, _value: int, _bits: int, _t_ns: int) -> None:
    pass
