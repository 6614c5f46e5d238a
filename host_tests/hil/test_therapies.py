# SPDX-License-Identifier: MIT
"""Acceptance of what a therapy does by itself: day pattern, periodic dose, reservoir."""

import math
from decimal import Decimal

from host_tests.hil.test_acceptance import LATE_S, MICRO, STEP_ML
from pumpbench import Dose, FlexStep, Periodic


def test_a_day_pattern_follows_the_wall_clock(rig, measure):
    noon = FlexStep("ALL", "12:00", ml_d=2400, end="13:00")
    with rig.wall_clock() as set_clock:
        set_clock("2026-03-02T11:59:52")
        rig.prescribe(ml_d=240, flex=(noon,))
        rig.pump.start()
        rig.pump.wait(3)
        assert rig.pump.rate().ml_d == 240
        rig.pump.wait(8)
        assert rig.pump.rate().ml_d == 2400
        before, began_s = rig.pump.steps().emitted, rig.uptime_s()
        rig.pump.wait(5)
        delivered, lasted_s = rig.pump.steps().emitted - before, rig.uptime_s() - began_s
        steps_s = 2400 / 86_400 / float(STEP_ML)
        within_s = LATE_S / 2
        limits = {
            "least": math.floor(steps_s * (lasted_s - within_s)),
            "most": math.ceil(steps_s * (lasted_s + within_s)),
        }
        measure("from 12:00 on", delivered, "steps", **limits)
        set_clock("2026-03-02T12:59:57")
        assert rig.pump.rate().ml_d == 2400
        rig.pump.wait(5)
        assert rig.pump.rate().ml_d == 240
        assert rig.pump.alarms() == []


def test_a_periodic_dose_is_given_when_it_is_due_and_not_before(rig, measure):
    rig.need_minutes(5)
    rig.prescribe(ml_d=24, periodic=Periodic(Dose(5, 10), interval_s=300))
    rig.pump.start()
    due_s, dose_ug = map(Decimal, rig.pump.ask("PRES:PER:NEXT?").split(","))
    assert dose_ug == 5
    measure("due after the start", float(due_s), "s", least=295, most=300)
    rig.pump.wait(float(due_s) - 3)
    assert rig.pump.ledger_ml(since_refill=True)["PERIODIC"] == 0
    rig.pump.wait(6)
    assert rig.pump.ask("BOL:STAT?").startswith("PERIODIC,5.000,")
    rig.pump.wait(10)
    assert rig.pump.ask("BOL:STAT?").startswith("NONE,")
    assert rig.pump.ledger_ml(since_refill=True)["PERIODIC"] == Decimal("0.01")
    assert rig.pump.state() == "RUNNING"


def test_the_reservoir_is_counted_from_a_refill_on(rig, measure):
    rig.prescribe(ml_d=24_000)
    for volume_ml in (Decimal(12), Decimal(7)):
        rig.pump.refill(volume_ml)
        assert rig.pump.reservoir_ml() == volume_ml
        assert sum(rig.pump.ledger_ml(since_refill=True).values()) == 0
        before = rig.pump.steps().emitted
        rig.pump.start()
        rig.pump.wait(3)
        rig.pump.stop()
        out_ml = (rig.pump.steps().emitted - before) * STEP_ML
        assert out_ml > Decimal("0.1")
        within = {
            "least": float(volume_ml - out_ml - MICRO),
            "most": float(volume_ml - out_ml + MICRO),
        }
        measure(f"left of {volume_ml} mL", float(rig.pump.reservoir_ml()), "mL", **within)
