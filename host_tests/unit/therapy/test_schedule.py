# SPDX-License-Identifier: MIT
"""Schedules against an oracle in fractions that walks through every piece.

A schedule is drawn as a plain description; `built` makes the real one of it.
"""

from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.oracle.schedule import (
    bounded,
    changes_of,
    counts_of,
    due_of,
    exact_of,
    parts,
)
from host_tests.support.run.operations import operations
from pump.kinds import BRIDGE, CLINICIAN, PATIENT
from pump.therapy.cycle import Cycle
from pump.therapy.schedule import Constant, Dose, Sequence, Superimposed

DAY_US = 86_400_000_000
HOUR_US = DAY_US // 24
STEP = (62_500 * DAY_US, 1000)  # 62.5 nl
MOST_OPERATIONS = 2_000  # of the four questions to a schedule

SIZES = st.one_of(st.integers(1, 60), st.integers(1, 10**15))
SPANS_US = st.one_of(st.integers(1, 60), st.integers(1, 3 * DAY_US))
RATES = st.one_of(st.integers(1, 9), st.integers(1, 10**11))
STEPS = st.tuples(SIZES, st.integers(1, 3_200_000))


@st.composite
def doses(draw):
    return ("dose", draw(st.sampled_from((CLINICIAN, BRIDGE))), draw(SIZES), draw(SPANS_US))


