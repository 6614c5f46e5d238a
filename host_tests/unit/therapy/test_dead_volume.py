# SPDX-License-Identifier: MIT
"""What tube and catheter hold, and how the old drug leaves them."""

from fractions import Fraction
from math import pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.kinds import BRIDGE
from pump.therapy.dead_volume import bridge, catheter_nl
from pump.therapy.schedule import Constant, Dose, Sequence
from pump.units import DAY_US


def test_a_catheter_of_half_a_millimetre_holds_about_two_microlitres_a_centimetre():
    assert catheter_nl(530, 10_000) == 2_206
    assert catheter_nl(530, 1_000_000) == 220_618


@given(st.integers(100, 5_000), st.integers(1_000, 2_000_000))
def test_the_volume_of_a_catheter_is_right_to_a_nanolitre(diameter_um, length_um):
    volume_nl = pi / 4 * diameter_um**2 * length_um / 1e6
    assert abs(catheter_nl(diameter_um, length_um) - volume_nl) < 0.51 + volume_nl * 1e-9


def test_the_worked_example_takes_a_day():
    assert bridge(400_000, 500_000, 200_000) == (400_000, DAY_US)


def test_after_the_bridge_the_new_drug_runs_at_the_same_daily_dose():
    rate_nl_d, duration_us = bridge(400_000, 500_000, 200_000)
    old = Dose(BRIDGE, 400_000 * DAY_US, duration_us, 500_000)
    schedule = Sequence(old, duration_us, Constant(200_000 * 1_000_000 // 2_000_000))
    assert schedule.rate(0) == rate_nl_d
    assert schedule.rate(0) * 500_000 == schedule.rate(duration_us) * 2_000_000
    assert schedule.due(duration_us) == 400_000 * DAY_US


def test_a_forgotten_bridge_would_give_a_quarter_of_the_dose_for_four_days():
    rate_nl_d = 200_000 * 1_000_000 // 2_000_000
    assert rate_nl_d == 100_000
    assert rate_nl_d * 500_000 // 1_000_000 == 50_000
    assert 400_000 // rate_nl_d == 4


@given(st.integers(1_000, 5_000_000), st.integers(50_000, 10_000_000), st.integers(10_000, 10**8))
def test_all_of_the_volume_is_through_and_the_daily_dose_is_not_exceeded(
    volume_nl, old_ng_ml, daily_ng
):
    rate_nl_d, duration_us = bridge(volume_nl, old_ng_ml, daily_ng)
    assert Fraction(rate_nl_d * duration_us, DAY_US) >= volume_nl
    assert Fraction(rate_nl_d * (duration_us - 1), DAY_US) < volume_nl
    assert rate_nl_d * old_ng_ml <= daily_ng * 1_000_000 < (rate_nl_d + 1) * old_ng_ml


@pytest.mark.parametrize(("diameter_um", "length_um"), [(1, 1), (10, 100)])
def test_a_tube_too_fine_to_hold_a_nanolitre_holds_none(diameter_um, length_um):
    assert catheter_nl(diameter_um, length_um) == 0
