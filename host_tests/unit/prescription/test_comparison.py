# SPDX-License-Identifier: MIT
"""The comparison: every field of both prescriptions, and what each amounts to."""

from hypothesis import given

from host_tests.support.sessions.prescriptions import (
    HOUR_MS,
    LIMITS,
    MIN_NL_D,
    flex,
    periodic,
    prescriptions,
    simple,
    with_patient,
)
from pump.prescription.comparison import comparison
from pump.prescription.daily_totals import mean_day
from pump.prescription.prescription import MINIMUM, Prescription
from pump.units import NG_D


def fields(active, staged):
    return {name: (old, new) for name, old, new in comparison(active, staged, LIMITS)}


def full():
    """A prescription in which every field is programmed."""
    prescription = with_patient(periodic(25_000, 6 * HOUR_MS))
    prescription.drug = "baclofen"
    prescription.indication = "SPINAL"
    prescription.flex.add(1, 360, (NG_D, 90_000))
    prescription.limit_rate = (NG_D, 200_000)
    prescription.limit_bolus_ng = 30_000
    prescription.limit_day_ng = 400_000
    return prescription


def test_every_field_is_shown_with_its_unit():
    assert tuple(comparison(None, full(), LIMITS)) == (
        ("drug", "NONE", "baclofen"),
        ("concentration, ug/mL", "NONE", "500.000"),
        ("indication", "NONE", "SPINAL"),
        ("mode", "NONE", "PERIODIC"),
        ("rate", "NONE", "100.000 ug/d"),
        ("flex steps", "NONE", "1 (%08X)" % full().flex.crc()),
        ("periodic dose, ug", "NONE", "25.000"),
        ("periodic duration, s", "NONE", "60.000"),
        ("periodic interval, s", "NONE", "21600.000"),
        ("patient dose, ug", "NONE", "25.000"),
        ("patient duration, s", "NONE", "60.000"),
        ("patient lockout, s", "NONE", "21600.000"),
        ("patient maximum a day", "NONE", "4"),
        ("limit of rate", "NONE", "200.000 ug/d"),
        ("limit of a bolus, ug", "NONE", "30.000"),
        ("limit of 24 h, ug", "NONE", "400.000"),
        ("daily dose, ug", "NONE", "200.000"),
        ("daily volume, mL", "NONE", "0.400000"),
        ("achievable daily dose, ug", "NONE", "200.000"),
        ("with every patient bolus, ug", "NONE", "300.000"),
    )


def test_old_and_new_stand_side_by_side():
    found = fields(simple(120_000), simple(130_000))
    assert found["rate"] == ("120.000 ug/d", "130.000 ug/d")
    assert found["daily volume, mL"] == ("0.240000", "0.260000")
    assert found["patient dose, ug"] == ("NONE", "NONE")


def test_another_strength_shows_in_the_volume():
    new = simple(120_000, ng_ml=2_000_000)
    assert fields(simple(120_000), new)["daily volume, mL"] == ("0.240000", "0.060000")
    new.program_volume(240_000)
    assert fields(simple(120_000), new)["daily dose, ug"] == ("120.000", "480.000")
    assert fields(simple(120_000), new)["rate"] == ("120.000 ug/d", "0.240000 mL/d")


def test_the_achievable_dose_is_that_of_whole_steps():
    found = fields(None, simple(120_040))
    assert found["daily dose, ug"][1] == "120.040"
    assert found["daily volume, mL"][1] == "0.240080"
    assert found["achievable daily dose, ug"][1] == "120.031"  # 3841 steps of 62.5 nL


def test_a_flex_on_either_side_adds_the_days_of_the_week():
    week = flex(("WE", 0, 60_000), ("MON", 720, 240_000))
    found = fields(simple(100_000), week)
    assert found["MON, ug"] == ("100.000", "180.000")
    assert found["TUE, ug"] == ("100.000", "120.000")
    assert found["SUN, ug"] == ("100.000", "60.000")
    assert found["daily dose, ug"] == ("100.000", "111.428")
    assert found["daily volume, mL"] == ("0.200000", "0.222857")
    assert found["with every patient bolus, ug"] == ("100.000", "180.000")
    assert fields(week, simple(100_000))["MON, ug"] == ("180.000", "100.000")
    assert "MON, ug" not in fields(simple(), simple())


def test_other_flex_steps_of_the_same_sum_are_seen():
    morning, evening = flex(("ALL", 360, 240_000, 420)), flex(("ALL", 1200, 240_000, 1260))
    found = fields(morning, evening)
    assert found["MON, ug"][0] == found["MON, ug"][1]
    assert found["flex steps"][0] != found["flex steps"][1]


def test_what_is_not_programmed_amounts_to_nothing():
    found = fields(None, Prescription())
    assert found["daily dose, ug"][1] == "0.000"
    assert found["rate"][1] == found["mode"][1] == "NONE"
    assert mean_day(flex(), MIN_NL_D) == (0, 0)
    assert mean_day(simple(rate_ng_d=100_000, ng_ml=0), MIN_NL_D) == (100_000, 0)


def test_the_mean_day_of_every_mode():
    assert mean_day(simple(rate_ng_d=100_000, ng_ml=300_000), MIN_NL_D) == (100_000, 333_333)
    minimum = simple()
    minimum.mode = MINIMUM
    assert mean_day(minimum, MIN_NL_D) == (3_000, 6_000)
    assert mean_day(periodic(25_000, 5 * HOUR_MS), MIN_NL_D) == (220_000, 440_000)
    assert mean_day(flex(("MON", 0, 50_000)), MIN_NL_D) == (110_000, 220_000)


@given(prescriptions(), prescriptions())
def test_any_two_prescriptions_can_be_compared_in_one_line(active, staged):
    found = tuple(comparison(active, staged, LIMITS))
    names = [name for name, _, _ in found]
    assert len(names) == len(set(names))
    assert sum(len('"%s: %s -> %s",' % field) for field in found) < 2_048
