# SPDX-License-Identifier: MIT
"""The recorder of edges."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpbench.plant.edges import Edges

gaps_ns = st.integers(1, 5)
trains = st.lists(st.tuples(gaps_ns, gaps_ns, st.integers(1, 6)), max_size=8)


def recorded(trains):
    """Edges made of (gap to the one before, period, count), and the same as a list of times."""
    edges, times_ns, now_ns = Edges(), [], 0
    for gap_ns, period_ns, count in trains:
        now_ns += gap_ns
        edges.add(now_ns, period_ns, count)
        times_ns += [now_ns + n * period_ns for n in range(count)]
        now_ns = times_ns[-1]
    return edges, times_ns


@given(trains)
def test_trains_are_the_edges_they_stand_for(trains):
    edges, times_ns = recorded(trains)
    assert list(edges.times_ns()) == times_ns
    assert edges.count == len(times_ns)
    assert edges.last_ns == (times_ns[-1] if times_ns else None)


@given(trains)
def test_intervals_are_the_differences_of_the_times(trains):
    edges, times_ns = recorded(trains)
    runs = list(edges.intervals_ns())
    intervals_ns = [interval_ns for interval_ns, count in runs for _ in range(count)]
    assert intervals_ns == [b - a for a, b in pairwise(times_ns)]
    assert all(a[0] != b[0] for a, b in pairwise(runs))


@given(trains, st.integers(-1, 100))
def test_count_until_counts_what_came_by_then(trains, t_ns):
    edges, times_ns = recorded(trains)
    assert edges.count_until(t_ns) == sum(time_ns <= t_ns for time_ns in times_ns)


def test_single_edges_at_a_constant_interval_become_one_train():
    edges = Edges()
    for n in range(1000):
        edges.add(7 + n * 3)
    assert list(edges.intervals_ns()) == [(3, 999)]
    assert edges.count_until(7 + 500 * 3) == 501


def test_a_hundred_million_edges_are_counted_at_once():
    edges = Edges()
    edges.add(1_000, 225_000, 10**8)
    edges.add(edges.last_ns + 225_000, 225_000, 10**8)
    assert edges.count == 2 * 10**8
    assert list(edges.intervals_ns()) == [(225_000, 2 * 10**8 - 1)]


def test_clearing_forgets_every_edge():
    edges = Edges()
    edges.add(5, 2, 3)
    edges.clear()
    edges.add(1)
    assert list(edges.times_ns()) == [1]


def test_edges_out_of_order_are_refused():
    edges = Edges()
    edges.add(5)
    with pytest.raises(ValueError, match="before the last"):
        edges.add(4)


def test_several_edges_at_one_time_are_refused():
    with pytest.raises(ValueError, match="at least 1 ns"):
        Edges().add(5, 0, 2)
