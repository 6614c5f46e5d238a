# SPDX-License-Identifier: MIT
"""Both blocks of PIO at once: each goes its own way, unless it reads what the other one drives."""

# ruff: noqa: F821
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tests.bench.test_pio_skips import STATE, STEP_PIN, counts_of, program, programs
from pump.hal.rp2_steps import count_edges, count_flags, step_program
from pumpbench.boards.catalog import load_board
from pumpbench.plant.plant import Plant
from pumpbench.targets.sim import fake_machine, fake_rp2
from pumpbench.targets.sim.pio import asm
from pumpbench.targets.sim.pio.uses import uses_flags
from pumpbench.targets.sim.world import World

TONE_PIN, LAMP_PINS = 15, (16, 17)
SECOND_NS = 1_000_000_000


@asm.asm_pio(sideset_init=asm.OUT_LOW)
def tone():
    pull().side(0)
    mov(y, osr).side(0)
    pull().side(0)
    label("pulse")
    mov(x, osr).side(1)
    label("high")
    jmp(x_dec, "high").side(1)
    mov(x, osr).side(0)
    label("low")
    jmp(x_dec, "low").side(0)
    jmp(y_dec, "pulse").side(0)


@asm.asm_pio(sideset_init=asm.OUT_LOW)
def lamp():
    mov(x, osr).side(1)
    label("on")
    jmp(x_dec, "on").side(1)
    mov(x, osr).side(0)
    label("off")
    jmp(x_dec, "off").side(0)


class Chip:
    """The step engine on PIO0, a tone and two lamps on PIO1."""

    def __init__(self, *, extrapolate=True):
        board = load_board("RPI_PICO")
        self.world = World(board, Plant(board), bytearray(), extrapolate=extrapolate)
        self.plant = self.world.plant
        with self.world.as_current():
            make, clock = fake_rp2.StateMachine, {"freq": 1_000_000}
            self.step = make(0, step_program(3), sideset_base=STEP_PIN, **clock)
            self.counters = [make(1, count_flags), make(2, count_edges, in_base=STEP_PIN)]
            self.tone = make(4, tone, sideset_base=TONE_PIN, **clock)
            lamps = [
                make(5 + i, lamp, sideset_base=pin, **clock) for i, pin in enumerate(LAMP_PINS)
            ]
        self.lamps = lamps
        for counter in self.counters:
            counter.exec("mov(x, invert(null))")
        for machine in (self.step, *self.counters, self.tone):
            machine.active(1)

    def flash(self, number, half_us):
        machine = self.lamps[number]
        machine.put(half_us)
        machine.exec("pull(noblock).side(0)")
        machine.active(1)

    def run_to(self, t_ns):
        self.world.move_to(t_ns)
        self.world.sync()

    def counts(self):
        return counts_of(self.counters)

    def history(self):
        return list(self.plant.pulses.times_ns()), [n.changes for n in self.world.pins.nets]


@pytest.mark.slow
@given(st.lists(st.integers(0, 60_000), max_size=6), st.integers(0, 300), st.integers(0, 700))
@settings(max_examples=25)
def test_steps_a_tone_and_lamps_are_the_same_with_and_without_skips(
    instants_us, delay_us, half_us
):
    chips, seen = (Chip(extrapolate=True), Chip(extrapolate=False)), []
    for chip in chips:
        chip.flash(0, 10_000 + half_us)
        chip.flash(1, 3_333)
        chip.step.put(delay_us << 12 | 200)
        chip.step.put(delay_us // 2 << 12 | 77)
        chip.tone.put(30)
        chip.tone.put(half_us)
        results = []
        for t_us in (*sorted(instants_us), 70_000):
            chip.run_to(t_us * 1_000 + 8 * (t_us % 5))
            results.append((chip.counts(), chip.tone.tx_fifo(), chip.world.pins.levels))
        seen.append((results, chip.history()))
    assert seen[0] == seen[1]
    assert [len(chip.world.pio.groups) for chip in chips] == [4, 1]


def counted(machine):
    """Counts what the machine executes, but for what is skipped: [count]."""
    count = [0]

    def counting(operation):
        def execute():
            count[0] += 1
            operation()

        return execute

    for operations in (machine.ops, machine.steps):
        operations[:] = map(counting, operations)
    return count


def test_an_hour_of_fast_steps_beside_lamps_and_beeps_takes_a_few_events_a_second():
    chip = Chip()
    chip.flash(0, 250_000)
    chip.flash(1, 333_333)
    work = [counted(machine) for machine in chip.world.pio.machines if machine.enabled]
    steps, delay_us = 4095, 225 - 10  # 4444 Hz
    runs = 3600 * SECOND_NS // (steps * 225_000)
    for i in range(runs):
        chip.step.put(delay_us << 12 | steps)
        chip.tone.put(30)
        chip.tone.put(150)
        chip.run_to((i + 1) * steps * 225_000)
    chip.run_to(3600 * SECOND_NS)
    assert chip.plant.pulses.count == runs * steps
    assert chip.counts() == [runs * steps & 0xFFFFFFFF] * 2
    lamp_changes = chip.world.pins.nets[LAMP_PINS[0]].changes
    assert len(lamp_changes) == pytest.approx(4 * 3600, abs=3)
    assert sum(count for (count,) in work) < 60 * 3600


def test_blocks_that_share_a_pin_go_together_and_apart_again():
    chip = Chip()
    pio = chip.world.pio
    chip.run_to(1_000)
    assert len(pio.groups) == 2
    with chip.world.as_current():
        edges = fake_rp2.StateMachine(7, count_edges, in_base=STEP_PIN)
    edges.exec("mov(x, invert(null))")
    edges.active(1)
    chip.step.put(215 << 12 | 1000)
    chip.run_to(SECOND_NS)
    assert len(pio.groups) == 1
    assert chip.counts() == [1000, 1000]
    edges.exec("mov(isr, invert(x))")
    edges.exec("push(noblock)")
    assert edges.get() == 1000
    with chip.world.as_current():
        fake_machine.Pin(STEP_PIN, fake_machine.Pin.OUT, value=0)
    chip.run_to(2 * SECOND_NS)
    assert len(pio.groups) == 3


def test_a_pin_that_is_taken_from_pio_or_shorted_shows_no_skipped_change():
    seen = []
    for chip in (Chip(extrapolate=True), Chip(extrapolate=False)):
        chip.flash(0, 50)
        chip.flash(1, 50)
        chip.run_to(2_000_000)
        with chip.world.as_current():
            fake_machine.Pin(LAMP_PINS[0], fake_machine.Pin.OUT, value=0)
        chip.world.pins.nets[LAMP_PINS[1]].drive(0)
        chip.run_to(4_000_000)
        chip.world.pins.nets[LAMP_PINS[1]].release()
        chip.run_to(6_000_000)
        seen.append(chip.history())
    assert seen[0] == seen[1]


def test_a_wait_of_the_processor_for_a_pin_of_the_other_block_joins_them():
    chip = Chip()
    chip.flash(0, 100)
    chip.run_to(2_000)
    machine = chip.world.pio.machines[0]
    chip.step.active(0)
    chip.step.restart()
    chip.step.active(1)
    chip.step.exec(0x2000 | 1 << 7 | LAMP_PINS[1])  # wait(1, gpio, ...)
    chip.run_to(50_000)
    assert machine.is_exec_stalled
    assert len(chip.world.pio.groups) == 1
    chip.flash(1, 100)
    chip.run_to(60_000)
    assert not machine.is_exec_stalled


orders = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.integers(1, 4_000)),
        st.tuples(st.just("put"), st.sampled_from([0, 3]), st.integers(0, 60)),
        st.tuples(st.just("get"), st.sampled_from([0, 3])),
        st.tuples(st.just("stop"), st.integers(0, 5)),
        st.tuples(st.just("drive"), st.integers(0, 1)),
    ),
    max_size=12,
)


