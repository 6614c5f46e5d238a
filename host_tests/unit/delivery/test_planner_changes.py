# SPDX-License-Identifier: MIT
"""The planner along rates that change, and the booking of its steps, against plain fractions."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pump.delivery.booking import Booking
from pump.delivery.planner import Planner
from pump.kinds import BASAL, PATIENT, PERIODIC
from pump.therapy.cycle import Cycle
from pump.therapy.schedule import Constant, Dose, Superimposed
from pump.units import DAY_US

MIN_PERIOD_US = 50
SECOND_US = 1_000_000
STEP = (62_500 * DAY_US, 1000)  # 62.5 nL
STEP_NL = Fraction(125, 2)
BATCH = (BASAL, 200_000_000, 500_000)

RATE = st.integers(6_000, 10**9) | st.integers(10**9, 24 * 10**9)
PIECES = st.lists(st.tuples(st.integers(1_000, 3 * SECOND_US), RATE), min_size=1, max_size=4)


def cycle_of(pieces, phase_us=0):
    return Cycle([(us, us * rate, 0) for us, rate in pieces], phase_us)


def due_nl(pieces, t_us):
    """Volume due by t_us along pieces that repeat."""
    length_us = sum(us for us, _ in pieces)
    total = t_us // length_us * sum(us * rate for us, rate in pieces)
    left_us = t_us % length_us
    for us, rate in pieces:
        total += rate * min(us, left_us)
        left_us -= min(us, left_us)
    return Fraction(total, DAY_US)


def edges_of(planner, until_us):
    """Plan up to an instant: (first, last edge, number of the last, steps in the chunk) each."""
    chunks, t_us = [], planner.end_us
    while planner.end_us < until_us:
        for count, period_us in planner.next_runs():
            assert MIN_PERIOD_US <= period_us < 2**20
            if count:
                chunks.append((t_us + period_us, t_us + count * period_us, count))
            t_us += max(count, 1) * period_us
        assert t_us == planner.end_us
    return chunks


@pytest.mark.slow
@given(PIECES)
@example([(3_000, 24 * 10**9), (997_000, 6_000)])
def test_along_changing_rates_every_step_falls_when_its_volume_is_due(pieces):
    planner = Planner(cycle_of(pieces), STEP, min_period_us=MIN_PERIOD_US)
    number = 0
    fastest = Fraction(max(rate for _, rate in pieces), DAY_US)
    late_us = 1_100 + 2 * MIN_PERIOD_US  # COUNT_MAX / 4, and what spreading an interval adds
    for first_us, last_us, count in edges_of(planner, 4 * SECOND_US):
        for at_us, steps in ((first_us, number + 1), (last_us, number + count)):
            due = due_nl(pieces, at_us)
            assert due >= steps * STEP_NL
            assert due - fastest * late_us < steps * STEP_NL
        number += count
    assert number == planner.steps == due_nl(pieces, planner.end_us) // STEP_NL


@pytest.mark.slow
@given(PIECES)
def test_a_chunk_never_spans_a_change_of_rate_unless_it_is_one_step(pieces):
    planner = Planner(cycle_of(pieces), STEP, min_period_us=MIN_PERIOD_US)
    while planner.end_us < 4 * SECOND_US:
        from_us, before = planner.end_us, planner.steps
        planner.next_runs()
        until_us = cycle_of(pieces).until(from_us)
        assert planner.steps - before <= 1 or planner.end_us <= until_us


def test_a_rate_that_changes_much_later_is_planned_in_the_same_pieces_as_one_that_never_does():
    """A piece of one step would be right, too, and far more work."""
    pieces = [(10 * SECOND_US, 10**9), (10 * SECOND_US, 6_000)]
    runs = []
    for schedule in (Constant(10**9), cycle_of(pieces)):
        planner = Planner(schedule, STEP, min_period_us=MIN_PERIOD_US)
        runs.append([planner.next_runs() for _ in range(10)])
        planner.follow(schedule)
        runs[-1] += [planner.next_runs() for _ in range(10)]
    assert runs[0] == runs[1]


@given(RATE, st.integers(20_000, 60_000), st.integers(0, 10**15))
def test_what_fell_due_before_a_delivery_began_is_stepped_at_once_and_nothing_more(
    rate, begin_us, carry
):
    carry %= STEP[0]
    planner = Planner(
        Constant(rate), STEP, carry=carry, begin_us=begin_us, min_period_us=MIN_PERIOD_US
    )
    chunks = edges_of(planner, begin_us + 4 * SECOND_US)
    due = (rate * planner.end_us * STEP[1] + carry) // STEP[0]
    assert sum(count for _, _, count in chunks) == planner.steps == due
    assert all(first_us > begin_us for first_us, _, _ in chunks)


class Books:
    """Adds up what is booked; refusals: so often there is no memory for it."""

    def __init__(self):
        self.steps = {}
        self.refusals = 0

    def add(self, parts):
        if self.refusals:
            self.refusals -= 1
            raise MemoryError
        for steps, batch in parts:
            assert steps > 0
            self.steps[batch] = self.steps.get(batch, 0) + steps


DOSE_NL = st.integers(63, 50_000)
LOOKS = st.lists(st.integers(1, 40), min_size=1, max_size=400)


@given(st.integers(6_000, 10**8), DOSE_NL, st.integers(5, 60), LOOKS)
def test_a_dose_gets_exactly_its_whole_steps_however_often_the_books_are_kept(
    rate, dose_nl, seconds, looks
):
    dose = Dose(PATIENT, dose_nl * DAY_US, seconds * SECOND_US, 2_000_000)
    planner = Planner(Superimposed(dose, Constant(rate)), STEP)
    while planner.end_us < dose.duration_us:
        planner.next_runs()
    by_looks, at_once = Books(), Books()
    for books, steps in ((by_looks, looks), (at_once, [planner.steps])):
        booking = Booking(books)
        booking.open(planner.segment, BATCH)
        done = 0
        for more in steps:
            done = min(done + more, planner.steps)
            booking.settle(done)
        booking.settle(planner.steps)
    assert by_looks.steps == at_once.steps
    patient = at_once.steps.get((PATIENT, BATCH[1], 2_000_000), 0)
    assert patient == dose_nl // STEP_NL
    assert sum(at_once.steps.values()) == planner.steps


def test_what_could_not_be_booked_for_want_of_memory_is_booked_later_and_once():
    dose = Dose(PATIENT, 5_000 * DAY_US, 3 * SECOND_US, 2_000_000)
    planner = Planner(Superimposed(dose, Constant(24_000_000)), STEP)
    while planner.end_us < dose.duration_us:
        planner.next_runs()
    books = Books()
    booking = Booking(books)
    booking.open(planner.segment, BATCH)
    for done in range(0, planner.steps, 5):
        books.refusals = done % 2
        try:
            booking.settle(done)
        except MemoryError:
            assert sum(books.steps.values()) < done
        else:
            assert sum(books.steps.values()) == done
    booking.settle(planner.steps)
    assert sum(books.steps.values()) == planner.steps
    assert books.steps[(PATIENT, BATCH[1], 2_000_000)] == 5_000 // STEP_NL


@given(DOSE_NL, st.integers(1, 9), st.data())
def test_a_dose_keeps_its_count_where_the_basal_under_it_changes(dose_nl, switches, data):
    dose = Dose(PATIENT, dose_nl * DAY_US, 30 * SECOND_US)
    rates = st.integers(6_000, 10**8)
    planner = Planner(Superimposed(dose, Constant(data.draw(rates))), STEP)
    books = Books()
    booking = Booking(books)
    booking.open(planner.segment, BATCH)
    while planner.end_us < dose.duration_us:
        planner.next_runs()
        if switches and planner.end_us < dose.duration_us:
            switches -= 1
            basal = Constant(data.draw(rates))
            planner.follow(Superimposed(dose, basal, elapsed_us=planner.end_us))
            booking.open(planner.segment, BATCH)
        booking.settle(planner.steps)
    assert books.steps.get((PATIENT, BATCH[1], BATCH[2]), 0) == dose_nl // STEP_NL
    assert sum(books.steps.values()) == planner.steps


@given(LOOKS, st.lists(st.integers(1, 4), min_size=2, max_size=4))
def test_steps_are_of_the_drug_that_was_planned_with_them_whenever_the_books_are_kept(
    looks, chunks
):
    planner, books, expected = Planner(Constant(24_000_000), STEP), Books(), {}
    booking = Booking(books)
    for number, count in enumerate(chunks):
        if number:
            planner.follow(Constant(24_000_000 * (1 + number)))
        batch = (BASAL, BATCH[1], number)
        booking.open(planner.segment, batch)
        before = planner.steps
        for _ in range(count):
            planner.next_runs()
        if planner.steps > before:
            expected[batch] = planner.steps - before
    done = 0
    for more in looks:
        done = min(done + more, planner.steps)
        booking.settle(done)
        assert sum(books.steps.values()) == done
    booking.settle(planner.steps)
    assert books.steps == expected


def test_every_periodic_dose_is_booked_rounded_down_and_the_rest_is_basal():
    """1.6 steps each: one whole step is the dose's, what is over goes out and is basal."""
    interval_us, dose_us = 60 * SECOND_US, 10 * SECOND_US
    amount, background = 100 * DAY_US, 6_000
    pieces = (
        (dose_us, amount + background * dose_us, amount),
        (interval_us - dose_us, background * (interval_us - dose_us), 0),
    )
    planner = Planner(Cycle(pieces), STEP)
    while planner.end_us < 10 * interval_us:
        planner.next_runs()
    books = Books()
    booking = Booking(books)
    booking.open(planner.segment, BATCH)
    booking.settle(planner.steps)
    doses = planner.end_us // interval_us + (planner.end_us % interval_us >= dose_us)
    assert books.steps[(PERIODIC, BATCH[1], BATCH[2])] == doses
    due_nl = doses * 100 + Fraction(background * planner.end_us, DAY_US)
    assert planner.steps == due_nl // STEP_NL
