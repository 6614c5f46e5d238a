# SPDX-License-Identifier: MIT
"""Periodic doses that a stop or a reset keeps from coming: told, counted, and the grid stays."""

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.sessions.therapy import HOUR_S, MIN_S, prescribe
from pumpbench.targets.sim.battery_clock import BatteryClock
from pumpbench.targets.sim.flash import AFTER, BEFORE, INSIDE, images

PERIODIC = "MODE PER;RATE 0.1 ML/D", "PER:DOSE 10 UG,10 MIN,1 HR"
MISSED, INTERRUPTED, UNKNOWN = 325, 304, 314
EVENT_MISSED = 434


def running(clock=None):
    """A pump that gives 10 ug in 10 min every hour, from now on."""
    pump = Lives(clock)
    prescribe(pump, *PERIODIC)
    pump.tell("RES:REF 20 ML")
    pump.tell("THER:RES BAS")
    pump.tell("THER:STAR")
    return pump


def battery():
    clock = BatteryClock()
    clock.set("2026-03-02T12:00:00")
    return clock


def next_s(pump):
    return float(pump.ask("PRES:PER:NEXT?").split(",")[0])


def missed(pump):
    """What the events that tell of missed doses say: how many, or MOVED."""
    return [text.split()[1] for text in pump.events(EVENT_MISSED)]


def resume(pump):
    """Go on after a cut, whether it resumed by itself or not."""
    pump.tell("THER:CONF")
    if pump.ask("THER:STAT?") == "STOPPED":
        pump.tell("THER:STAR")


@pytest.mark.slow
@pytest.mark.hazard("dose-missed")
@pytest.mark.parametrize(
    ("runs_s", "rests_s", "count"),
    [
        (HOUR_S // 2, HOUR_S // 4, 0),  # none was due
        (HOUR_S // 2, HOUR_S, 1),
        (HOUR_S // 2, 3 * HOUR_S, 3),
        (HOUR_S + MIN_S, MIN_S, 1),  # one was under way
        (HOUR_S + 11 * MIN_S, 20 * MIN_S, 0),  # one is over
        (HOUR_S + MIN_S, 2 * HOUR_S, 3),
    ],
)
def test_doses_of_a_stop_are_told_when_the_therapy_goes_on(runs_s, rests_s, count):
    pump = running()
    pump.run(runs_s)
    pump.tell("THER:STOP")
    pump.run(rests_s)
    assert MISSED not in pump.alarms()
    pump.tell("THER:STAR")
    assert next_s(pump) == pytest.approx(HOUR_S - (runs_s + rests_s) % HOUR_S, abs=5)
    pump.run(2)
    assert missed(pump) == ([str(count)] if count else [])
    assert (MISSED in pump.alarms()) == bool(count)
    if count:
        pump.tell("ALAR:ACKN")
    assert MISSED not in pump.alarms()
    pump.run(HOUR_S // 2)
    assert missed(pump) == ([str(count)] if count else [])  # once


@pytest.mark.slow
def test_a_dose_that_an_operator_aborts_is_no_alarm():
    pump = running()
    pump.run(HOUR_S + MIN_S)
    pump.tell("BOL:ABOR")
    pump.run(2 * MIN_S)
    assert missed(pump) == [] and MISSED not in pump.alarms()


@pytest.mark.slow
@pytest.mark.hazard("dose-missed")
@pytest.mark.parametrize(
    ("runs_s", "off_s", "count"),
    [
        (HOUR_S // 2, 20, 0),
        (HOUR_S + 20 * MIN_S, 3 * MIN_S, 0),
        (HOUR_S // 2, HOUR_S, 1),
        (HOUR_S // 2, 72 * HOUR_S, 72),
        (HOUR_S + MIN_S, 5, 1),  # one was under way
    ],
)
def test_with_a_battery_clock_a_reset_moves_no_dose(runs_s, off_s, count):
    pump = running(battery())
    pump.run(runs_s)
    pump.cut(off_s)
    resume(pump)
    assert next_s(pump) == pytest.approx(HOUR_S - (runs_s + off_s) % HOUR_S, abs=8)
    pump.run(2)
    assert missed(pump) == ([str(count)] if count else [])
    assert (MISSED in pump.alarms()) == bool(count)


@pytest.mark.slow
@pytest.mark.hazard("dose-missed")
def test_cuts_again_and_again_do_not_put_a_dose_off():
    """Every ten minutes one: without the grid on record no dose would ever come."""
    pump = running(battery())
    given = 0
    for _ in range(20):
        pump.run(10 * MIN_S - 5)
        given += pump.ask("BOL:STAT?").startswith("PERIODIC")
        pump.cut(5)
        resume(pump)
    told = sum(int(count) for count in missed(pump))
    assert 2 <= given <= told <= 3  # each was cut, and is told as one


@pytest.mark.slow
@pytest.mark.hazard("dose-missed")
@pytest.mark.parametrize("resets", [1, 2, 3])
def test_without_a_clock_a_reset_moves_the_doses_and_says_so(resets):
    pump = running()
    pump.run(HOUR_S // 2)
    for _ in range(resets):
        pump.cut()
        pump.run(5)
    assert MISSED not in pump.alarms()
    resume(pump)
    assert next_s(pump) == pytest.approx(HOUR_S, abs=5)
    pump.run(2)
    assert missed(pump) == ["MOVED"]
    assert MISSED in pump.alarms()


@pytest.mark.slow
@pytest.mark.hazard("dose-missed")
def test_what_was_missed_is_still_an_alarm_after_another_reset():
    pump = running(battery())
    pump.run(HOUR_S // 2)
    pump.cut(HOUR_S)
    resume(pump)
    pump.run(5)
    pump.cut(1)
    assert MISSED in pump.alarms()
    pump.tell("ALAR:ACKN")
    pump.run(2)
    pump.cut(1)
    assert MISSED not in pump.alarms()


@pytest.mark.slow
@pytest.mark.hazard("dose-missed")
def test_a_dose_that_had_begun_is_not_given_again_though_the_power_up_is_cut_anywhere():
    """The battery clock was set back meanwhile, so that by it the dose is still to come."""
    pump = running(battery())
    pump.run(HOUR_S + MIN_S)
    start = pump.target.flash
    pump.clock.set("2026-03-02T12:50:00")
    pump.cut()
    operations = list(pump.target.world.flash.operations)
    assert len(operations) > 5
    for _, _, image in images(start, operations, (BEFORE, INSIDE, AFTER)):
        pump.clock.set("2026-03-02T12:50:00")
        pump.go_on(flash=image)
        resume(pump)
        assert next_s(pump) > HOUR_S // 2


@pytest.mark.slow
def test_another_dose_owes_nothing_of_the_one_before():
    pump = running(battery())
    pump.run(HOUR_S // 2)
    pump.tell("THER:STOP")
    pump.run(5 * HOUR_S)
    prescribe(pump, "MODE PER;RATE 0.1 ML/D", "PER:DOSE 9 UG,10 MIN,1 HR")
    pump.tell("THER:STAR")
    pump.run(2)
    assert missed(pump) == [] and MISSED not in pump.alarms()
    assert next_s(pump) == pytest.approx(HOUR_S, abs=5)
