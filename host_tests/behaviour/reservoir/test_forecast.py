# SPDX-License-Identifier: MIT
"""REServoir:FORecast? against what the pump really delivers: it never lasts shorter than told."""

import pytest

from host_tests.support.errors import (
    BOLUS_IN_PROGRESS,
    LIMIT_EXCEEDED,
    LOCKED_OUT,
    PATIENT_MAXIMUM,
    RESERVOIR_TOO_LOW,
)
from host_tests.support.sessions.bench import Bench
from host_tests.support.sessions.therapy import HOUR_S, MIN_S, prescribe
from pumpbench.client.lines import PumpError
from pumpbench.targets.sim import SimTarget

LOW, EMPTY = "305", "306"
FRIDAY_NIGHT = "2026-03-06T23:59:00"
WEEKEND = "MODE FLEX;RATE 0.2 ML/D;FLEX:STEP WE,00:00,9 ML/D,23:59"
PERIODIC = "MODE PER;RATE 0.1 ML/D;PER:DOSE 250 UG,30 MIN,7 HR"
PATIENT = "PAT:DOSE 100 UG,5 MIN;LOCK 5 HR;MAX 4"


def pump_with(*lines, volume="12 ML"):
    pump = Bench(SimTarget(has_slow_flash=False))
    prescribe(pump, *lines)
    pump.tell(f"RES:REF {volume};LOW 1 ML")
    return pump


def days(pump):
    """To low, to empty; then both with every patient bolus."""
    return [int(count) for count in pump.ask("RES:FOR?").split(",")]


def lasted(pump, at_the_hour=None):
    """Days from now until it is low and until it is empty, to the hour."""
    pump.tell("THER:STAR")
    found = {}
    for hour in range(1, 4 * 24):
        if at_the_hour:
            at_the_hour(pump)
        pump.run(HOUR_S)
        active = pump.ask("ALAR:ACT?")
        found.update(
            {code: hour / 24 for code in (LOW, EMPTY) if code in active and code not in found}
        )
        if EMPTY in found:
            return found[LOW], found[EMPTY]
    raise AssertionError("it never ran empty")


def take_a_bolus(pump):
    try:
        pump.tell("BOL:PAT")
    except PumpError as error:
        assert error.number in (
            BOLUS_IN_PROGRESS,
            LOCKED_OUT,
            PATIENT_MAXIMUM,
            LIMIT_EXCEEDED,
            RESERVOIR_TOO_LOW,
        )


@pytest.mark.long
def test_a_flex_week_lasts_as_long_as_told_with_and_without_a_clock():
    pump = pump_with(WEEKEND, volume="10.2 ML")
    unplaced = days(pump)[:2]
    pump.tell(f"SYST:TIME {FRIDAY_NIGHT}")
    placed = days(pump)[:2]
    assert placed == [1, 1]
    assert unplaced == [1, 1]
    real = lasted(pump)
    for told, lasts in zip(placed, real, strict=True):
        assert told <= lasts < told + 1


@pytest.mark.long
def test_periodic_doses_with_every_patient_bolus_last_as_long_as_told():
    pump = pump_with(PERIODIC, PATIENT, volume="5 ML")
    told = days(pump)
    assert told[2:] == [1, 1]  # 1.5 mL of a day, and 0.8 of patient boluses
    real = lasted(pump, take_a_bolus)
    for told_days, lasts in zip(told[2:], real, strict=True):
        assert told_days <= lasts < told_days + 2


def test_the_weekend_counts_as_it_comes_and_not_as_a_mean_day():
    pump = pump_with(WEEKEND)
    pump.tell(f"SYST:TIME {FRIDAY_NIGHT}")
    assert days(pump)[:2] == [1, 1]
    pump.tell("SYST:TIME 2026-03-09T00:00:00")  # on Monday five slow days come first
    assert days(pump)[:2] == [6, 6]


def test_exactly_a_day_is_told_only_where_it_is_out_before_the_pump_stops():
    pump = pump_with("MODE SIMP;RATE 24 ML/D", volume="20 ML")
    pump.tell("RES:CAP 40 ML;REF 24.5 ML")
    assert days(pump)[1] == 0
    pump.tell("RES:REF 24.501 ML")
    assert days(pump)[1] == 1


def test_a_week_whose_days_are_alike_needs_no_clock():
    pump = pump_with("MODE FLEX;RATE 0.5 ML/D;FLEX:STEP ALL,06:00,1.5 ML/D,18:00")
    assert days(pump)[:2] == [10, 11]  # 11 and 11.5 mL at 1 mL a day; strictly less than 11


def test_the_forecast_is_another_one_at_once_when_the_rate_changes():
    pump = pump_with("MODE SIMP;RATE 1 ML/D")
    pump.tell("THER:STAR")
    pump.run(MIN_S)
    assert days(pump)[:2] == [10, 11]
    prescribe(pump, "MODE SIMP;RATE 2 ML/D")
    assert days(pump)[:2] == [5, 5]


def test_the_forecast_is_another_one_at_once_when_a_bolus_begins_and_when_it_is_aborted():
    pump = pump_with("MODE SIMP;RATE 1 ML/D", volume="10.1 ML")
    pump.tell("THER:STAR")
    pump.run(MIN_S)
    assert days(pump)[:2] == [9, 9]
    pump.tell("BOL:STAR 500 UG,1 D")
    assert days(pump)[:2] == [8, 8]
    pump.run(MIN_S)
    pump.tell("BOL:ABOR")
    assert days(pump)[:2] == [9, 9]


@pytest.mark.slow
def test_the_rest_of_a_periodic_dose_that_goes_out_is_counted():
    pump = pump_with("MODE PER;RATE 1 ML/D;PER:DOSE 250 UG,30 MIN,1 HR", volume="13.36 ML")
    pump.tell("THER:STAR")
    pump.run(HOUR_S + MIN_S)
    assert days(pump)[1] == 0  # 12.8 mL: 12.5 are to begin within a day, 0.5 are under way
    pump.run(30 * MIN_S)
    pump.tell("THER:STOP;:RES:REF 13.6 ML;:THER:STAR")
    assert days(pump)[1] == 1


def test_what_is_queued_at_the_old_rate_is_counted():
    pump = pump_with("MODE SIMP;RATE 1000 ML/HR", volume="3.4 ML")
    pump.tell("THER:STAR")
    pump.run(3)
    prescribe(pump, "MODE SIMP;RATE 1 ML/D")
    told = days(pump)[1]
    pump.run(10)
    assert told <= days(pump)[1]


@pytest.mark.parametrize("lines", [("MODE SIMP;RATE 1 ML/D",), (PERIODIC,), (WEEKEND,)])
def test_what_does_not_last_a_day_is_no_day(lines):
    pump = pump_with(*lines, PATIENT, volume="1 ML")
    assert days(pump) == [0, 0, 0, 0]