def unflagged(word):
    """The instruction, or a nop in place of one that uses a flag or all pins."""
    uses_all = word >> 13 == 5 and word & 7 == 0
    return 0xA042 if uses_flags(word) or uses_all else word


class RandomChip:
    """Two random programs and a counter of edges on each block.

    What they share: 0 pins of the other block, 1 pins and flags of their own block, 2 nothing.
    """

    def __init__(self, sources, apart, *, extrapolate):
        board = load_board("RPI_PICO")
        self.world = World(board, Plant(board), bytearray(), extrapolate=extrapolate)
        self.machines = []
        clocks = (25_000_000, 62_500_000, 125_000_000, 31_250_000)
        with self.world.as_current():
            for i, words in enumerate(sources):
                base = 2 + 2 * i
                read = base if apart else 4
                pins = {"sideset_base": base, "set_base": base, "out_base": base + 8}
                number = (0, 1, 4, 5)[i]
                made = fake_rp2.StateMachine(
                    number,
                    program(list(map(unflagged, words)) if apart == 2 else words),
                    clocks[i],
                    in_base=read,
                    jmp_pin=read,
                    **pins,
                )
                self.machines.append(made)
                if i % 2:
                    read = 26 if apart == 2 else base
                    made = fake_rp2.StateMachine(number + 1, count_edges, in_base=read)
                    self.machines.append(made)
        for machine in self.machines:
            machine.active(1)

    def run(self, duration_ns):
        self.world.move_to(self.world.now_ns + duration_ns)
        self.world.sync()

    def put(self, number, word):
        if self.machines[number].tx_fifo() < 4:
            self.machines[number].put(word)

    def get(self, number):
        machine = self.machines[number]
        if machine.rx_fifo():
            return machine.get()
        self.world.horizon_ns = self.world.now_ns + 5_000
        found = self.world.pio.advance_to_fifo(machine._machine, self.world.now_ns + 3_000)
        self.world.move_to(found)
        return found

    def stop(self, number):
        self.machines[number].active(not self.machines[number].active())

    def drive(self, level):
        self.world.pins.nets[0].drive(level)

    def look(self):
        seen = []
        for machine in self.world.pio.machines:
            machine.settle(self.world.now_ns)
            registers = [getattr(machine, name) for name in STATE]
            seen.append((registers, list(machine.tx), list(machine.rx), machine.block.flags))
        return seen

    def history(self):
        return list(self.world.plant.pulses.times_ns()), [n.changes for n in self.world.pins.nets]


@pytest.mark.slow
@given(st.tuples(programs, programs, programs, programs), st.integers(0, 2), orders)
@settings(max_examples=150)
def test_random_programs_on_both_blocks_are_the_same_with_and_without_skips(
    sources, apart, orders
):
    fast = RandomChip(sources, apart, extrapolate=True)
    slow = RandomChip(sources, apart, extrapolate=False)
    for order, *numbers in [*orders, ("run", 3_000), ("look",)]:
        assert getattr(fast, order)(*numbers) == getattr(slow, order)(*numbers)
    assert fast.history() == slow.history()
