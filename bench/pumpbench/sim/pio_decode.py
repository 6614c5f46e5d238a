# SPDX-License-Identifier: MIT
"""The instructions of PIO: from a 16-bit word to what it does to a state machine.

`decode` makes the operation of one instruction at its place in a program, and `Use`, what it reads
and writes, for `pio_loops`. Semantics are those of the RP2040 data sheet, chapter 3, and where it
leaves the order within one cycle open, those of the emulated board. Inputs are not delayed by the
two cycles of the synchroniser; a stall ends at the very instant its cause ends.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from pumpbench.sim.pio_machine import FIFO_DEPTH, MASK, Attempt, Machine

JMP, WAIT, IN, OUT, PUSH_PULL, MOV, IRQ, SET = range(8)
# Takes (value, bits, t_ns).
Writer = Callable[[int, int, int], None]

_REGISTER = {1: "x", 2: "y", 6: "isr", 7: "osr"}


class Use(NamedTuple):
    """What an instruction does to the registers of its machine."""

    reads: tuple[str, ...] = ()  # as values
    writes: tuple[str, ...] = ()
    tests: str = ""  # compared with zero to choose the way
    counts_down: str = ""
    is_opaque: bool = False  # touches FIFOs or what cannot be repeated blindly
    waits: bool = False


class Fields(NamedTuple):
    """An instruction word taken apart, by the side-set settings of its machine."""

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


def make_side(machine: Machine, side: int | None) -> Callable[[int], None] | None:
    """What sets the side-set pins, if the instruction does."""
    s, block, pins = machine.settings, machine.block.number, machine.pio.pins
    if side is None:
        return None
    count = s.side_count - s.side_optional
    write = pins.write_pio_enables if s.side_pindir else pins.write_pio
    if count != 1 or s.side_pindir:
        return lambda t_ns: write(block, s.side_base, count, side, t_ns)
    net = pins.nets[s.side_base]
    outputs, update = net.outputs, pins.update

    def set_one_pin(t_ns: int) -> None:
        if outputs[block] != side:
            outputs[block] = side
            update(net, t_ns)

    return set_one_pin


def make_condition(machine: Machine, condition: int, word: int) -> Callable[[], bool]:
    """The question a jmp asks; x_dec and y_dec count as they ask."""
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
    """What the instruction does besides side-set, delay and going on."""
    f = split(machine, word)
    if f.kind == JMP:
        return _jmp(machine, f, word)
    if f.kind == PUSH_PULL:
        return _pull(machine, f) if f.high & 4 else _push(machine, f)
    make = {WAIT: _wait, IN: _in, OUT: _out, MOV: _mov, IRQ: _irq, SET: _set}[f.kind]
    return make(machine, f)


def _jmp(m: Machine, f: Fields, word: int) -> Attempt:
    condition, target = make_condition(m, f.high, word), f.low

    def jmp(_t_ns: int) -> None:
        if condition():
            m.pc = target

    return jmp


def flag_bit(machine: Machine, index: int) -> int:
    """The bit of an IRQ flag, relative to the machine's number if bit 4 says so."""
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


def make_source(machine: Machine, source: int) -> Callable[[], int]:
    """The value that in and mov read."""
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
    """What takes (value, bits, t_ns) for out and mov."""
    if destination in (1, 2):
        return _register_writer(machine, _REGISTER[destination])
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
    m.pio.pins.write_pio_enables(m.block.number, s.out_base, s.out_count, value, t_ns)


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


def _reverse(value: int) -> int:
    return int(f"{value:032b}"[::-1], 2)


def _mov(m: Machine, f: Fields) -> Attempt:
    read, write, operation = make_source(m, f.low & 7), make_writer(m, f.high, True), f.low >> 3

    def mov(t_ns: int) -> None:
        value = read()
        if operation == 1:
            value ^= MASK
        elif operation == 2:
            value = _reverse(value)
        write(value, 32, t_ns)

    return mov


def _set(m: Machine, f: Fields) -> Attempt:
    s, pins, block, value = m.settings, m.pio.pins, m.block.number, f.low

    def set_pins(t_ns: int) -> None:
        pins.write_pio(block, s.set_base, s.set_count, value, t_ns)

    def set_pindirs(t_ns: int) -> None:
        pins.write_pio_enables(block, s.set_base, s.set_count, value, t_ns)

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
    return (_REGISTER[code],) if code in known else ()


def _use_of_jmp(f: Fields, pc: int, next_pc: int) -> Use:
    register = {1: "x", 2: "x", 3: "y", 4: "y"}.get(f.high, "")
    counts_down = register if f.high in (2, 4) else ""
    if f.low == pc and counts_down:  # a spin, taken as one event
        return Use((register,), (register,))
    if register:
        return Use(tests="" if f.low == next_pc else register, counts_down=counts_down)
    return Use({5: ("x", "y"), 7: ("osr",)}.get(f.high, ()))
