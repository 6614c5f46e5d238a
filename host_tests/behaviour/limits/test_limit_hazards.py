# SPDX-License-Identifier: MIT
"""LIMit:DAY where a hostile review got past it: over a bridge, by a new clock, by fractions."""

import pytest

from host_tests.support.errors import CLOCK_REFUSED, LIMIT_EXCEEDED
from host_tests.support.sessions.bench import assert_balanced
from host_tests.support.sessions.therapy import (
    DAY_S,
    HOUR_S,
    MIN_S,
    STEPS_PER_UG,
    history,
    prescribe,
    refusal,
)

# 5 ug by night, 497.5 ug more by day: 251.25 ug in half a day of a bridge, which gives the mean.
HALF_DAYS = ("MODE FLEX;RATE 5 UG/D", "FLEX:STEP ALL,12:00,1000 UG/D", "LIM:DAY 510 UG")
HALF_A_DAY = "BRID:STAR 500 UG/ML,0.5025 ML"


@pytest.mark.hazard("daily-limit-exceeded")
def test_a_bridge_before_the_rich_half_of_a_day_is_refused(pump):
    prescribe(pump, *HALF_DAYS)
    pump.mark()
    pump.tell("SYST:TIME 2026-03-02T00:00:00")
    assert refusal(pump, HALF_A_DAY) == LIMIT_EXCEEDED
    assert pump.ask("THER:STAT?;:BOL:STAT?;HIST? 1") == "STOPPED;NONE,0.000,0.000,0.000;NONE"
    pump.run(HOUR_S)
    assert pump.plant.edges.count == 0


@pytest.mark.slow
@pytest.mark.hazard("daily-limit-exceeded")
def test_a_bridge_before_the_poor_half_of_a_day_is_given(pump):
    prescribe(pump, *HALF_DAYS)
    pump.tell("SYST:TIME 2026-03-02T12:00:00")
    pump.mark()
    pump.tell(HALF_A_DAY)
    assert pump.ask("THER:STAT?") == "BRIDGE"
    pump.run(HOUR_S)
    pump.tell("THER:STOP")
    assert pump.plant.edges.count == pytest.approx(251.25 / 12 * STEPS_PER_UG, abs=1)
    assert_balanced(pump)


@pytest.mark.slow
@pytest.mark.hazard("daily-limit-exceeded")
def test_a_bridge_before_a_periodic_dose_is_refused(pump):
    """The grid stays over a stop: a dose soon after the bridge, and another within the day."""
    lines = ("MODE PER;RATE 5 UG/D", "PER:DOSE 100 UG,10 MIN,12 HR")
    prescribe(pump, *lines, "LIM:DAY 206 UG")
    pump.tell("THER:STAR")
    pump.run(5)
    pump.tell("THER:STOP")
    pump.mark()
    assert refusal(pump, "BRID:STAR 500 UG/ML,0.2 ML") == LIMIT_EXCEEDED
    pump.run(HOUR_S)
    assert pump.plant.edges.count == 0
    pump.tell("THER:STAR")
    pump.tell("THER:STOP")
    prescribe(pump, *lines, "LIM:DAY 306 UG")
    pump.tell("BRID:STAR 500 UG/ML,0.2 ML")


@pytest.mark.hazard("daily-limit-exceeded")
@pytest.mark.parametrize("volume", ["1.5075 ML", "2.5125 ML"])
def test_a_clock_that_puts_the_rich_half_of_a_day_after_a_bridge_is_refused(pump, volume):
    """The bridge ends one day and a half ahead, or two: further than a bolus reaches."""
    prescribe(pump, *HALF_DAYS)
    pump.tell("SYST:TIME 2026-03-02T12:00:00")
    pump.tell(f"BRID:STAR 500 UG/ML,{volume}")
    pump.run(MIN_S)
    assert refusal(pump, "SYST:TIME 2026-03-02T00:01:00") == CLOCK_REFUSED
    assert pump.ask("SYST:TIME?").startswith("2026-03-02T12:01:0")
    assert pump.ask("THER:STAT?") == "BRIDGE"
    pump.tell("SYST:TIME 2026-03-05T12:01:00")


@pytest.mark.hazard("daily-limit-exceeded")
@pytest.mark.parametrize("before_tuesday", ["2026-03-01T23:59:00", "2026-03-02T12:00:00"])
def test_a_clock_that_puts_the_richest_hour_beside_a_day_long_bolus_is_refused(
    pump, before_tuesday
):
    prescribe(pump, "MODE FLEX;RATE 5 UG/D", "FLEX:STEP TUE,00:00,10 MG/D,01:00", "LIM:DAY 510 UG")
    pump.tell("SYST:TIME 2026-03-04T00:00:00")
    pump.tell("THER:STAR")
    pump.run(1)
    pump.tell("BOL:STAR 480 UG,24 HR")
    pump.run(5)
    assert refusal(pump, f"SYST:TIME {before_tuesday}") == CLOCK_REFUSED
    assert pump.ask("SYST:TIME?").startswith("2026-03-04T00:00:0")
    assert pump.ask("BOL:STAT?").startswith("CLINICIAN,480.000,")
    pump.tell("SYST:TIME 2026-03-05T00:00:00")


