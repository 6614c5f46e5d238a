# SPDX-License-Identifier: MIT
"""Decodes PIO instructions: from a 16-bit word to its effect on a state machine.

Semantics are those of the RP2040 data sheet, chapter 3, and where it leaves the order within one
cycle open, those of the emulated board. Inputs are not delayed by the two cycles of the
synchroniser; a stall ends at the very instant its cause ends.
"""

from collections.abc import Callable

from pumpbench.targets.sim.pio.fields import (
    IN,
    IRQ,
    JMP,
    MOV,
    OUT,
    PUSH_PULL,
    SET,
    WAIT,
    Fields,
    split,
)
from pumpbench.targets.sim.pio.machine import FIFO_DEPTH, MASK, Attempt, Machine
from pumpbench.targets.sim.pio.operands import make_source, make_writer


def make_side(machine: Machine, side: int | None) -> Callable[[int], None] | None:
    """The function that sets the side-set pins, if the instruction does."""
    s, block, pins = machine.settings, machine.block.number, machine.pio.pins
    if side is None:
        return None
    count = s.side_count - s.side_optional
    if count != 1 or s.side_pindir:
        return lambda t_ns: pins.write_pio(block, s.side_base, count, side, t_ns, s.side_pindir)
    net = pins.nets[s.side_base]
    outputs, update = net.outputs, pins.update

    def set_one_pin(t_ns: int) -> None:
        if outputs[block] != side:
            outputs[block] = side
            update(net, t_ns)

    return set_one_pin


def make_condition(machine: Machine, condition: int) -> Callable[[], bool]:
    """The function that evaluates the condition of a jmp; x_dec and y_dec also decrement."""
    m, s = machine, machine.settings

    def x_dec() -> bool:
        x = m.x
        m.x = (x - 1) & MASK
        return x != 0

    def y_dec() -> bool:
        y = m.y
        m.y = (y - 1) & MASK
        return y != 0

    return (
        lambda: True,
        lambda: m.x == 0,
        x_dec,
        lambda: m.y == 0,
        y_dec,
        lambda: m.x != m.y,
        lambda: bool(m.pio.pins.levels >> s.jmp_pin & 1),
        lambda: m.osr_count < s.pull_thresh,
    )[condition]


def make_effect(machine: Machine, word: int) -> Attempt:
    """The effect of the instruction besides side-set, delay and the next address."""
    f = split(machine, word)
    if f.kind == JMP:
        return _jmp(machine, f)
    if f.kind == PUSH_PULL:
        return _pull(machine, f) if f.high & 4 else _push(machine, f)
    make = {WAIT: _wait, IN: _in, OUT: _out, MOV: _mov, IRQ: _irq, SET: _set}[f.kind]
    return make(machine, f)


def _jmp(m: Machine, f: Fields) -> Attempt:
    condition, target = make_condition(m, f.high), f.low

    def jmp(_t_ns: int) -> None:
        if condition():
            m.pc = target

    return jmp


def flag_bit(machine: Machine, index: int) -> int:
    """The bit of an IRQ flag, relative to the machine's number if bit 4 is set."""
    if index & 0x10:
        return 1 << (index & 4 | (index + machine.number) & 3)
    return 1 << (index & 7)


def _wait(m: Machine, f: Fields) -> Attempt:
    block, pins = m.block, m.pio.pins
    polarity, source = f.high >> 2, f.high & 3

    if source == 2:
        bit = flag_bit(m, f.low)
        wanted = bit if polarity else 0

        def wait_flag(_t_ns: int) -> Attempt | None:
            if block.flags & bit != wanted:
                return wait_flag
            block.flags &= ~wanted
            return None

        return wait_flag

    number = (f.low + m.settings.in_base) & 31 if source == 1 else f.low

    def wait_pin(_t_ns: int) -> Attempt | None:
        return None if pins.levels >> number & 1 == polarity else wait_pin

    return wait_pin


