# SPDX-License-Identifier: MIT
"""Validation: every problem at once with its numbers, soft limits by name, and the sums."""

import pytest
from hypothesis import given

from host_tests.support.sessions.prescriptions import (
    HOUR_MS,
    LIMITS,
    MAX_NL_D,
    baclofen,
    flex,
    periodic,
    prescriptions,
    simple,
    with_patient,
)
from pump.prescription import validation
from pump.prescription.prescription import MINIMUM, PERIODIC, Prescription
from pump.units import NG_D, NL_D

MIN_MS = 60_000
DAY_MS = 24 * HOUR_MS


def problems(prescription):
    return validation.problems(prescription, LIMITS)


def problem(prescription):
    """The only one."""
    (sentence,) = problems(prescription)
    return sentence


def names(prescription, before=None):
    return [name for name, _ in validation.soft(prescription, LIMITS, before)]


def week(*ng):
    return ng * 7


def edited(prescription, **fields):
    for field, value in fields.items():
        assert hasattr(prescription, field)
        setattr(prescription, field, value)
    return prescription


def test_what_the_pump_can_do_has_no_problems():
    for prescription in (simple(), flex(("ALL", 360, 100_000)), periodic(25_000, HOUR_MS)):
        assert problems(prescription) == ()
        assert problems(with_patient(prescription)) == ()
        assert names(prescription, (week(1), week(1))) == []


def test_every_missing_field_is_listed_at_once():
    assert problems(Prescription()) == (
        "no concentration: PRESCription:CONCentration",
        "no mode: PRESCription:MODE",
        "no rate: PRESCription:RATE",
    )


def test_the_minimum_needs_no_rate_and_the_other_modes_need_theirs():
    prescription = edited(Prescription(), concentration_ng_ml=500_000, mode=MINIMUM)
    assert problems(prescription) == ()
    assert problem(flex()) == "no flex step: PRESCription:FLEX:STEP"
    missing = edited(simple(), mode=PERIODIC)
    assert problem(missing) == "no periodic dose: PRESCription:PERiodic:DOSE"


def test_problems_of_all_kinds_are_listed_together():
    prescription = with_patient(periodic(25_000, HOUR_MS, 2 * HOUR_MS, rate_ng_d=1_000))
    edited(prescription, patient_lockout_ms=1, limit_bolus_ng=1_000, indication="SPINAL")
    found = " | ".join(problems(prescription))
    for part in ("pump's minimum", "fits the interval", "periodic dose", "patient dose", "drug"):
        assert part in found
    assert "ends before the bolus" in found


def test_a_rate_below_or_above_the_pump_is_named_with_both_numbers():
    below = "rate of 0.004000 mL a day is below the pump's minimum 0.006000"
    assert problem(simple(rate_ng_d=2_000)) == below
    prescription = simple()
    prescription.program_volume(MAX_NL_D + 1)
    above = "rate of 24000.000001 mL a day is above the pump's maximum 24000.000000"
    assert problem(prescription) == above
    for nl_d in (6_000, MAX_NL_D):
        prescription.program_volume(nl_d)
        assert problems(prescription) == ()


def test_a_rate_above_its_own_limit_is_a_problem():
    prescription = edited(simple(), limit_rate=(NG_D, 119_999))
    assert problem(prescription) == "rate of 0.240000 mL a day is above LIMit:RATE 0.239998"
    assert problems(edited(prescription, limit_rate=(NG_D, 120_000))) == ()
    assert problems(edited(prescription, limit_rate=(NL_D, 240_000))) == ()


def test_the_lowest_and_the_highest_flex_step_and_the_fill_are_judged():
    prescription = flex(("WD", 360, 1_000), ("WE", 0, 2_000), ("MON", 600, 90_000))
    below = "flex WD 06:00 rate of 0.002000 mL a day is below the pump's minimum 0.006000"
    assert problem(prescription) == below
    edited(prescription, limit_rate=(NG_D, 80_000))
    assert problems(prescription)[0].startswith("rate of 0.240000 mL a day is above LIMit:RATE")
    assert problems(prescription)[2].startswith("flex MON 10:00 rate of 0.180000")


def test_the_minimum_rate_is_judged_by_the_limit_of_the_rate():
    prescription = edited(simple(), mode=MINIMUM, limit_rate=(NL_D, 5_999))
    assert problem(prescription).startswith("rate of 0.006000 mL a day is above LIMit")


