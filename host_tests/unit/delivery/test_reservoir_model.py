# SPDX-License-Identifier: MIT
"""The reservoir: its arithmetic against fractions, and what a refill finds."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.delivery.reservoir import Reservoir
from pump.faults import OVERFILL, Refused

ML_NL, ML_PL = 10**6, 10**9
CAPACITY_NL, DEAD_NL = 20 * ML_NL, ML_NL // 2
VOLUMES_NL = st.integers(0, CAPACITY_NL)
DELIVERED_PL = st.integers(0, 10**15)


def filled(volume_nl=CAPACITY_NL, most_pl=0):
    reservoir = Reservoir(CAPACITY_NL, DEAD_NL)
    reservoir.refill(volume_nl, None, most_pl)
    return reservoir


def test_before_the_first_refill_nothing_is_known():
    reservoir = Reservoir(CAPACITY_NL, DEAD_NL)
    assert reservoir.volume_pl(5) is None
    assert reservoir.left_pl(5) is None
    assert reservoir.discrepancy() is None
    assert not reservoir.is_mismatched


@given(VOLUMES_NL, DELIVERED_PL, st.integers(0, 10**11))
def test_it_holds_what_was_filled_in_less_what_went_out_since(volume_nl, before_pl, since_pl):
    reservoir = filled(volume_nl, before_pl)
    expected_pl = max(volume_nl * 1000 - since_pl, 0)
    assert reservoir.volume_pl(before_pl + since_pl) == expected_pl
    assert reservoir.left_pl(before_pl + since_pl) == expected_pl - DEAD_NL * 1000


@given(VOLUMES_NL, st.integers(1, 2 * 10**10), VOLUMES_NL)
def test_the_discrepancy_is_that_of_fractions_and_alarms_beyond_14_5_per_cent(
    volume_nl, dispensed_pl, measured_nl
):
    reservoir = filled(volume_nl)
    expected_pl = reservoir.volume_pl(dispensed_pl)
    reservoir.refill(CAPACITY_NL, measured_nl, dispensed_pl)
    exact_pct = Fraction(100 * (expected_pl - measured_nl * 1000), dispensed_pl)
    is_far = abs(expected_pl - measured_nl * 1000) > 100_000_000
    assert reservoir.is_mismatched == (is_far and abs(exact_pct) > Fraction(29, 2))
    shown_pct = Fraction(reservoir.discrepancy(), 10)
    assert abs(exact_pct) <= abs(shown_pct) < abs(exact_pct) + Fraction(1, 10)
    assert shown_pct * exact_pct >= 0


@pytest.mark.parametrize(
    ("measured_nl", "tenths", "is_mismatched"),
    [
        (8_550_000, 145, False),
        (8_549_999, 146, True),
        (11_450_000, -145, False),
        (11_450_001, -146, True),
        (10_000_000, 0, False),
    ],
)
def test_exactly_14_5_per_cent_of_10_ml_is_no_mismatch(measured_nl, tenths, is_mismatched):
    reservoir = filled()
    reservoir.refill(CAPACITY_NL, measured_nl, 10 * ML_PL)
    assert (reservoir.discrepancy(), reservoir.is_mismatched) == (tenths, is_mismatched)


@pytest.mark.parametrize(("measured_nl", "differs"), [(9_900_000, False), (9_899_999, True)])
def test_with_nothing_dispensed_a_tenth_of_a_millilitre_is_forgiven(measured_nl, differs):
    reservoir = filled(10 * ML_NL, 7)
    reservoir.refill(10 * ML_NL, measured_nl, 7)
    assert reservoir.discrepancy() is None
    assert reservoir.is_mismatched == differs


def test_a_mismatch_stays_until_a_residual_that_agrees():
    reservoir = filled()
    reservoir.refill(CAPACITY_NL, 5 * ML_NL, 10 * ML_PL)
    reservoir.refill(CAPACITY_NL, None, 10 * ML_PL)
    assert reservoir.is_mismatched
    reservoir.refill(CAPACITY_NL, 15 * ML_NL, 15 * ML_PL)
    assert not reservoir.is_mismatched


def test_the_first_residual_has_nothing_to_be_compared_with():
    reservoir = Reservoir(CAPACITY_NL, DEAD_NL)
    reservoir.refill(10 * ML_NL, 3 * ML_NL, 4 * ML_PL)
    assert reservoir.last[:3] == (10 * ML_NL, 3 * ML_NL, None)
    assert (reservoir.discrepancy(), reservoir.is_mismatched) == (None, False)
    assert reservoir.volume_pl(5 * ML_PL) == 9 * ML_PL


@pytest.mark.parametrize("refill", [(CAPACITY_NL + 1, None), (ML_NL, CAPACITY_NL + 1)])
def test_more_than_the_capacity_is_refused_and_changes_nothing(refill):
    reservoir = filled(10 * ML_NL)
    before = reservoir.to_record()
    with pytest.raises(Refused) as refused:
        reservoir.refill(*refill, ML_PL)
    assert refused.value.code == OVERFILL
    assert reservoir.to_record() == before


def test_the_capacity_is_never_less_than_it_holds():
    reservoir = filled(10 * ML_NL)
    with pytest.raises(Refused):
        reservoir.resize(9 * ML_NL - 1, ML_PL)
    assert reservoir.capacity_nl == CAPACITY_NL
    reservoir.resize(9 * ML_NL, ML_PL)
    assert reservoir.capacity_nl == 9 * ML_NL


@pytest.mark.parametrize(("volume_nl", "is_empty"), [(DEAD_NL, True), (DEAD_NL + 1, False)])
def test_a_refill_decides_whether_it_is_empty(volume_nl, is_empty):
    reservoir = filled()
    reservoir.is_empty = True
    reservoir.refill(volume_nl, None, 0)
    assert reservoir.is_empty == is_empty


@given(VOLUMES_NL, st.none() | VOLUMES_NL, st.none() | VOLUMES_NL, DELIVERED_PL, st.booleans())
def test_what_is_stored_as_json_comes_back_the_same(first, second, measured, most_pl, is_empty):
    reservoir = Reservoir(CAPACITY_NL, DEAD_NL)
    reservoir.refill(first, None, 0)
    if second is not None:
        reservoir.refill(second, measured, most_pl)
    reservoir.is_empty = is_empty
    reservoir.low_nl = ML_NL
    again = Reservoir(1, DEAD_NL)
    again.from_record(json.loads(json.dumps(reservoir.to_record())))
    assert vars(again) == vars(reservoir)
