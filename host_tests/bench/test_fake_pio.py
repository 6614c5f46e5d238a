# SPDX-License-Identifier: MIT
"""The fake PIO is held to the emulated one: the same orders, the same steps, stops and counts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rp2040py.rp2040 import RP2040

from pump.hal.rp2_steps import count_edges, count_flags, step_program
from pumpbench.boards.catalog import load_board
from pumpbench.plant.plant import Plant
from pumpbench.targets.sim import fake_rp2
from pumpbench.targets.sim.pio import asm
from pumpbench.targets.sim.world import World

STEP_PIN = 2
US_NS = 1_000
BETWEEN_NS = 480  # after a cycle at 1 MHz, and before the next


STEP = step_program(3)
COUNT_ALL = asm.asm_pio_encode("mov(x, invert(null))", 0)
COPY = asm.asm_pio_encode("mov(isr, invert(x))", 0)
PUSH = asm.asm_pio_encode("push(noblock)", 0)
DRAIN = asm.asm_pio_encode("pull(noblock).side(0)", 1)
LOW = asm.asm_pio_encode("nop().side(0)", 1)
REGISTERS = ("x", "y", "osr", "isr", "pc")


class FakeBlock:
    """The step engine's three machines on the fake chip."""

    def __init__(self, *, extrapolate=True, counter_hz=1_000_000):
        board = load_board("RPI_PICO")
        self.plant = Plant(board)
        self.world = World(board, self.plant, bytearray(), extrapolate=extrapolate)
        with self.world.as_current():
            make = fake_rp2.StateMachine
            step = make(0, STEP, freq=1_000_000, sideset_base=STEP_PIN)
            flags = make(1, count_flags, freq=counter_hz)
            edges = make(2, count_edges, freq=counter_hz, in_base=STEP_PIN)
        self.machines = [step, flags, edges]
        for counter in (flags, edges):
            counter.exec(COUNT_ALL)
        for machine in self.machines:
            machine.active(1)

    def run(self, duration_us):
        self.run_ns(duration_us * US_NS)

    def run_ns(self, duration_ns):
        self.world.move_to(self.world.now_ns + duration_ns)
        self.world.sync()

    def put(self, word):
        if self.machines[0].tx_fifo() < 4:
            self.machines[0].put(word)

    def stop(self):
        """Stop the engine between two cycles; the words it had left, and its registers."""
        step = self.machines[0]
        self.run_ns(BETWEEN_NS)
        step.active(0)
        state = step.tx_fifo(), *self.registers(0)
        while step.tx_fifo():
            step.exec(DRAIN)
        step.restart()
        step.exec(LOW)
        self.run_ns(US_NS - BETWEEN_NS)
        step.active(1)
        return state

    def counts(self):
        """What the counters read, between two cycles."""
        counts = []
        self.run_ns(BETWEEN_NS)
        for machine in self.machines[1:]:
            machine.exec(COPY)
            machine.exec(PUSH)
            counts.append(machine.get())
        self.run_ns(US_NS - BETWEEN_NS)
        return counts

    def registers(self, number):
        machine = self.world.pio.machines[number]
        machine.settle(self.world.now_ns)
        return tuple(getattr(machine, name) for name in REGISTERS)

    def edges_us(self):
        return [t_ns // US_NS for t_ns in self.plant.pulses.times_ns()]


class EmulatedBlock:
    """The same on the PIO of rp2040py, without a processor."""

    CTRL, TXF0, RXF0, MEMORY, SM0 = 0x000, 0x010, 0x020, 0x048, 0x0C8
    CYCLES_US = 125

    def __init__(self):
        self.mcu = RP2040()
        self.mcu.simulator = object()  # time is ours: no bursts of its own
        self.pio = self.mcu.pio[0]
        self.rises_us = []
        self.is_high = False
        pin = self.mcu.gpio[STEP_PIN]
        pin.ctrl = 6  # PIO0
        pin.pad_value |= 1 << 6  # input enabled
        pin.add_listener(self.pin_changed)
        self.offsets, offset = [], 32
        for program in (STEP, count_flags, count_edges):
            offset -= len(program.words)
            self.offsets.append(offset)
            for i, word in enumerate(program.words):
                word += offset if word >> 13 == 0 else 0
                self.pio.write_uint32(self.MEMORY + 4 * (offset + i), word)
        self.set_up(0, STEP, 1 << 29 | STEP_PIN << 10 | 1 << 26)
        self.set_up(1, count_flags, 0)
        self.set_up(2, count_edges, STEP_PIN << 15)
        self.pio.pin_directions_changed(1, STEP_PIN, 1)
        self.exec(1, COUNT_ALL)
        self.exec(2, COUNT_ALL)
        self.pio.write_uint32(self.CTRL, 0b111)

    def set_up(self, number, program, pinctrl):
        base, offset = self.SM0 + 0x18 * number, self.offsets[number]
        wraps = (offset + program.wrap) << 12 | (offset + program.wrap_target) << 7
        self.pio.write_uint32(base, self.CYCLES_US << 16)
        self.pio.write_uint32(base + 0x04, wraps)
        self.pio.write_uint32(base + 0x08, 0b11 << 18)
        self.pio.write_uint32(base + 0x14, pinctrl)
        self.exec(number, offset)  # jmp to the start

    def pin_changed(self, _new, _old):
        pin = self.mcu.gpio[STEP_PIN]
        is_high = bool(self.pio.pin_values >> STEP_PIN & 1)
        if is_high and not self.is_high:
            self.rises_us.append((self.pio.cycle_fp >> 8) // self.CYCLES_US)
        self.is_high = is_high
        pin.set_input_value(is_high)

    def exec(self, number, word):
        self.pio.write_uint32(self.SM0 + 0x18 * number + 0x10, word)

    def run(self, duration_us):
        for _ in range(duration_us):
            self.run_to_between()
            self.run_on()

    def run_to_between(self):
        self.pio.advance(1)  # after an enable, what is due at once is done a cycle later
        self.pio.advance(BETWEEN_NS // 8 - 1)

    def run_on(self):
        self.pio.advance(self.CYCLES_US - BETWEEN_NS // 8)

    def tx_fifo(self):
        return self.pio.machines[0].tx_fifo.item_count

    def put(self, word):
        if self.tx_fifo() < 4:
            self.pio.write_uint32(self.TXF0, word)

    def stop(self):
        self.run_to_between()
        self.pio.write_uint32(self.CTRL, 0b110)
        state = self.tx_fifo(), *self.registers(0)
        while self.tx_fifo():
            self.exec(0, DRAIN)
        self.pio.write_uint32(self.CTRL, 0b110 | 1 << 4)
        self.exec(0, self.offsets[0])
        self.exec(0, LOW)
        self.pio.check_changed_pins()
        self.run_on()
        self.pio.write_uint32(self.CTRL, 0b111)
        return state

    def counts(self):
        counts = []
        self.run_to_between()
        for number in (1, 2):
            self.exec(number, COPY)
            self.exec(number, PUSH)
            counts.append(self.pio.read_uint32(self.RXF0 + 4 * number))
        self.run_on()
        return counts

    def registers(self, number):
        machine = self.pio.machines[number]
        names = ("x", "y", "output_shift_reg", "input_shift_reg", "pc")
        return tuple(getattr(machine, name) & 0xFFFFFFFF for name in names)

    def edges_us(self):
        return self.rises_us


words = st.tuples(st.just("put"), st.integers(0, 6), st.integers(0, 25))
orders = st.lists(
    st.one_of(
        words,
        words,
        st.tuples(st.just("run"), st.integers(0, 120)),
        st.tuples(st.just("stop")),
        st.tuples(st.just("counts")),
    ),
    max_size=25,
)


def outcome(block, orders):
    """What the block answers to the orders, and the edges it made."""
    seen = []
    for order, *numbers in orders:
        if order == "put":
            block.put(numbers[0] | numbers[1] << 12)
        elif order == "run":
            block.run(numbers[0])
        else:
            seen.append(getattr(block, order)())
    return seen, block.edges_us()


def test_programs_are_the_words_that_the_emulated_board_assembles():
    engine = [0x80A0, 0x604C, 0xA027, 0x0043, 0x0060, 0xD204, 0x0087, 0x0060, 0x0102]
    assert list(STEP.words) == engine
    assert list(count_flags.words) == [0x20C4, 0x0040]
    assert list(count_edges.words) == [0x2020, 0x20A0, 0x0040]
    assert (COUNT_ALL, COPY, PUSH, LOW) == (0xA02B, 0xA0C9, 0x8000, 0xA042)


def test_optional_side_set_takes_a_bit_of_the_delay():
    @asm.asm_pio(sideset_init=(asm.OUT_LOW, asm.OUT_LOW))
    def program():
        set(x, 3)  # noqa: F821
        nop().side(2)[3]  # noqa: F821

    assert list(program.words) == [0xE023, 0xA042 | 1 << 12 | 2 << 10 | 3 << 8]
    assert program.side_optional
    assert program.wrap == 1


def test_programs_that_make_no_sense_are_refused():
    def duplicate():
        label("a")  # noqa: F821
        nop()  # noqa: F821
        label("a")  # noqa: F821

    def unknown():
        jmp("nowhere")  # noqa: F821

    def slow():
        nop()[32]  # noqa: F821

    for program in (duplicate, unknown, slow):
        with pytest.raises(asm.PIOASMError):
            asm.asm_pio()(program)


@given(orders)
@settings(max_examples=60)
def test_the_fake_pio_steps_stops_and_counts_as_the_emulated_one(orders):
    orders = [*orders, ("run", 700), ("counts",), ("stop",)]
    assert outcome(FakeBlock(), orders) == outcome(EmulatedBlock(), orders)