@st.composite
def cycles(draw):
    pieces = []
    for _ in range(draw(st.integers(1, 5))):
        amount = draw(st.one_of(st.just(0), SIZES))
        dose = draw(st.sampled_from((0, amount, (amount + 1) // 2)))
        pieces.append((draw(SPANS_US), amount, dose))
    pieces.append((draw(SPANS_US), draw(SIZES), 0))
    length_us = sum(span_us for span_us, _, _ in pieces)
    return ("cycle", tuple(pieces), draw(st.integers(0, length_us - 1)))


CONSTANTS = st.tuples(st.just("constant"), RATES)


@st.composite
def thens(draw, afters):
    first = draw(st.one_of(doses(), CONSTANTS))
    longest_us = first[3] if first[0] == "dose" else DAY_US
    elapsed_us = draw(st.one_of(st.just(0), st.integers(0, longest_us)))
    return ("then", first, draw(SPANS_US), draw(afters), elapsed_us)


@st.composite
def overs(draw, basals):
    dose = draw(doses())
    elapsed_us = draw(st.one_of(st.just(0), st.integers(0, dose[3] + 5)))
    return ("over", dose, draw(basals), elapsed_us)


ENDLESS = st.one_of(CONSTANTS, cycles())
REGULAR = st.one_of(ENDLESS, thens(ENDLESS))
SCHEDULES = st.one_of(REGULAR, overs(REGULAR), thens(overs(REGULAR)))


def built(what):
    """The real schedule of a description."""
    if what[0] == "constant":
        return Constant(what[1])
    if what[0] == "dose":
        return Dose(*what[1:])
    if what[0] == "cycle":
        return Cycle(*what[1:])
    if what[0] == "then":
        return Sequence(built(what[1]), what[2], built(what[3]), what[4])
    return Superimposed(built(what[1]), built(what[2]), what[3])


TIMES_US = st.one_of(st.integers(0, 400), st.integers(0, 20 * DAY_US))


@given(SCHEDULES, TIMES_US)
def test_what_is_due_is_exact_at_every_instant(what, t_us):
    t_us = bounded(what, t_us)
    schedule = built(what)
    assert schedule.due(0) == 0
    assert schedule.due(t_us) == due_of(what, t_us)
    assert abs(schedule.due(t_us) - exact_of(what, t_us)) < len(parts(what, t_us))
    assert schedule.due(t_us) <= schedule.due(t_us + 1)


@given(st.one_of(doses(), CONSTANTS, cycles(), overs(CONSTANTS)), st.integers(0, 100 * DAY_US))
def test_what_is_due_is_the_exact_amount_rounded_down_where_nothing_came_before(what, t_us):
    if what[0] in ("cycle", "over"):
        what = (*what[:-1], 0)
    t_us = bounded(what, t_us)
    assert built(what).due(t_us) == floor(exact_of(what, t_us))


@given(cycles())
def test_a_cycle_is_exact_at_the_ends_of_its_pieces(what):
    schedule = Cycle(what[1])
    start_us = total = 0
    for duration_us, amount, _ in what[1] * 3:
        assert schedule.due(start_us) == total
        start_us, total = start_us + duration_us, total + amount
    assert schedule.due(start_us) == total


@given(SCHEDULES, st.one_of(st.integers(-5, 200), st.integers(-(10**9), 10**17)))
def test_when_is_the_first_microsecond_by_which_an_amount_is_due(what, amount):
    schedule = built(what)
    at_us = schedule.when(amount)
    if amount <= 0:
        assert at_us == 0
    else:
        assert at_us > 0
        assert schedule.due(at_us) >= amount
        assert schedule.due(at_us - 1) < amount


@given(SCHEDULES, TIMES_US)
def test_when_finds_every_amount_that_is_due_at_some_instant(what, t_us):
    schedule = built(what)
    for amount in (schedule.due(t_us), schedule.due(t_us) + 1):
        at_us = schedule.when(amount)
        assert schedule.due(at_us) >= amount
        assert at_us == 0 or schedule.due(at_us - 1) < amount


@given(doses(), st.data())
def test_a_dose_answers_for_every_amount_it_holds_and_gives_no_more(what, data):
    dose = built(what)
    amount = data.draw(st.integers(1, dose.amount))
    assert dose.due(dose.when(amount)) >= amount > dose.due(dose.when(amount) - 1)
    assert dose.when(0) == dose.when(-7) == 0
    assert dose.when(dose.amount) <= dose.duration_us
    assert dose.due(dose.duration_us) == dose.due(dose.duration_us * 9) == dose.amount
    assert dose.until(0) == dose.until(dose.duration_us - 1) == dose.duration_us
    assert dose.until(dose.duration_us) is None
    assert dose.period_us(dose.duration_us - 1) is None
    assert dose.period_us(dose.duration_us) == 1
    assert dose.rate(0) == dose.amount // dose.duration_us
    assert dose.rate(dose.duration_us) == 0


@given(SCHEDULES, TIMES_US)
def test_until_is_the_next_end_of_a_piece(what, t_us):
    t_us = bounded(what, t_us)
    later = [at_us for at_us in changes_of(what, t_us) if at_us > t_us]
    assert built(what).until(t_us) == min(later, default=None)


@pytest.mark.slow
@given(SCHEDULES, TIMES_US)
def test_the_rate_is_the_slope_up_to_the_next_change(what, t_us):
    t_us = bounded(what, t_us)
    schedule = built(what)
    until_us = schedule.until(t_us) or t_us + DAY_US
    slope = (exact_of(what, until_us) - exact_of(what, t_us)) / (until_us - t_us)
    middle_us = (t_us + until_us) // 2
    assert exact_of(what, middle_us) - exact_of(what, t_us) == slope * (middle_us - t_us)
    assert slope - len(parts(what, until_us)) < schedule.rate(t_us) <= slope


@given(SCHEDULES, TIMES_US, st.integers(0, 50 * DAY_US))
def test_what_repeats_does_so_with_its_period(what, t_us, later_us):
    schedule = built(what)
    period_us = schedule.period_us(t_us)
    if period_us is None:
        assert what[0] in ("then", "over")
        assert schedule.until(t_us) is not None
    else:
        once = schedule.due(t_us + period_us) - schedule.due(t_us)
        t_us += later_us // period_us * period_us
        assert schedule.due(t_us + period_us) - schedule.due(t_us) == once


@pytest.mark.slow
@given(SCHEDULES, TIMES_US, STEPS)
def test_the_steps_of_the_boluses_are_those_of_each_dose_by_itself(what, t_us, step):
    t_us = bounded(what, t_us)
    counts = built(what).doses(t_us, step)
    assert [(kind, steps) for _, kind, _, steps in counts] == counts_of(what, t_us, step)


@pytest.mark.slow
@given(SCHEDULES, st.lists(TIMES_US, min_size=2, max_size=5), STEPS)
def test_the_count_under_a_key_never_decreases(what, times_us, step):
    schedule, seen = built(what), {}
    for t_us in sorted(times_us):
        for key, _, _, steps in schedule.doses(t_us, step):
            assert steps >= seen.get(key, 0)
            seen[key] = steps


def test_a_dose_has_all_its_whole_steps_by_its_end_and_never_more():
    dose = Dose(PATIENT, 10 * STEP[0] // STEP[1] - 1, HOUR_US, 500_000)
    assert dose.doses(0, STEP) == ((dose, PATIENT, 500_000, 0),)
    assert dose.doses(1, STEP) == ((dose, PATIENT, 500_000, 1),)
    assert dose.doses(HOUR_US, STEP) == ((dose, PATIENT, 500_000, 9),)
    assert dose.doses(HOUR_US * 99, STEP) == ((dose, PATIENT, 500_000, 9),)


def test_a_dose_over_a_basal_counts_on_from_its_own_start():
    dose = Dose(PATIENT, 10 * STEP[0] // STEP[1], HOUR_US)
    over = Superimposed(dose, Constant(1000), HOUR_US // 2)
    assert over.doses(0, STEP) == dose.doses(HOUR_US // 2, STEP) == ((dose, PATIENT, 0, 5),)
    assert over.due(HOUR_US) == dose.amount // 2 + 1000 * HOUR_US


def test_a_dose_taken_up_midway_again_and_again_loses_nothing():
    dose, basal = Dose(PATIENT, 1_000_003, 7_919), Constant(1)
    total = sum(Superimposed(dose, basal, elapsed_us).due(1) for elapsed_us in range(7_919))
    assert total == 1_000_003 + 7_919


def test_of_a_periodic_dose_under_way_at_the_start_only_the_rest_is_counted():
    ten_steps = 10 * STEP[0] // STEP[1]
    pieces = ((HOUR_US, ten_steps, ten_steps), (HOUR_US, 0, 0))
    cycle = Cycle(pieces, HOUR_US // 2)
    assert cycle.doses(0, STEP)[0][3] == 0
    assert cycle.doses(HOUR_US // 2, STEP)[0][3] == 5
    assert cycle.doses(2 * HOUR_US + HOUR_US // 2, STEP)[0][3] == 15


def test_a_bridge_gives_the_old_drug_and_goes_over_to_the_regular_schedule():
    bridge = Dose(BRIDGE, 400_000 * DAY_US, DAY_US, 500_000)
    schedule = Sequence(bridge, DAY_US, Constant(100_000))
    assert schedule.rate(0) == 400_000
    assert schedule.rate(DAY_US) == 100_000
    assert schedule.due(3 * DAY_US) == 600_000 * DAY_US
    assert schedule.until(0) == DAY_US
    assert schedule.until(DAY_US) is None
    step = (DAY_US, 1)
    assert schedule.doses(9 * DAY_US, step) == ((bridge, BRIDGE, 500_000, 400_000),)


def week(pieces):
    span_us = 7 * DAY_US // pieces
    return Cycle([(span_us, span_us * (100_000 + 1_000 * n), 0) for n in range(pieces)], DAY_US)


def every_five_minutes():
    dose, rest_us = 100 * DAY_US, 295_000_000
    return Sequence(
        Constant(20_000),
        HOUR_US,
        Cycle(((5_000_000, 5_000_000 * 20_000 + dose, dose), (rest_us, rest_us * 20_000, 0))),
    )


def effort_of(schedule, day):
    """Bytecodes of a hundred rounds of questions."""

    def ask():
        for n in range(100):
            t_us = day * DAY_US + n * 864_137_779
            amount = schedule.due(t_us)
            assert schedule.when(amount) <= t_us < schedule.until(t_us)
            schedule.rate(t_us)
            schedule.doses(t_us, STEP)

    return operations(ask)


@pytest.mark.parametrize("make", [lambda: week(168), every_five_minutes], ids=["flex", "periodic"])
def test_half_a_year_later_an_answer_takes_no_longer(make):
    early, late = (effort_of(make(), day) for day in (1, 180))
    assert late < 2 * early < 200 * MOST_OPERATIONS


def test_a_bolus_over_a_busy_day_is_searched_in_few_steps():
    asked = 0

    class Counting(Cycle):
        def due(self, t_us):
            nonlocal asked
            asked += 1
            return super().due(t_us)

    span_us = HOUR_US // 2
    rates = [6_000 if n % 2 else 24_000_000 for n in range(48)]
    basal = Counting([(span_us, span_us * rate, 0) for rate in rates])
    over = Superimposed(Dose(CLINICIAN, 5_000 * DAY_US, DAY_US), basal)
    worst = 0
    for n in range(1, 500):
        amount = over.due(DAY_US) * n // 500
        asked = 0
        at_us = over.when(amount)
        worst = max(worst, asked)
        assert over.due(at_us) >= amount > over.due(at_us - 1)
    assert worst <= 60