def test_more_bolus_than_fits_the_interval_is_a_problem():
    fits = "more bolus than fits the interval: 3600.000 s every 3600.000 s"
    assert problem(periodic(25_000, HOUR_MS, HOUR_MS)) == fits
    assert problems(periodic(25_000, HOUR_MS, HOUR_MS - 1)) == ()


@pytest.mark.parametrize(
    ("interval_ms", "a_day"), [(5 * MIN_MS - 1, "288.00"), (30 * DAY_MS + 1, "0.03")]
)
def test_an_interval_out_of_range_says_how_many_doses_a_day_it_is(interval_ms, a_day):
    assert f", {a_day} doses a day: 5 MIN to 30 D" in problem(periodic(25_000, interval_ms))


def test_the_shortest_and_the_longest_interval_are_allowed():
    assert problems(periodic(25_000, 5 * MIN_MS)) == ()
    assert problems(periodic(25_000, 30 * DAY_MS)) == ()


def test_a_dose_of_less_than_one_step_is_a_problem():
    less = "dose of 0.031 ug is 0.000062 mL, less than one step of 0.000062 mL"
    assert problem(periodic(31, HOUR_MS)) == "periodic " + less
    assert problem(with_patient(simple(), dose_ng=31)) == "patient " + less
    assert problems(periodic(32, HOUR_MS)) == ()


def test_a_dose_too_short_or_too_fast_is_a_problem():
    assert problem(periodic(25_000, HOUR_MS, 4_999)).endswith("in 4.999 s: at least 5.000 s")
    fast = "dose at 34560.240000 mL a day, basal included: above the pump's maximum 24000.000000"
    prescription = with_patient(simple(), dose_ng=1_000_000)
    edited(prescription, patient_duration_ms=5_000)
    assert problem(prescription) == "patient " + fast
    prescription = periodic(1_000_000, HOUR_MS, 5_000, rate_ng_d=120_000)
    assert problem(prescription) == "periodic " + fast


def test_the_patients_dose_is_judged_over_the_highest_basal_rate():
    prescription = with_patient(flex(("SUN", 0, 11_000_000_000)), dose_ng=100_000)
    assert problems(prescription) == ()
    edited(prescription, patient_duration_ms=5_000)
    assert "basal included: above the pump's maximum" in problem(prescription)


def test_a_dose_above_its_own_limit_is_a_problem():
    prescription = edited(with_patient(periodic(25_001, HOUR_MS)), limit_bolus_ng=25_000)
    assert problem(prescription) == "periodic dose of 25.001 ug is above LIMit:BOLus 25.000"
    edited(prescription, periodic_ng=25_000, patient_ng=25_001)
    assert problem(prescription) == "patient dose of 25.001 ug is above LIMit:BOLus 25.000"


def test_a_patients_dose_needs_its_lockout_and_its_maximum():
    prescription = with_patient(simple(), lockout_ms=0, maximum=0)
    assert problems(prescription) == (
        "patient dose without a lockout: PRESCription:PATient:LOCKout",
        "patient dose without a maximum: PRESCription:PATient:MAXimum",
    )


def test_a_lockout_longer_than_a_day_is_a_problem():
    prescription = with_patient(simple(), lockout_ms=DAY_MS + 1)
    assert problem(prescription) == "a lockout longer than a day: 86400.001 s"
    assert problems(edited(prescription, patient_lockout_ms=DAY_MS)) == ()


def test_a_lockout_shorter_than_the_bolus_and_a_maximum_beyond_reason_are_problems():
    prescription = with_patient(simple(), lockout_ms=59_999)
    assert problem(prescription) == "a lockout of 59.999 s ends before the bolus of 60.000 s"
    prescription = with_patient(simple(), maximum=289)
    assert problem(prescription) == "up to 289 patient boluses a day: at most 288"


def test_a_day_above_its_own_limit_is_named_with_its_sum():
    prescription = edited(simple(), limit_day_ng=119_999)
    assert problem(prescription) == "120.000 ug a day: above LIMit:DAY 119.999"
    assert problems(edited(prescription, limit_day_ng=120_000)) == ()


