# SPDX-License-Identifier: MIT
"""One test for each way in which the hardware of such a pump has failed its therapy, on `sim`.

As far as this firmware goes: without rotor sensor and reservoir it cannot know of a stall or of
an over-infusion, and must not make either worse.
"""

from fractions import Fraction

import pytest

from host_tests.support.sessions.bench import STEP_NL, Bench
from host_tests.support.sessions.therapy import HOUR_S, prescribe
from pumpbench.targets.sim import SimTarget


@pytest.mark.slow
@pytest.mark.hazard("default-dose-after-reset", "bolus-resumed")
def test_a_reset_in_mid_bolus_resumes_nothing_and_gives_no_default_dose(pump):
    prescribe(pump, "MODE SIMP;RATE 1 ML/D")
    pump.tell("THER:STAR")
    pump.tell("BOL:STAR 50 UG,10 MIN")
    pump.run(300)
    assert pump.plant.edges.count > 700
    pump.target.close()
    after = Bench(SimTarget())
    after.run(HOUR_S)
    assert after.plant.edges.count == 0
    assert after.ask("SYST:STAT?;:THER:STAT?;:PRES:ACT?") == "STOPPED;STOPPED;NONE"
    assert after.ask("BOL:STAT?;HIST? 9") == "NONE,0.000,0.000,0.000;NONE"


@pytest.mark.slow
@pytest.mark.hazard("catch-up")
def test_a_stall_of_three_hours_is_not_caught_up_after_recovery(pump):
    prescribe(pump, "MODE SIMP;RATE 1 ML/D")
    pump.mark()
    pump.tell("THER:STAR")
    pump.run(HOUR_S)
    pump.plant.motor.is_stalled = True
    pump.run(3 * HOUR_S)
    pump.plant.motor.is_stalled = False
    before, moved_nl = pump.plant.edges.count, pump.plant.beaker.volume_nl
    pump.run(HOUR_S)
    an_hour = Fraction(1_000_000, 24) / STEP_NL
    assert abs(pump.plant.edges.count - before - an_hour) < 1
    assert abs(pump.plant.beaker.volume_nl - moved_nl - Fraction(1_000_000, 24)) < STEP_NL
    assert abs(pump.plant.motor.missed_steps - 3 * an_hour) < 1


@pytest.mark.slow
@pytest.mark.hazard("over-infusion-unseen")
def test_a_head_that_moves_a_fifth_more_is_right_again_once_it_is_calibrated(pump):
    """The pump counts what it was told a step is worth; only a measured volume can tell."""
    pump.plant.beaker.pl_per_step *= Fraction(6, 5)
    prescribe(pump, "MODE SIMP;RATE 24 ML/D")
    for calibration, delivered in (("0.2 ML", Fraction(6, 5)), ("0.24 ML", 1)):
        pump.tell(f"MOT:CAL:PERR {calibration}")
        before_nl = pump.plant.beaker.volume_nl
        pump.tell("THER:STAR")
        pump.run(HOUR_S)
        pump.tell("THER:STOP")
        moved_nl = pump.plant.beaker.volume_nl - before_nl
        assert abs(moved_nl - delivered * 1_000_000) < 3 * STEP_NL
