# SPDX-License-Identifier: MIT
"""The window against brute force, on anything that can be opened, closed, added and cut."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tests.oracles.window import DAY_US, FINE_PER_NG, Oracle, built
from pump.therapy.cycle import Cycle
from pump.therapy.window import Window

HOUR_US = DAY_US // 24
MINUTE_US = HOUR_US // 60
NG_ML = 500_000
EXACT_CHANGES = 48  # so many changes of rate are always looked at one by one
PIECE_US = HOUR_US  # beyond them the rest is estimated in pieces

# What is drawn

RATES = st.integers(1, 10**9)
SPANS_US = st.one_of(
    st.integers(5 * MINUTE_US, 3 * DAY_US), st.integers(1, 24).map(lambda h: h * HOUR_US)
)
NG_MLS = st.sampled_from((50_000, 500_000, 2_000_000, 333_333))
CONSTANTS = st.tuples(st.just("constant"), RATES)
DOSES = st.tuples(st.just("dose"), st.integers(1, 10**18), SPANS_US)


@st.composite
def cycles(draw):
    pieces = draw(
        st.lists(st.tuples(SPANS_US, st.integers(0, 10**18), st.just(0)), min_size=1, max_size=5)
    )
    pieces.append((draw(SPANS_US), draw(st.integers(1, 10**18)), 0))
    cycle_us = sum(duration_us for duration_us, _, _ in pieces)
    return "cycle", tuple(pieces), draw(st.integers(0, cycle_us - 1))


@st.composite
def days(draw, pieces=48):
    """A week of days with so many pieces each."""
    rates = draw(st.lists(RATES, min_size=2, max_size=20))
    span_us = DAY_US // pieces
    week = [(span_us, rates[i * i % len(rates)] * span_us, 0) for i in range(7 * pieces)]
    return "cycle", tuple(week), draw(st.integers(0, 7 * DAY_US - 1))


INTERVALS_US = st.integers(5 * MINUTE_US, 30 * DAY_US)


@st.composite
def periodics(draw, intervals_us=INTERVALS_US):
    """A dose every so often over a background, the first one at some time."""
    interval_us = draw(intervals_us)
    duration_us = draw(st.integers(5_000_000, interval_us - 1))
    rate, dose = draw(RATES), draw(st.integers(1, 10**6)) * DAY_US
    pieces = (
        (duration_us, rate * duration_us + dose, dose),
        (interval_us - duration_us, rate * (interval_us - duration_us), 0),
    )
    first_us = draw(st.integers(1, interval_us))
    return "then", ("constant", rate), first_us, ("cycle", pieces, 0)


SCHEDULES = st.one_of(CONSTANTS, DOSES, cycles(), periodics())
RICH = st.one_of(CONSTANTS, days(), periodics(st.just(5 * MINUTE_US)), periodics())
WAITS_US = st.one_of(st.integers(0, 2_000_000), st.integers(0, 2 * DAY_US))
AHEAD_US = st.one_of(st.just(0), st.integers(0, 2_000_000), st.integers(0, DAY_US))
BOLUSES = st.tuples(AHEAD_US, st.integers(5_000_000, DAY_US), st.integers(1, 10**6))


def events(schedules):
    opens = st.tuples(st.just("open"), AHEAD_US, schedules, NG_MLS)
    return st.tuples(
        WAITS_US,
        st.one_of(
            opens,
            opens,
            st.tuples(st.just("close"), AHEAD_US),
            BOLUSES.map(lambda bolus: ("add", *bolus)),
            st.tuples(st.just("cut"), st.integers(0, 10**6)),
            st.tuples(st.just("ask")),
        ),
    )


def play(window, oracle, event, now_us):
    """Let one event happen to both."""
    name, *content = event
    if name == "open":
        ahead_us, description, ng_ml = content
        window.open(now_us + ahead_us, built(description), ng_ml)
        oracle.open(now_us + ahead_us, description, ng_ml)
    elif name == "close":
        window.close(now_us + content[0])
        oracle.close(now_us + content[0])
    elif name == "add":
        ahead_us, duration_us, dose_ng = content
        window.add(now_us + ahead_us, duration_us, dose_ng)
        oracle.add(now_us + ahead_us, duration_us, dose_ng)
    elif name == "cut" and oracle.extras and oracle.extras[-1][0] > now_us:
        window.cut(now_us, content[0])
        oracle.cut(now_us, content[0])


# Two units of the greatest concentration: what rounding within the pieces may leave out
TINY_NG = Fraction(4 * 2_000_000, FINE_PER_NG)


def assert_exact(answer_ng, truth_ng, extras_ng):
    assert ceil(truth_ng - TINY_NG) <= answer_ng - extras_ng <= ceil(truth_ng + TINY_NG)


def assert_answers(window, oracle, now_us, instead=()):
    """Exact where few rates change; never below the truth, and near it, where many do."""
    extras_ng = oracle.extras_ng(now_us)
    line = oracle.line(now_us)
    assert_exact(window.now_ng(now_us), line.window_ng(now_us), extras_ng)
    line = oracle.line(now_us, instead)
    rows = tuple((at_us, built(description), ng_ml) for at_us, description, ng_ml in instead)
    peak_ng = window.peak_ng(now_us, rows) if rows else window.peak_ng(now_us)
    if len(line.instants) <= EXACT_CHANGES:
        assert_exact(peak_ng, line.peak_ng(), extras_ng)
        return
    assert ceil(line.peak_ng() - TINY_NG) <= peak_ng - extras_ng
    assert peak_ng - extras_ng <= ceil(line.peak_ng() + most_in_a_piece(line))


def most_in_a_piece(line):
    """No less than what falls into any hour of the day to come, or of the one that leaves."""
    ends_us = range(line.now_us - DAY_US + PIECE_US, line.now_us + DAY_US + 1, PIECE_US)
    return 2 * max(line.window_ng(end_us, PIECE_US) for end_us in ends_us)


@settings(max_examples=200)
@given(
    st.lists(events(SCHEDULES), min_size=1, max_size=25),
    st.lists(st.tuples(AHEAD_US, SCHEDULES, NG_MLS), max_size=2),
)
def test_now_and_peak_are_exact_whatever_was_opened_closed_added_and_cut(happened, instead):
    window, oracle, now_us = Window(), Oracle(), 0
    for wait_us, event in happened:
        now_us += wait_us
        play(window, oracle, event, now_us)
        if event[0] == "ask":
            assert_answers(window, oracle, now_us)
    assert_answers(window, oracle, now_us)
    rows = sorted(instead, key=lambda row: row[0])
    assert_answers(window, oracle, now_us, [(now_us + ahead_us, *row) for ahead_us, *row in rows])


@settings(max_examples=60)
@given(
    st.lists(events(RICH), min_size=1, max_size=6),
    st.lists(st.tuples(AHEAD_US, RICH, NG_MLS), max_size=1),
)
def test_days_of_48_pieces_and_doses_every_5_minutes_are_never_understated(happened, instead):
    window, oracle, now_us = Window(), Oracle(), 0
    for wait_us, event in happened:
        now_us += wait_us
        play(window, oracle, event, now_us)
    rows = [(now_us + ahead_us, *row) for ahead_us, *row in instead]
    assert_answers(window, oracle, now_us, rows)


def changed(first, second):
    """A window and its oracle: a day of the first pieces, and the second ones from then on."""
    window, oracle = Window(), Oracle()
    for at_us, pieces in ((0, first), (DAY_US, second)):
        window.open(at_us, Cycle(pieces), NG_ML)
        oracle.open(at_us, ("cycle", pieces, 0), NG_ML)
    return window, oracle


def day_of(pieces, rates):
    span_us = DAY_US // pieces
    return tuple((span_us, rates[i % len(rates)] * span_us, 0) for i in range(pieces))


DOSE = 10**6 * DAY_US
OFTEN = ((MINUTE_US, DOSE, DOSE), (17 * MINUTE_US + 1, 0, 0))
HALF_HOURS = day_of(48, (200_000, 1_000_000))


@pytest.mark.parametrize(("first", "second"), [(HALF_HOURS, OFTEN), (OFTEN, HALF_HOURS)])
def test_a_change_between_a_day_pattern_and_frequent_doses_is_two_doses_too_high_at_most(
    first, second
):
    window, oracle = changed(first, second)
    for now_us in range(DAY_US, 2 * DAY_US, 53 * MINUTE_US):
        truth_ng = oracle.line(now_us).peak_ng()
        two_ng = 2 * DOSE * NG_ML // FINE_PER_NG
        assert ceil(truth_ng - TINY_NG) <= window.peak_ng(now_us) <= ceil(truth_ng + two_ng)


@pytest.mark.parametrize("busiest", [0, 70, 239])
def test_of_more_changes_than_can_be_looked_at_none_is_understated(busiest):
    """Only one piece of 6 min in the new day gives anything: most when it has just ended."""
    quiet, busy = day_of(240, (0, 1)), [(DAY_US // 240, 0, 0)] * 240
    busy[busiest] = (DAY_US // 240, DOSE, 0)
    window, oracle = changed(day_of(240, (100_000, 900_000)), tuple(busy))
    assert window.peak_ng(DAY_US) >= oracle.line(DAY_US).peak_ng()
    window, oracle = changed(tuple(busy), quiet)
    assert window.peak_ng(DAY_US) >= oracle.line(DAY_US).peak_ng()
    window, oracle = changed(day_of(240, (0, 1, 7)), day_of(240, (10**6, 0, 0, 0, 0, 0)))
    for now_us in range(DAY_US, 2 * DAY_US, 53 * MINUTE_US):
        assert window.peak_ng(now_us) >= oracle.line(now_us).peak_ng()


@given(st.lists(events(SCHEDULES), min_size=20, max_size=60), st.integers(0, 10**6))
def test_with_more_stretches_than_fit_the_answers_are_never_below_the_truth(happened, wait_us):
    window, oracle, now_us = Window(), Oracle(), 0
    for _, event in happened * 2:
        now_us += wait_us
        play(window, oracle, event, now_us)
    extras_ng, line = oracle.extras_ng(now_us), oracle.line(now_us)
    assert window.now_ng(now_us) >= ceil(line.window_ng(now_us) - TINY_NG) + extras_ng
    assert window.peak_ng(now_us) >= ceil(line.peak_ng() - TINY_NG) + extras_ng
