# SPDX-License-Identifier: MIT
"""A step in dose is measured against all that was active within 24 h, also before a reset.

Source: LoopKit/Loop 1796 and 1834, what a safety check needs was not stored before a restart.
"""

import pytest

from host_tests.lives import Lives
from host_tests.therapy.bench import HOUR_S, prescribe

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
def test_what_was_active_a_day_ago_is_no_measure_any_more():
    pump = Lives()
    titrate(pump, 400)
    pump.run(600)
    titrate(pump, 520)
    pump.run(12 * HOUR_S)
    pump.cut()
    pump.run(13 * HOUR_S + 60)  # the clock goes on from the last record, an hour ago at most
    assert titrate(pump, 676) == []
