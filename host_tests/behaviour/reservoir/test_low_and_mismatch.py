# SPDX-License-Identifier: MIT
"""Reservoir low over a reset and a new threshold; a residual after next to nothing dispensed."""

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.flash.copies import path_of
from pumpbench.images.flashfiles import with_file

LOW, MISMATCH = 305, 307


@pytest.fixture
def pump():
    return Lives()


def test_low_stays_within_its_hysteresis_over_a_reset(pump):
    pump.tell("RES:REF 2 ML")
    pump.tell("RES:REF 2.05 ML")
    pump.run(3)
    assert LOW in pump.alarms()
    pump.cut()
    assert LOW in pump.alarms()
    pump.tell("RES:REF 2.2 ML")
    pump.cut()
    assert LOW not in pump.alarms()
    pump.tell("RES:REF 2.05 ML")
    assert LOW not in pump.alarms()


def test_low_goes_when_the_threshold_is_lowered_below_what_it_holds(pump):
    pump.tell("RES:REF 2.05 ML;LOW 5 ML")
    assert LOW in pump.alarms()
    pump.tell("RES:LOW 2 ML")
    assert LOW not in pump.alarms()
    pump.tell("RES:REF 2 ML")
    assert LOW in pump.alarms()


def test_a_tenth_of_a_millilitre_is_forgiven_however_little_was_dispensed(pump):
    pump.tell("RES:REF 10 ML")
    pump.tell("MOT:JOG 0.0003125,60")
    pump.run(1)
    pump.tell("RES:REF 10 ML,9.9 ML")
    assert MISMATCH not in pump.alarms()
    pump.tell("MOT:JOG 0.0003125,60")
    pump.run(1)
    pump.tell("RES:REF 10 ML,9.8 ML")
    assert MISMATCH in pump.alarms()


def test_without_a_calibration_the_forecast_is_none_and_no_error(pump):
    pump.tell("PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE 24 ML/D")
    pump.tell("PRES:COMM " + pump.ask("PRES:VAL?").split(",")[1])
    flash = pump.target.flash
    for number in (0, 1):
        flash = with_file(flash, path_of("setup", number), b"rubbish")
    pump.go_on(flash=flash)
    pump.tell("RES:REF 20 ML")
    assert pump.ask("RES:FOR?") == "NONE,NONE,NONE,NONE"
