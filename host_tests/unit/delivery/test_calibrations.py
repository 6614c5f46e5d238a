# SPDX-License-Identifier: MIT
"""Calibrations: measured ones against fractions, which run counts, and the last eight."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.delivery.calibration import MAX_PL, MIN_PL, Calibrations
from pump.faults import IMPLAUSIBLE, NO_CALIBRATION_RUN, Refused

SPR = 3200
OLD_PL = 200_000_000
STEPS = st.integers(SPR // 10, 1000 * SPR)


def refusal(call, *arguments):
    with pytest.raises(Refused) as refused:
        call(*arguments)
    return refused.value.code


@given(STEPS, st.integers(1, 10**9), st.integers(MIN_PL, MAX_PL))
def test_a_measured_volume_is_taken_exactly_from_80_to_120_per_cent(steps, volume_nl, old_pl):
    calibrations = Calibrations(old_pl, SPR)
    exact_pl = Fraction(volume_nl * 1000 * SPR, steps)
    is_near = Fraction(80, 100) <= exact_pl / old_pl <= Fraction(120, 100)
    if is_near and MIN_PL <= exact_pl <= MAX_PL:
        found_pl = calibrations.measured_pl(volume_nl, steps)
        assert found_pl <= exact_pl < found_pl + 1
    else:
        assert refusal(calibrations.measured_pl, volume_nl, steps) == IMPLAUSIBLE


@given(STEPS, st.fractions(Fraction(81, 100), Fraction(119, 100)))
def test_a_measured_volume_near_the_old_one_is_rounded_down(steps, ratio):
    volume_nl = int(ratio * OLD_PL * steps / SPR / 1000) + 1
    found_pl = Calibrations(OLD_PL, SPR).measured_pl(volume_nl, steps)
    assert 0 <= Fraction(volume_nl * 1000 * SPR, steps) - found_pl < 1


@pytest.mark.parametrize(
    ("volume_nl", "is_taken"),
    [(160_000, True), (159_999, False), (240_000, True), (240_001, False)],
)
def test_the_bounds_of_80_and_120_per_cent_are_included(volume_nl, is_taken):
    calibrations = Calibrations(OLD_PL, SPR)
    if is_taken:
        assert calibrations.measured_pl(volume_nl, SPR) == volume_nl * 1000
    else:
        assert refusal(calibrations.measured_pl, volume_nl, SPR) == IMPLAUSIBLE


@pytest.mark.parametrize(
    ("volume_nl", "is_taken"),
    [(999, False), (1_000, True), (10_000_000, True), (10_000_001, False)],
)
def test_the_first_calibration_may_be_any_that_a_head_can_have(volume_nl, is_taken):
    calibrations = Calibrations(0, SPR)
    if is_taken:
        assert calibrations.measured_pl(volume_nl, SPR) == volume_nl * 1000
    else:
        assert refusal(calibrations.measured_pl, volume_nl, SPR) == IMPLAUSIBLE


def test_only_a_run_to_its_end_with_nothing_after_it_counts():
    calibrations = Calibrations(OLD_PL, SPR)
    assert refusal(calibrations.run_steps, 0, 0) == NO_CALIBRATION_RUN
    calibrations.begin(100, 3200, 7)
    assert refusal(calibrations.run_steps, 3299, 7) == NO_CALIBRATION_RUN
    assert refusal(calibrations.run_steps, 3300, 8) == NO_CALIBRATION_RUN
    assert calibrations.run_steps(3300, 7) == 3200
    calibrations.forget()
    assert refusal(calibrations.run_steps, 3300, 7) == NO_CALIBRATION_RUN


def test_the_last_eight_are_remembered_and_survive_as_json():
    calibrations = Calibrations(OLD_PL, SPR)
    for n in range(10):
        calibrations.set(OLD_PL + n, n * 1_000_000)
    assert calibrations.history[0] == (9_000_000, OLD_PL + 9)
    assert [row[1] - OLD_PL for row in calibrations.history] == [9, 8, 7, 6, 5, 4, 3, 2]
    again = Calibrations(0, SPR)
    again.from_record(json.loads(json.dumps(calibrations.to_record())))
    assert vars(again) == vars(calibrations)
    assert again.current().pl_per_rev == OLD_PL + 9