@pytest.mark.hazard("daily-limit-exceeded")
def test_what_boluses_leave_that_are_aborted_within_a_step_counts(pump):
    """A bolus that is aborted leaves its fraction of a step to the basal: again and again."""
    prescribe(pump, "MODE SIMP;RATE 50 UG/D", "LIM:DAY 53.1 UG")
    pump.tell("THER:STAR")
    pump.run(10)
    for _ in range(3):  # each a tenth of a step of 1/32 ug, or two
        pump.tell("BOL:STAR 3 UG,30 MIN")
        pump.run(4)  # the bolus begins within 2 s; a step of it takes 18.75 s
        pump.tell("BOL:ABOR")
    assert history(pump, 3) == [("CLINICIAN", 3.0, 0.0, "ABORTED")] * 3
    assert refusal(pump, "BOL:STAR 3.1 UG,30 MIN") == LIMIT_EXCEEDED  # and not 0.01 ug more
    pump.tell("BOL:STAR 3.05 UG,30 MIN")


@pytest.mark.slow
@pytest.mark.hazard("daily-limit-exceeded")
def test_what_aborted_boluses_leave_to_the_basal_counts_against_the_limit(pump):
    prescribe(pump, "MODE SIMP;RATE 50 UG/D", "LIM:DAY 53.3 UG")
    pump.tell("THER:STAR")
    pump.run(10)
    start_ns, granted = pump.target.now_ns, 0
    pump.plant.edges.clear()
    while granted < 200:
        pump.target.tell("BOL:STAR 3 UG,30 MIN")
        if pump.ask("BOL:STAT?").startswith("NONE"):
            break
        pump.run(4)
        pump.tell("BOL:ABOR")
        granted += 1
    basal_steps = 50 * STEPS_PER_UG * (pump.target.now_ns - start_ns) / 1e9 / DAY_S
    extra_steps = pump.plant.edges.count - basal_steps
    assert 5 < extra_steps < 0.3 * STEPS_PER_UG + 1
    assert 20 < granted < 200


THERAPIES = {
    "simple": ("MODE SIMP;RATE 100 UG/D",),
    "flex": ("MODE FLEX;RATE 60 UG/D", "FLEX:STEP ALL,08:00,160 UG/D,17:36"),
    "periodic": ("MODE PER;RATE 60 UG/D", "PER:DOSE 40 UG,1 HR,24 HR"),
}
# A day of one of them, from where a fourth step would soon come; days of each in `make soak`.
HEADS = [(10, "flex", "08:00", (24, 5))] + [
    pytest.param(ml, name, "00:00", (26, 12), marks=pytest.mark.long)
    for ml in (10, 3)
    for name in THERAPIES
]


@pytest.mark.slow
@pytest.mark.no_chip
@pytest.mark.hazard("daily-limit-exceeded")
@pytest.mark.parametrize(("revolution_ml", "name", "at", "spans_h"), HEADS)
def test_whole_steps_of_a_large_head_keep_to_a_limit_that_is_the_day(
    pump, name, revolution_ml, at, spans_h
):
    """Of 31.25 or 9.375 ug each: 100 ug a day are 3.2 or 10.7 of them, never 4 or 11 in a day."""
    pump.tell(f"MOT:CAL:PERR {revolution_ml} ML")
    pump.tell(f"SYST:TIME 2026-03-02T{at}:00")
    prescribe(pump, *THERAPIES[name], "LIM:DAY 100 UG", concentration="10000 UG/ML")
    pump.mark()
    for hours in spans_h:
        pump.tell("THER:STAR")
        pump.run(hours * HOUR_S)
        pump.tell("THER:STOP")
        pump.run(50 * MIN_S)
    times_s = [t_ns / 1e9 for t_ns in pump.plant.edges.times_ns()]
    in_a_day = [sum(t <= other < t + DAY_S for other in times_s) for t in times_s]
    step_ug = revolution_ml * 3.125
    assert max(in_a_day) == 100 // step_ug


def test_a_limit_below_a_step_is_no_prescription(pump):
    pump.tell("MOT:CAL:PERR 10 ML")
    pump.tell("PRES:NEW;CONC 10000 UG/ML;MODE SIMP;RATE 60 UG/D;:PRES:LIM:DAY 25 UG")
    assert '"LIMit:DAY of 25.000 ug is below a step, 31.250 ug"' in pump.ask("PRES:VAL?")