def _irq(m: Machine, f: Fields) -> Attempt:
    block, bit = m.block, flag_bit(m, f.low)
    clear, wait = f.high & 2, f.high & 1

    def clear_flag(t_ns: int) -> None:
        block.flags &= ~bit
        block.flags_changed(t_ns)

    def set_flag(t_ns: int) -> None:
        block.flags |= bit
        block.flags_changed(t_ns)

    def wait_until_clear(_t_ns: int) -> Attempt | None:
        return wait_until_clear if block.flags & bit else None

    def set_flag_and_wait(t_ns: int) -> Attempt | None:
        set_flag(t_ns)
        return wait_until_clear(t_ns)

    if clear:
        return clear_flag
    return set_flag_and_wait if wait else set_flag


def _reverse(value: int) -> int:
    return int(f"{value:032b}"[::-1], 2)


def _mov(m: Machine, f: Fields) -> Attempt:
    read, write = make_source(m, f.low & 7), make_writer(m, f.high, True)

    def copy(t_ns: int) -> None:
        write(read(), 32, t_ns)

    def invert(t_ns: int) -> None:
        write(read() ^ MASK, 32, t_ns)

    def reverse(t_ns: int) -> None:
        write(_reverse(read()), 32, t_ns)

    return {1: invert, 2: reverse}.get(f.low >> 3, copy)


def _set(m: Machine, f: Fields) -> Attempt:
    s, pins, block, value = m.settings, m.pio.pins, m.block.number, f.low

    def set_pins(t_ns: int) -> None:
        pins.write_pio(block, s.set_base, s.set_count, value, t_ns)

    def set_pindirs(t_ns: int) -> None:
        pins.write_pio(block, s.set_base, s.set_count, value, t_ns, True)

    def set_x(_t_ns: int) -> None:
        m.x = value

    def set_y(_t_ns: int) -> None:
        m.y = value

    return {0: set_pins, 1: set_x, 2: set_y, 4: set_pindirs}.get(f.high, lambda _t_ns: None)


def _push(m: Machine, f: Fields) -> Attempt:
    s, pio = m.settings, m.pio
    if_full, block = f.high & 2, f.high & 1

    def push(t_ns: int) -> Attempt | None:
        if if_full and m.isr_count < s.push_thresh:
            return None
        if len(m.rx) < FIFO_DEPTH:
            m.rx.append(m.isr)
            pio.fifo_moved(m, t_ns)
        elif block:
            return push
        m.isr = m.isr_count = 0
        return None

    return push


def _pull(m: Machine, f: Fields) -> Attempt:
    s, pio = m.settings, m.pio
    if_empty, block = f.high & 2, f.high & 1

    def pull(t_ns: int) -> Attempt | None:
        if if_empty and m.osr_count < s.pull_thresh:
            return None
        if m.tx:
            m.osr = m.tx.popleft()
            pio.fifo_moved(m, t_ns)
        elif block:
            return pull
        else:
            m.osr = m.x
        m.osr_count = 0
        return None

    return pull


def _in(m: Machine, f: Fields) -> Attempt:
    s, pio, bits = m.settings, m.pio, f.low or 32
    read = make_source(m, f.high)

    def push(t_ns: int) -> Attempt | None:
        if len(m.rx) >= FIFO_DEPTH:
            return push
        m.rx.append(m.isr)
        m.isr = m.isr_count = 0
        pio.fifo_moved(m, t_ns)
        return None

    def shift_in(t_ns: int) -> Attempt | None:
        value = read() & ((1 << bits) - 1)
        if s.in_right:
            m.isr = (m.isr >> bits | value << (32 - bits)) & MASK
        else:
            m.isr = (m.isr << bits | value) & MASK
        m.isr_count = min(32, m.isr_count + bits)
        return push(t_ns) if s.autopush and m.isr_count >= s.push_thresh else None

    return shift_in


def _out(m: Machine, f: Fields) -> Attempt:
    s, pio, bits = m.settings, m.pio, f.low or 32
    write = make_writer(m, f.high, False)

    def shift_out(t_ns: int) -> Attempt | None:
        if s.autopull and m.osr_count >= s.pull_thresh:
            if not m.tx:
                return shift_out
            m.osr, m.osr_count = m.tx.popleft(), 0
            pio.fifo_moved(m, t_ns)
        if s.out_right:
            value, m.osr = m.osr & ((1 << bits) - 1), m.osr >> bits
        else:
            value, m.osr = m.osr >> (32 - bits), m.osr << bits & MASK
        m.osr_count = min(32, m.osr_count + bits)
        write(value, bits, t_ns)
        return None

    return shift_out
