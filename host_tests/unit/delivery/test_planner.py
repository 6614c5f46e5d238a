# SPDX-License-Identifier: MIT
"""The planner against an oracle in plain fractions, which knows nothing of chunks."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.delivery.calibration import Calibration
from pump.delivery.planner import CHUNK_US, COUNT_MAX, Planner
from pump.therapy.schedule import Constant

MIN_PERIOD_US = 50
RATE_NL_D = st.integers(1, 24_000_000_000)
PL_PER_REV = st.integers(10_000_000, 10**9)
STEPS_PER_REV = 3200


class Oracle:
    """Volume due at piecewise constant rates, in nanolitres, as a Fraction."""

    def __init__(self, rate_nl_d, owed_nl=Fraction(0)):
        self._changes = [(0, rate_nl_d)]
        self._owed_nl = owed_nl

    def change(self, at_us, rate_nl_d):
        self._changes.append((at_us, rate_nl_d))

    def due_nl(self, t_us):
        ends_us = [start_us for start_us, _ in self._changes[1:]] + [t_us]
        spans = [
            (min(end_us, t_us) - start_us, rate_nl_d)
            for (start_us, rate_nl_d), end_us in zip(self._changes, ends_us, strict=True)
        ]
        total = sum(max(span_us, 0) * rate_nl_d for span_us, rate_nl_d in spans)
        return self._owed_nl + Fraction(total, 86_400_000_000)


def step_nl(pl_per_rev):
    return Fraction(pl_per_rev, 1000 * STEPS_PER_REV)


def planner_for(rate_nl_d, pl_per_rev, **options):
    step = Calibration(pl_per_rev, STEPS_PER_REV).step_in_nl_d_us()
    return Planner(Constant(rate_nl_d), step, min_period_us=MIN_PERIOD_US, **options)


def edges_of(planner, chunks):
    """Plan so many chunks: [(time of the step, steps in its chunk)], checking each run."""
    edges, t_us = [], planner.end_us
    for _ in range(chunks):
        runs = planner.next_runs()
        assert len(runs) <= 2
        in_chunk = sum(count for count, _ in runs)
        assert in_chunk <= COUNT_MAX
        for count, period_us in runs:
            assert MIN_PERIOD_US <= period_us < 2**20
            edges += [(t_us + (n + 1) * period_us, in_chunk) for n in range(count)]
            t_us += max(count, 1) * period_us
        assert t_us == planner.end_us
    return edges


def is_within_reach(rate_nl_d, pl_per_rev):
    return step_nl(pl_per_rev) * 86_400_000_000 / rate_nl_d >= MIN_PERIOD_US


@given(RATE_NL_D, PL_PER_REV, st.integers(1, 30))
def test_no_step_is_early_and_none_late_by_more_than_a_quarter_microsecond_a_step(
    rate_nl_d, pl_per_rev, chunks
):
    if not is_within_reach(rate_nl_d, pl_per_rev):
        return
    oracle = Oracle(rate_nl_d)
    edges = edges_of(planner_for(rate_nl_d, pl_per_rev), chunks)
    for n, (t_us, in_chunk) in list(enumerate(edges, 1))[:: max(1, len(edges) // 200)]:
        needed_nl = n * step_nl(pl_per_rev)
        assert oracle.due_nl(t_us) >= needed_nl
        assert oracle.due_nl(t_us - in_chunk // 4 - 2) < needed_nl


@given(RATE_NL_D, PL_PER_REV, st.integers(1, 30))
def test_every_chunk_ends_on_exactly_the_floor_of_the_volume_due(rate_nl_d, pl_per_rev, chunks):
    if not is_within_reach(rate_nl_d, pl_per_rev):
        return
    oracle = Oracle(rate_nl_d)
    planner = planner_for(rate_nl_d, pl_per_rev)
    for _ in range(chunks):
        edges_of(planner, 1)
        assert planner.steps == oracle.due_nl(planner.end_us) // step_nl(pl_per_rev)


@given(st.lists(st.tuples(RATE_NL_D, st.integers(1, 12)), min_size=2, max_size=6), PL_PER_REV)
def test_the_fraction_of_a_step_is_carried_across_every_rate_change(changes, pl_per_rev):
    if not all(is_within_reach(rate_nl_d, pl_per_rev) for rate_nl_d, _ in changes):
        return
    (first_nl_d, chunks), *others = changes
    oracle = Oracle(first_nl_d)
    planner = planner_for(first_nl_d, pl_per_rev)
    edges_of(planner, chunks)
    for rate_nl_d, chunks in others:
        planner.follow(Constant(rate_nl_d))
        oracle.change(planner.end_us, rate_nl_d)
        edges_of(planner, chunks)
        assert planner.steps == oracle.due_nl(planner.end_us) // step_nl(pl_per_rev)


@given(RATE_NL_D, PL_PER_REV, st.integers(1, 20), st.data())
def test_what_is_owed_after_an_abort_is_exactly_what_was_due_and_not_stepped(
    rate_nl_d, pl_per_rev, chunks, data
):
    planner = planner_for(rate_nl_d, pl_per_rev)
    edges_of(planner, chunks)
    t_us = data.draw(st.integers(0, planner.end_us))
    steps = data.draw(st.integers(0, planner.steps))
    amount, _ = Calibration(pl_per_rev, STEPS_PER_REV).step_in_nl_d_us()
    due_nl = Oracle(rate_nl_d).due_nl(t_us) - steps * step_nl(pl_per_rev)
    assert Fraction(planner.carry(t_us, steps), amount) * step_nl(pl_per_rev) == due_nl


@given(
    st.lists(st.tuples(RATE_NL_D, st.integers(0, 3)), min_size=2, max_size=5),
    PL_PER_REV,
    st.data(),
)
def test_what_is_owed_is_counted_at_the_rate_in_force_even_with_changes_still_to_come(
    changes, pl_per_rev, data
):
    (first_nl_d, chunks), *others = changes
    oracle = Oracle(first_nl_d)
    planner = planner_for(first_nl_d, pl_per_rev)
    edges_of(planner, chunks + 1)
    for rate_nl_d, chunks in others:
        planner.follow(Constant(rate_nl_d))
        oracle.change(planner.end_us, rate_nl_d)
        edges_of(planner, chunks)
    first_us = data.draw(st.integers(0, planner.end_us))
    planner.forget(first_us)
    t_us = data.draw(st.integers(first_us, planner.end_us))
    steps = data.draw(st.integers(0, planner.steps))
    amount, _ = Calibration(pl_per_rev, STEPS_PER_REV).step_in_nl_d_us()
    due_nl = oracle.due_nl(t_us) - steps * step_nl(pl_per_rev)
    assert Fraction(planner.carry(t_us, steps), amount) * step_nl(pl_per_rev) == due_nl


@given(RATE_NL_D, PL_PER_REV, st.fractions(0, 1))
def test_a_delivery_begins_with_what_was_owed(rate_nl_d, pl_per_rev, fraction):
    if not is_within_reach(rate_nl_d, pl_per_rev):
        return
    amount, _ = Calibration(pl_per_rev, STEPS_PER_REV).step_in_nl_d_us()
    carry = int(fraction * amount)
    oracle = Oracle(rate_nl_d, owed_nl=Fraction(carry, amount) * step_nl(pl_per_rev))
    planner = planner_for(rate_nl_d, pl_per_rev, carry=carry)
    edges_of(planner, 10)
    assert abs(planner.steps - oracle.due_nl(planner.end_us) // step_nl(pl_per_rev)) <= (
        1 if planner.end_us < 10 * MIN_PERIOD_US else 0
    )


@pytest.mark.parametrize("limit_steps", [0, 1, 2, 3, 255, 256, 257, 4095, 4096, 4097, 65537])
def test_a_limited_delivery_plans_exactly_its_steps(limit_steps):
    step = (60_000_000_000, 1)
    schedule = Constant(375_000 * STEPS_PER_REV)  # 20 000 steps a second
    planner = Planner(schedule, step, limit_steps=limit_steps, min_period_us=MIN_PERIOD_US)
    runs = []
    while not planner.is_complete():
        runs += planner.next_runs()
    assert sum(count for count, _ in runs) == limit_steps
    assert {period_us for _, period_us in runs} <= {50}
    assert planner.next_runs() == ()


def test_one_step_in_a_hundred_years_is_a_chain_of_delays():
    planner = planner_for(1, 10**9 * 36_500)
    assert [planner.next_runs() for _ in range(3)] == [((0, CHUNK_US),)] * 3


@pytest.mark.parametrize("owed_steps", [2, 100, 10**9])
def test_nothing_is_caught_up_but_the_step_that_is_due(owed_steps):
    amount, _ = Calibration(200_000_000, STEPS_PER_REV).step_in_nl_d_us()
    planner = planner_for(24_000_000, 200_000_000, carry=owed_steps * amount)
    edges = [t_us for t_us, _ in edges_of(planner, 4)]
    assert edges[:2] == [MIN_PERIOD_US, 225_000]


def test_being_ahead_costs_one_step_at_most():
    amount, _ = Calibration(200_000_000, STEPS_PER_REV).step_in_nl_d_us()
    planner = planner_for(24_000_000, 200_000_000, carry=-100 * amount)
    assert edges_of(planner, 1) == [(450_000, 1)]


def test_changes_without_anything_planned_between_them_take_no_memory():
    planner = planner_for(24_000_000, 200_000_000)
    for rate_nl_d in range(1, 500):
        planner.follow(Constant(rate_nl_d))
    assert len(planner._segments) == 1
