# SPDX-License-Identifier: MIT
"""A lost record of doses: for 24 h nothing more is given, whatever the limit; then all is."""

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.errors import LIMIT_EXCEEDED
from host_tests.support.flash.copies import path_of
from host_tests.support.sessions.therapy import HOUR_S, MIN_S, prescribe, refusal
from pumpbench.images.flashfiles import with_file
from pumpbench.targets.sim.battery_clock import BatteryClock

BASAL = "MODE SIMP;RATE 1 ML/D"
PATIENT = "PAT:DOSE 5 UG,1 MIN;LOCK 6 HR;MAX 3"


@pytest.fixture
def clock():
    """One that somebody has set."""
    clock = BatteryClock()
    clock.set("2026-03-02T12:00:00")
    return clock


def live(hours, *lines, clock=None):
    """A pump that has run for so long, with a patient bolus in between."""
    pump = Lives(clock)
    prescribe(pump, BASAL, PATIENT, *lines)
    pump.tell("THER:STAR")
    pump.run(hours * HOUR_S)
    pump.tell("BOL:PAT")
    pump.run(2 * MIN_S)
    return pump


def lose(pump, *keys, off_s=0.0):
    """Spoil these records; the next life, confirmed."""
    flash = pump.target.flash
    for key in keys:
        for number in (0, 1):
            flash = with_file(flash, path_of(key, number), b"spoiled")
    pump.go_on(off_s, flash=flash)
    pump.tell("THER:CONF")


def wait_s(pump):
    return float(pump.ask("BOL:PAT?").split(",")[3])


@pytest.mark.long
@pytest.mark.hazard("record-damaged", "daily-limit-exceeded", "lockout-bypassed")
@pytest.mark.parametrize("keys", (("delivery",), ("past", "day")))
def test_it_blocks_for_24_hours_however_old_the_pump_is_and_no_longer(keys):
    pump = live(3, "LIM:DAY 1 MG")
    lose(pump, *keys)
    for hours in (12, 11):
        assert refusal(pump, "THER:STAR") == LIMIT_EXCEEDED
        assert refusal(pump, "BOL:STAR 1 UG,60 S") == LIMIT_EXCEEDED
        assert wait_s(pump) > HOUR_S
        pump.run(hours * HOUR_S)
    pump.run(HOUR_S + MIN_S)
    assert wait_s(pump) == 0
    pump.tell("BOL:STAR 990 UG,600 S")


@pytest.mark.hazard("record-damaged", "daily-limit-exceeded")
@pytest.mark.parametrize("before", ("LIM:DAY 1 MG", "LIM:CLE"))
def test_no_prescription_that_is_committed_afterwards_makes_room(before):
    pump = live(0.1, before)
    lose(pump, "day")
    prescribe(pump, BASAL, "LIM:DAY 2 MG")
    assert refusal(pump, "BOL:STAR 1 UG,60 S") == LIMIT_EXCEEDED
    pump.cut()
    assert refusal(pump, "BOL:STAR 1 UG,60 S") == LIMIT_EXCEEDED


@pytest.mark.slow
@pytest.mark.parametrize("keys", (("delivery",), ("past", "day")))
def test_with_a_battery_clock_it_blocks_for_24_hours_by_that_clock(keys, clock):
    pump = live(3, "LIM:DAY 1 MG", clock=clock)
    lose(pump, *keys)
    assert wait_s(pump) > 23 * HOUR_S
    pump.cut(23 * HOUR_S)
    assert refusal(pump, "BOL:STAR 1 UG,60 S") == LIMIT_EXCEEDED
    pump.cut(HOUR_S)
    assert wait_s(pump) == 0
    pump.tell("BOL:STAR 400 UG,60 S")


@pytest.mark.hazard("record-damaged")
def test_the_time_off_before_the_loss_was_found_does_not_shorten_it(clock):
    pump = live(0.1, "LIM:DAY 1 MG", clock=clock)
    lose(pump, "delivery", off_s=30 * HOUR_S)
    assert wait_s(pump) > 23 * HOUR_S
    assert refusal(pump, "THER:STAR") == LIMIT_EXCEEDED


@pytest.mark.slow
@pytest.mark.hazard("record-damaged", "lockout-bypassed")
def test_a_past_that_is_lost_locks_out_and_a_day_uses_up_the_limit():
    pump = live(1, "LIM:DAY 1 MG")
    lose(pump, "past")
    pump.run(7 * HOUR_S)
    assert wait_s(pump) > HOUR_S
    pump.tell("BOL:STAR 1 UG,60 S")
    pump.run(2 * MIN_S)
    lose(pump, "day")
    assert refusal(pump, "BOL:STAR 1 UG,60 S") == LIMIT_EXCEEDED
    pump = live(1, "LIM:DAY 1 MG")
    lose(pump, "day")
    pump.run(7 * HOUR_S)
    assert wait_s(pump) == 0


def test_a_dose_gets_no_number_twice_when_the_past_is_lost():
    pump = live(0.1)
    pump.tell("BOL:STAR 1 UG,5 S")
    pump.run(10)
    given = int(pump.ask("BOL:HIST? 1").split(",")[0])
    lose(pump, "past")
    pump.tell("BOL:STAR 1 UG,5 S")
    pump.run(10)
    assert int(pump.ask("BOL:HIST? 1").split(",")[0]) > given
