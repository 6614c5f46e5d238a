# SPDX-License-Identifier: MIT
"""A step in dose is measured against all that was active within 24 h, also before a reset.

Source: LoopKit/Loop 1796 and 1834, what a safety check needs was not stored before a restart.
"""

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.sessions.therapy import HOUR_S, prescribe, stage
from pumpbench.targets.sim.battery_clock import BatteryClock

SPINAL = 'DRUG "baclofen"', "IND SPIN"


def titrate(pump, ug_d):
    """The soft limits that it has to name."""
    return prescribe(pump, *SPINAL, f"MODE SIMP;RATE {ug_d} UG/D")


@pytest.mark.hazard("change-without-review")
@pytest.mark.parametrize("end", ["run", "cut", "reset", "bite"])
def test_two_small_steps_within_20_minutes_are_a_large_one(end):
    pump = Lives()
    titrate(pump, 400)
    pump.run(600)
    assert titrate(pump, 520) == []
    pump.run(600)
    if end != "run":
        getattr(pump, end)()
    assert titrate(pump, 676) == ["INCRease"]  # 69 % above the 400 of 20 minutes ago


@pytest.mark.slow
@pytest.mark.parametrize("off_h", [22, pytest.param(0, marks=pytest.mark.long)])
def test_what_was_active_a_day_ago_is_no_measure_any_more(off_h):
    """Most of the day off, by a battery clock; all of it on in `make soak`."""
    clock = BatteryClock()
    clock.set("2026-03-02T12:00:00")
    pump = Lives(clock if off_h else None)
    titrate(pump, 400)
    pump.run(600)
    titrate(pump, 520)
    pump.run((23 - off_h) * HOUR_S)
    pump.cut(off_h * HOUR_S)
    assert "INCRease" in stage(pump, *SPINAL, "MODE SIMP;RATE 676 UG/D")
    pump.run(2 * HOUR_S + 60)  # the clock goes on from the last record, an hour ago at most
    assert titrate(pump, 676) == []
