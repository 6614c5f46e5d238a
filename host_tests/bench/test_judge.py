# SPDX-License-Identifier: MIT
"""The judge finds what is wrong with made-up edges, and nothing where nothing is."""

import random
from fractions import Fraction
from types import SimpleNamespace

import pytest

from pumpbench.analysis.judge import (
    Deviation,
    Piece,
    Steps,
    curve,
    deviations,
    judge,
    step_volume_ml,
)
from pumpbench.plant.edges import Edges

IDEAL_US = Fraction(225)
STEP_ML = Fraction(1, 16_000)
START_NS = 7_000_123


def edges_at(times_us):
    edges = Edges()
    for t_us in times_us:
        edges.add(START_NS + round(t_us * 1000))
    return edges


def on_time(count=100, ideal_us=IDEAL_US):
    return [int(n * ideal_us) for n in range(1, count + 1)]


def piece(edges, steps, delivered_steps=None):
    delivered = edges.count if delivered_steps is None else delivered_steps
    judged = judge(edges, IDEAL_US)
    volume_ml = delivered * STEP_ML
    return Piece("rate", "target", steps, judged, volume_ml, STEP_ML, [], [], edges)


def test_steps_on_time_have_no_problem_and_no_error():
    judged = judge(edges_at(on_time()), IDEAL_US)
    assert judged.problems() == []
    assert (judged.edges, judged.errors_us) == (100, ((0, 99),))
    assert judged.worst_error_us == judged.beyond_us == judged.spread_us == 0
    assert judged.due_steps == 100


def test_a_period_that_is_not_whole_is_met_by_the_whole_ones_around_it():
    ideal_us = Fraction(225_000, 999)
    judged = judge(edges_at(on_time(ideal_us=ideal_us)), ideal_us)
    assert {ideal_us + error for error, _ in judged.errors_us} == {225, 226}
    assert judged.beyond_us == 0
    assert judged.spread_us < 1
    assert judged.problems() == []


def test_a_missing_step_is_found():
    times_us = on_time()
    del times_us[40]
    judged = judge(edges_at(times_us), IDEAL_US)
    assert judged.worst_error_us == judged.beyond_us == judged.spread_us == 225
    assert judged.due_steps - judged.edges == 1
    (problem,) = judged.problems()
    assert problem.startswith("an interval is")
    lowest = min(low for _, low, _ in deviations(edges_at(times_us), judged))
    assert lowest == -2


def test_a_step_too_many_is_found():
    times_us = sorted([*on_time(), 40 * 225 + 100])
    judged = judge(edges_at(times_us), IDEAL_US)
    assert judged.beyond_us == 125
    assert judged.spread_us == 225
    (problem,) = judged.problems()
    assert problem.startswith("an interval is")


@pytest.mark.parametrize(
    ("late_us", "is_found"), [(2, False), (-2, False), (2.1, True), (-3, True)]
)
def test_a_late_or_early_step_is_found_beyond_two_microseconds(late_us, is_found):
    times_us = on_time()
    times_us[40] += late_us
    judged = judge(edges_at(times_us), IDEAL_US)
    assert abs(judged.worst_error_us) == judged.beyond_us == abs(Fraction(str(late_us)))
    assert bool(judged.problems()) == is_found


def test_one_late_step_shows_by_how_much_delivery_was_behind():
    times_us = on_time()
    times_us[40] += 45
    edges = edges_at(times_us)
    around = deviations(edges, judge(edges, IDEAL_US))[40]
    assert around == Deviation(pytest.approx(41 * 225e-6 + 45e-6), -1.2, -0.2)


def test_a_drift_is_found_though_every_interval_is_within_its_limit():
    judged = judge(edges_at([n * 226 for n in range(1000)]), IDEAL_US)
    assert judged.beyond_us == 1
    assert judged.spread_us == 999
    assert judged.problems() == ["the steps' lateness differs by 999.000 us"]


@pytest.mark.parametrize(
    ("ideal_us", "limit_us"),
    [(50, 1077.75), (225, 942.8), (1250, 1304), (2250, 142.9), (10**6, 54.2)],
)
def test_lateness_may_differ_by_what_a_chunk_of_the_rate_makes_of_it(ideal_us, limit_us):
    judged = judge(edges_at([ideal_us, 2 * ideal_us]), Fraction(ideal_us))
    assert float(judged.spread_limit_us) == pytest.approx(limit_us, abs=0.1)


def test_no_edges_at_all_are_a_problem():
    judged = judge(Edges(), IDEAL_US)
    assert judged.problems() == ["no step arrived"]
    assert (judged.edges, judged.worst_error_us, judged.due_steps) == (0, 0, 0)
    assert curve(Edges(), judged) == [(0.0, 0)]
    assert deviations(Edges(), judged) == []


def test_one_step_alone_is_on_time():
    edges = edges_at([225])
    judged = judge(edges, IDEAL_US)
    assert judged.problems() == []
    assert deviations(edges, judged) == [Deviation(pytest.approx(225e-6), -1, 0)]


def test_the_judgement_is_that_of_every_single_step():
    dice = random.Random(3)
    ideal_us = Fraction(1_000_003, 4321)
    times_us = [int(t_us + dice.choice((0, 0, 0, 3))) for t_us in on_time(2000, ideal_us)]
    judged = judge(edges_at(times_us), ideal_us)
    late_us = [t_us - n * ideal_us for n, t_us in enumerate(times_us, 1)]
    assert judged.spread_us == max(late_us) - min(late_us)
    assert judged.due_steps == (times_us[-1] - min(late_us)) / ideal_us


def test_curves_are_decimated_and_end_on_the_last_step():
    edges = Edges()
    edges.add(START_NS, 225_000, 10_001)
    judged = judge(edges, IDEAL_US)
    points = curve(edges, judged, most=100)
    assert 100 <= len(points) <= 102
    assert points[-1] == (pytest.approx(10_001 * 225e-6), 10_001)
    groups = deviations(edges, judged, most=100)
    assert len(groups) <= 100
    assert {(low, high) for _, low, high in groups} == {(-1, 0)}


def test_a_long_train_costs_no_more_than_a_short_one():
    edges = Edges()
    edges.add(START_NS, 225_000, 10**9)
    assert judge(edges, IDEAL_US).due_steps == 10**9


def test_counts_that_agree_are_no_problem():
    assert piece(edges_at(on_time()), Steps(100, 100, 100, 0)).problems() == []


@pytest.mark.parametrize(
    "steps",
    [
        Steps(101, 100, 100, 0),
        Steps(100, 99, 100, 0),
        Steps(100, 100, 98, 0),
        Steps(100, 100, 100, 1),
    ],
)
def test_any_count_that_differs_is_a_problem(steps):
    assert len(piece(edges_at(on_time()), steps).problems()) == 1


@pytest.mark.parametrize("delivered_steps", [99, 101, -100, 0])
def test_a_beaker_that_holds_something_else_is_a_problem(delivered_steps):
    found = piece(edges_at(on_time()), Steps(100, 100, 100, 0), delivered_steps).problems()
    assert len(found) == 1
    assert "beaker" in found[0]


def test_the_volume_of_a_step_is_exact():
    pump = {"pl_per_rev": 100_000_000, "full_steps": 200, "microsteps": 3}
    assert step_volume_ml(SimpleNamespace(PUMP=pump)) == Fraction(1, 6000)
