# SPDX-License-Identifier: MIT
"""What somebody has to confirm: however little was out, and whatever was reset in between."""

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.errors import UNCONFIRMED
from host_tests.support.flash.copies import path_of
from host_tests.support.sessions.therapy import DAY_S, MIN_S, prescribe, refusal
from pumpbench.images.flashfiles import with_file

INTERRUPTED, LOST = 304, 308
SIMPLE = "MODE SIMP;RATE 24 ML/D"


@pytest.mark.parametrize("seconds", [0.01, 1, 30, 100])
def test_a_cut_before_the_first_step_is_an_interruption(seconds):
    pump = Lives()
    prescribe(pump, "MODE SIMP;RATE 0.048 ML/D")
    pump.tell("THER:STAR")
    pump.run(seconds)
    assert pump.beaker_nl() == 0
    pump.cut()
    assert pump.alarms() == [INTERRUPTED]
    assert refusal(pump, "THER:STAR") == UNCONFIRMED
    assert pump.interval_nl()[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("ml_d", [0.024, pytest.param(0.006, marks=pytest.mark.long)])
def test_a_slow_therapy_is_interrupted_whenever_it_is_cut(ml_d):
    """Also in the minutes in which all that was reserved is out, and nothing more planned."""
    pump = Lives()
    prescribe(pump, f"MODE SIMP;RATE {ml_d} ML/D")
    step_s = 0.000_062_5 / ml_d * DAY_S
    pump.tell("THER:STAR")
    pump.run(60 * step_s)
    for _ in range(8):
        pump.run(2 * step_s)
        image = pump.target.flash
        other = Lives()
        other.go_on(flash=image)
        assert other.alarms() == [INTERRUPTED]


@pytest.mark.parametrize("key", ["past", "day", "setup", "delivery", "titration", "prescription"])
def test_a_loss_that_nobody_has_confirmed_is_still_open_after_another_reset(key):
    pump = Lives()
    prescribe(pump, SIMPLE)
    pump.tell("THER:STAR")
    pump.run(MIN_S)
    pump.tell("THER:STOP")
    pump.run(3)
    flash = pump.target.flash
    for number in (0, 1):
        flash = with_file(flash, path_of(key, number), b"spoiled")
    pump.go_on(flash=flash)
    assert LOST in pump.alarms()
    pump.cut()
    assert LOST in pump.alarms()
    assert refusal(pump, "MOT:JOG 1,60") == UNCONFIRMED
    pump.tell("THER:CONF")
    prescribe(pump, SIMPLE) if key != "setup" else pump.tell("MOT:CAL:PERR 0.2 ML")
    pump.cut()
    assert pump.alarms() == [0]
