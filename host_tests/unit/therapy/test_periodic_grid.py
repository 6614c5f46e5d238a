# SPDX-License-Identifier: MIT
"""The grid of periodic doses: never shifted, never repeated, never resumed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.prescription.prescription import PERIODIC, SIMPLE, Prescription
from pump.therapy.periodic_grid import PeriodicGrid

S_US = 1_000_000
ANCHOR_US = 777
INTERVAL_US = 600 * S_US
DURATION_US = 60 * S_US


def periodic(dose_ng=25_000):
    prescription = Prescription()
    prescription.mode = PERIODIC
    prescription.periodic_ng = dose_ng
    prescription.periodic_duration_ms = DURATION_US // 1000
    prescription.periodic_interval_ms = INTERVAL_US // 1000
    return prescription


@pytest.fixture
def grid():
    grid = PeriodicGrid()
    grid.anchor(periodic(), ANCHOR_US)
    grid.begin(ANCHOR_US)
    return grid


def test_the_first_dose_comes_one_interval_after_the_anchor(grid):
    assert grid.dose(ANCHOR_US) is None
    assert grid.next_us(ANCHOR_US) == ANCHOR_US + INTERVAL_US
    first_us = ANCHOR_US + INTERVAL_US
    assert grid.dose(first_us - 1) is None
    assert grid.dose(first_us) is None  # about to begin
    assert grid.dose(first_us + 1) == (first_us, first_us + DURATION_US)
    assert grid.dose(first_us + DURATION_US) is None


@given(k=st.integers(1, 10**6), into_us=st.integers(0, INTERVAL_US - 1))
def test_every_dose_lies_whole_intervals_after_the_anchor(k, into_us):
    grid = PeriodicGrid()
    grid.anchor(periodic(), ANCHOR_US)
    start_us = ANCHOR_US + k * INTERVAL_US
    dose = (start_us, start_us + DURATION_US) if 0 < into_us < DURATION_US else None
    assert grid.dose(start_us + into_us) == dose
    assert grid.next_us(start_us + into_us) == start_us + (INTERVAL_US if into_us else 0)


def test_the_rest_of_a_dose_that_a_stop_has_ended_is_never_given(grid):
    start_us = ANCHOR_US + INTERVAL_US
    grid.begin(start_us + 1)
    assert grid.dose(start_us + 2) is None
    assert grid.dose(start_us + INTERVAL_US + 1) is not None


def test_the_same_dose_keeps_its_grid_and_another_one_gets_a_new_one(grid):
    grid.anchor(periodic(), ANCHOR_US + 5)
    assert grid.anchor_us == ANCHOR_US
    assert grid.anchor_for(periodic(26_000), 99 * S_US) == 99 * S_US
    assert grid.anchor_us == ANCHOR_US  # asked, not changed
    grid.anchor(periodic(26_000), 99 * S_US)
    assert grid.anchor_us == 99 * S_US


def test_without_periodic_doses_there_is_no_grid(grid):
    other = Prescription()
    other.mode = SIMPLE
    grid.anchor(other, 0)
    assert grid.dose(ANCHOR_US + INTERVAL_US) is None
    assert grid.next_us(0) is None


def test_another_prescription_in_between_ends_the_grid(grid):
    other = Prescription()
    other.mode = SIMPLE
    grid.keep(periodic())
    assert grid.anchor_for(periodic(), 99 * S_US) == ANCHOR_US
    grid.keep(other)
    assert grid.anchor_for(periodic(), 99 * S_US) == 99 * S_US


@given(
    ends_us=st.integers(0, 50 * INTERVAL_US),
    rests_us=st.integers(0, 50 * INTERVAL_US),
)
def test_what_was_missed_is_each_dose_that_was_not_given_whole(ends_us, rests_us):
    grid = PeriodicGrid()
    grid.anchor(periodic(), ANCHOR_US)
    grid.begin(ANCHOR_US)
    end_us, begin_us = ANCHOR_US + ends_us, ANCHOR_US + ends_us + rests_us
    grid.end(end_us)
    grid.from_record(grid.to_record())
    grid.rest_since(begin_us, begin_us, has_begun=False)  # it rests already
    grid.begin(begin_us)
    starts = range(ANCHOR_US + INTERVAL_US, begin_us, INTERVAL_US)
    missed = [start_us for start_us in starts if start_us + DURATION_US > end_us]
    assert grid.take_missed() == (str(len(missed)) if missed else "")
    assert grid.has_missed == bool(missed)
    assert grid.take_missed() == ""


def test_a_grid_that_is_lost_is_told_when_the_same_dose_begins_anew(grid):
    grid.lose()
    grid.anchor(periodic(), 99 * S_US)
    grid.begin(99 * S_US)
    assert grid.anchor_us == 99 * S_US
    assert (grid.take_missed(), grid.has_missed) == ("MOVED", True)


@pytest.mark.parametrize(("into_us", "is_known"), [(-3 * S_US, False), (0, False), (1, True)])
def test_a_dose_that_had_begun_is_not_given_again_whatever_a_clock_says(grid, into_us, is_known):
    start_us = ANCHOR_US + INTERVAL_US
    grid.rest_since(start_us - 2 * S_US, start_us + into_us, has_begun=True)
    grid.anchor(periodic(), start_us + into_us)
    grid.begin(start_us + into_us)
    assert grid.take_missed() == ("1" if is_known else "MOVED")
    assert grid.next_us(start_us + 2) == start_us + INTERVAL_US + (0 if is_known else into_us)