def test_minutes_for_hours_say_how_many_doses_and_how_much_a_day_they_are():
    hours = periodic(25_000, 6 * HOUR_MS)
    assert (problems(hours), names(hours)) == ((), [])
    assert validation.notes(hours, LIMITS) == ("4 doses a day of 25.000 ug; 200.000 ug a day",)
    minutes = periodic(25_000, 6 * MIN_MS)
    text = "240 doses a day, 6100.000 ug a day with the background"
    (interval,) = validation.soft(minutes, LIMITS, None)
    assert interval == ("INTERVAL", "less than an hour between periodic doses: " + text)
    edited(minutes, limit_day_ng=500_000)
    assert problem(minutes) == text + ": above LIMit:DAY 500.000"
    edited(minutes, limit_day_ng=0, drug="baclofen", indication="SPINAL")
    assert problem(minutes) == text + ": above the 2000.000 of the library"
    assert "INTERVAL" in names(minutes)


def test_milligrams_for_micrograms_are_beyond_the_library():
    assert problems(baclofen(120_000)) == ()
    above = "120000.000 ug a day: above the 2000.000 of the library"
    assert problem(baclofen(120_000_000)) == above


def test_an_indication_needs_the_drug_of_the_library():
    drug = "with an indication the drug is baclofen, PRESCription:DRUG"
    assert problem(edited(baclofen(300_000), drug="")) == "no drug: " + drug
    assert problem(edited(baclofen(300_000), drug="morphine")) == "morphine: " + drug
    assert problems(edited(baclofen(300_000), drug="BACLOFEN")) == ()
    assert problems(edited(simple(), drug="morphine")) == ()


@pytest.mark.parametrize("ng_ml", [5_000_000, 200_000, 499_999])
def test_a_strength_that_is_not_sold_is_a_problem(ng_ml):
    prescription = edited(baclofen(300_000), concentration_ng_ml=ng_ml)
    assert "ug/mL is not one that is sold: 50.000, 500.000, 1000.000" in problem(prescription)
    assert problems(edited(prescription, indication="NONE")) == ()


@pytest.mark.parametrize("ng_ml", [50_000, 500_000, 1_000_000, 2_000_000])
def test_every_strength_that_is_sold_is_allowed(ng_ml):
    assert problems(edited(baclofen(300_000), concentration_ng_ml=ng_ml)) == ()


def test_the_library_counts_every_patient_bolus_upwards_and_none_downwards():
    prescription = with_patient(baclofen(1_900_000), dose_ng=25_000, maximum=4)
    assert problems(prescription) == ()
    edited(prescription, patient_ng=25_001)
    above = "2000.004 ug a day with 4 patient boluses: above the 2000.000 of the library"
    assert problem(prescription) == above
    prescription = with_patient(baclofen(11_000), dose_ng=25_000, maximum=4)
    assert problem(prescription) == "11.000 ug a day: below the 12.000 of the library"


def test_the_poorest_day_of_a_week_is_held_against_the_least():
    prescription = flex(("WD", 0, 300_000), ("WE", 0, 11_000))
    edited(prescription, drug="baclofen", indication="SPINAL")
    assert problem(prescription) == "11.000 ug a day: below the 12.000 of the library"


def test_the_minimum_rate_is_meant_to_be_next_to_nothing():
    prescription = edited(baclofen(300_000), mode=MINIMUM)
    assert problems(prescription) == ()
    assert names(prescription, (week(300_000), week(300_000))) == ["LOW", "DECREASE"]


def test_notes_add_up_patient_boluses():
    prescription = with_patient(periodic(25_000, 6 * HOUR_MS), maximum=4)
    assert validation.notes(prescription, LIMITS) == (
        "4 doses a day of 25.000 ug; 200.000 ug a day",
        "up to 4 patient boluses a day; up to 300.000 ug a day",
    )
    assert validation.notes(simple(), LIMITS) == ()


def test_doses_that_do_not_divide_a_day_are_counted_with_decimals():
    (note,) = validation.notes(periodic(25_000, 5 * HOUR_MS), LIMITS)
    assert note.startswith("4.80 doses a day of 25.000 ug; ")


@pytest.mark.slow
@given(prescriptions())
def test_any_content_is_judged_in_sentences_of_at_most_200_characters(prescription):
    found = problems(prescription)
    if not found:
        before = week(1), week(10**9)
        found = [text for _, text in validation.soft(prescription, LIMITS, before)]
        found += validation.notes(prescription, LIMITS)
    assert all(0 < len(sentence) <= 200 for sentence in found)
    assert len(found) == len(set(found))
