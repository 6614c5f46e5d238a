# SPDX-License-Identifier: MIT
"""A therapy that is prescribed and not given: an alarm after a while, counted over resets."""

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.sessions.therapy import prescribe

TOO_LONG = 311
HOUR_S = 3600


def stopped():
    lives = Lives()
    lives.tell("RES:REF 20 ML")
    prescribe(lives, "MODE SIMP;RATE 24 ML/D")
    lives.tell("ALAR:STOP 1 HR")
    return lives


def test_it_is_48_hours_unless_set_and_the_setting_survives():
    lives = Lives()
    assert lives.ask("ALAR:STOP?") == "172800.000"
    lives.tell("ALAR:STOP 1 HR")
    lives.cut()
    assert lives.ask("ALAR:STOP?") == "3600.000"


@pytest.mark.slow
@pytest.mark.hazard("therapy-absent")
def test_a_stop_that_is_too_long_is_an_alarm_and_a_start_ends_it():
    lives = stopped()
    lives.run(HOUR_S - 60)
    assert TOO_LONG not in lives.alarms()
    lives.run(120)
    assert lives.alarms() == [TOO_LONG]
    lives.tell("ALAR:ACKN;:THER:STAR")
    lives.run(1)
    assert lives.alarms() == [0]
    lives.tell("THER:STOP")
    lives.run(HOUR_S + 60)
    assert lives.alarms() == [TOO_LONG]


@pytest.mark.slow
@pytest.mark.hazard("therapy-absent")
@pytest.mark.parametrize("moves", ["MOT:JOG 1,60", "PRIM:STAR 0.1 ML,100 ML/HR"])
def test_what_moves_the_motor_and_gives_no_drug_is_no_therapy(moves):
    lives = stopped()
    lives.run(HOUR_S // 2)
    lives.tell(moves)
    lives.run(HOUR_S // 2 + 60)
    assert TOO_LONG in lives.alarms()


@pytest.mark.slow
@pytest.mark.hazard("therapy-absent")
def test_resets_do_not_begin_it_anew():
    """The clock of the pump goes on from its last record, which is at most an hour old."""
    lives = stopped()
    lives.tell("ALAR:STOP 2 HR")
    found = []
    for _ in range(3):
        lives.run(1.1 * HOUR_S)
        lives.cut()
        found.append(TOO_LONG in lives.alarms())
    assert (found[0], found[2]) == (False, True)


def test_a_pump_that_was_never_programmed_is_not_stopped_too_long():
    lives = Lives()
    lives.tell("ALAR:STOP 1 MIN")
    lives.run(HOUR_S)
    assert lives.alarms() == [0]
