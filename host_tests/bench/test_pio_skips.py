# SPDX-License-Identifier: MIT
"""Skipping repetitions of PIO changes nothing: random programs, executed with and without."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pump.hal.rp2_steps import count_edges, count_flags, step_program
from pumpbench.boards.catalog import load_board
from pumpbench.plant.plant import Plant
from pumpbench.targets.sim import fake_rp2
from pumpbench.targets.sim.pio import asm
from pumpbench.targets.sim.world import World

STEP_PIN = 2
STATE = ("enabled", "pc", "x", "y", "isr", "isr_count", "osr", "osr_count")


def fields(high, low, top):
    """Words of one kind: bits 7..5, bits 4..0, and the kind in the top three bits."""
    return st.tuples(st.sampled_from(high), st.sampled_from(low)).map(
        lambda pair: top << 13 | pair[0] << 5 | pair[1]
    )


def words(size):
    """Any instruction but those that execute a register or turn pins round."""
    jmp = fields(range(8), range(size), 0)
    plain = st.one_of(
        jmp,
        jmp,
        fields([1, 2, 6], [0, 1, 4, 5, 0x14], 1),
        fields([0, 1, 2, 3, 6, 7], [0, 1, 5, 31], 2),
        fields([0, 1, 2, 3, 6], [0, 1, 2, 5, 31], 3),
        fields(range(8), [0], 4),
        fields([0, 1, 2, 3, 6, 7], [0, 1, 2, 3, 6, 7, 9, 10, 15, 18], 5),
        fields([0, 0, 1, 2], [4, 5, 0x14], 6),
        fields([0, 1, 2], [0, 1, 2, 7, 31], 7),
    )
    bits = st.one_of(st.just(0), st.integers(0, 31))
    return st.tuples(plain, bits).map(lambda pair: pair[0] | pair[1] << 8)


programs = st.integers(1, 7).flatmap(
    lambda size: st.lists(words(size), min_size=size, max_size=size)
)
orders = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.integers(1, 4_000)),
        st.tuples(st.just("put"), st.integers(0, 1), st.integers(0, 60)),
        st.tuples(st.just("look"), st.integers(0, 3)),
        st.tuples(st.just("stop"), st.integers(0, 3)),
        st.tuples(st.just("drive"), st.integers(0, 1)),
    ),
    max_size=12,
)


def program(words):
    return asm.Program(
        name="random",
        words=tuple(words),
        wrap_target=0,
        wrap=len(words) - 1,
        side_optional=False,
        side_pindir=False,
        out_init=(asm.OUT_LOW, asm.OUT_LOW),
        set_init=(asm.OUT_LOW, asm.OUT_LOW),
        sideset_init=asm.OUT_LOW,
        in_right=False,
        out_right=True,
        autopush=False,
        autopull=False,
        push_thresh=32,
        pull_thresh=32,
    )


class Chip:
    """Two machines with random programs, and the two counters of the step engine."""

    def __init__(self, first, second, *, extrapolate):
        board = load_board("RPI_PICO")
        self.world = World(board, Plant(board), bytearray(), extrapolate=extrapolate)
        self.plant = self.world.plant
        with self.world.as_current():
            self.machines = [
                fake_rp2.StateMachine(0, program(first), 25_000_000, **self.pins(STEP_PIN)),
                fake_rp2.StateMachine(1, program(second), 62_500_000, **self.pins(STEP_PIN + 2)),
                fake_rp2.StateMachine(2, count_flags),
                fake_rp2.StateMachine(3, count_edges, in_base=STEP_PIN),
            ]
        for machine in self.machines:
            machine.active(1)

    @staticmethod
    def pins(base):
        return {"sideset_base": base, "set_base": base, "out_base": base + 4, "in_base": base}

    def run(self, duration_ns):
        self.world.move_to(self.world.now_ns + duration_ns)
        self.world.sync()

    def put(self, number, word):
        if self.machines[number].tx_fifo() < 4:
            self.machines[number].put(word)

    def stop(self, number):
        self.machines[number].active(not self.machines[number].active())

    def drive(self, level):
        self.world.pins.nets[10].drive(level)

    def look(self, number):
        machine = self.world.pio.machines[number]
        machine.settle(self.world.now_ns)
        registers = {name: getattr(machine, name) for name in STATE}
        fifos = list(machine.tx), list(machine.rx)
        return registers, fifos, machine.attempt is None, machine.block.flags

    def history(self):
        return list(self.plant.pulses.times_ns()), [n.changes for n in self.world.pins.nets]


@pytest.mark.slow
@given(programs, programs, orders)
@settings(max_examples=120)
def test_random_programs_end_in_the_same_state_with_and_without_skips(first, second, orders):
    orders = [*orders, ("run", 3_000), *(("look", n) for n in range(4))]
    fast = Chip(first, second, extrapolate=True)
    slow = Chip(first, second, extrapolate=False)
    for order, *numbers in orders:
        assert getattr(fast, order)(*numbers) == getattr(slow, order)(*numbers)
    assert fast.history() == slow.history()


def counts_of(counters):
    """What state machines that count down in X have counted."""
    counts = []
    for counter in counters:
        counter.exec("mov(isr, invert(x))")
        counter.exec("push(noblock)")
        counts.append(counter.get())
    return counts


class Engine:
    """The step engine alone, for long runs."""

    def __init__(self, *, extrapolate=True):
        board = load_board("RPI_PICO")
        self.plant = Plant(board)
        self.world = World(board, self.plant, bytearray(), extrapolate=extrapolate)
        with self.world.as_current():
            pins = {"freq": 1_000_000, "sideset_base": STEP_PIN}
            self.step = fake_rp2.StateMachine(0, step_program(3), **pins)
            flags = fake_rp2.StateMachine(1, count_flags)
            edges = fake_rp2.StateMachine(2, count_edges, in_base=STEP_PIN)
        self.counters = [flags, edges]
        for counter in self.counters:
            counter.exec("mov(x, invert(null))")
            counter.active(1)
        self.step.active(1)

    def run_to(self, t_ns):
        self.world.move_to(t_ns)
        self.world.sync()

    def counts(self):
        return counts_of(self.counters)


@given(st.lists(st.integers(0, 3_000), max_size=6), st.integers(0, 300), st.integers(1, 30))
@settings(max_examples=40)
def test_the_step_engine_is_the_same_at_any_instant_with_and_without_skips(
    instants_us, delay_us, count
):
    engines = Engine(extrapolate=True), Engine(extrapolate=False)
    seen = []
    for engine in engines:
        engine.step.put(delay_us << 12 | count)
        engine.step.put(delay_us // 2 << 12 | count // 2)
        results = []
        for t_us in sorted(instants_us):
            engine.run_to(t_us * 1_000 + 8 * (t_us % 5))
            level = engine.world.pins.nets[STEP_PIN].level
            results.append((engine.counts(), engine.step.tx_fifo(), level))
        engine.step.active(0)
        machine = engine.world.pio.machines[0]
        results += [machine.x, machine.y, machine.osr, machine.pc]
        seen.append((results, list(engine.plant.pulses.times_ns())))
    assert seen[0] == seen[1]


def test_a_run_of_4095_steps_takes_a_few_events():
    engine = Engine()
    engine.step.put((225 - 10) << 12 | 4095)
    engine.run_to(1_000_000_000)
    assert list(engine.plant.pulses.intervals_ns()) == [(225_000, 4094)]
    assert engine.counts() == [4095, 4095]


def test_a_counter_goes_on_through_zero():
    engine = Engine()
    machine = engine.world.pio.machines[1]
    machine.x = 10
    engine.step.put(20 << 12 | 1000)
    engine.run_to(1_000_000_000)
    assert machine.x == (10 - 1000) & 0xFFFFFFFF


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4094, 4095])
@pytest.mark.parametrize("delay_us", [0, 1, 1_048_575])
def test_every_count_and_delay_that_a_word_holds_is_exact(count, delay_us):
    engine = Engine()
    engine.step.put(delay_us << 12 | count)
    engine.run_to(4_500 * 1_000_000_000)
    assert engine.plant.pulses.count == count
    assert engine.counts() == [count, count]
    period_ns = (delay_us + 10) * 1_000
    assert list(engine.plant.pulses.intervals_ns()) == [(period_ns, count - 1)] * (count > 1)
