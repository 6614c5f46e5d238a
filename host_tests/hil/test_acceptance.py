# SPDX-License-Identifier: MIT
"""Acceptance: what a bench engineer wants to see of a pump before all else is tried with it."""

import math
import time
from decimal import Decimal

import pytest

from host_tests.support.acceptance.wires import BUTTON, BUZZER, STEP
from pumpbench import Dose, Limits, Patient, PumpError

STEP_ML = Decimal("0.0000625")
MICRO = Decimal("0.000001")
RATES = {"24": 20, "240": 10, "2400": 10, "24000": 5}  # mL a day: s of delivery
CUT_ML_D = 2400
UNKNOWN_ML = CUT_ML_D * 10 / 86_400  # 10 s of it: STORE.md, After a reset
LATE_S = 3.0  # the lease, and the driver's time


def counts_steps(rig):
    """Whether steps are counted outside while the pump delivers."""
    rig.prescribe(ml_d=24_000)
    before = rig.wires.count().steps
    rig.pump.start()
    rig.pump.wait(3)
    rig.pump.stop()
    return rig.wires.count().steps > before


def presses_stop(rig):
    """Whether the stop button stops a delivery."""
    rig.prescribe(ml_d=24)
    rig.pump.start()
    rig.wires.press(1.5)
    return rig.pump.state() == "STOPPED"


def hears_buzzer(rig):
    """Whether a burst is heard."""
    rig.pump.tell("ALAR:TEST HIGH")
    return rig.wires.hear(3) > 0


TRIES = {STEP: counts_steps, BUTTON: presses_stop, BUZZER: hears_buzzer}


def number_of(call, *arguments):
    """The number of the error by which a call is refused."""
    with pytest.raises(PumpError) as refused:
        call(*arguments)
    return refused.value.number


def test_the_wires_of_the_rig_are_there(rig):
    """First, since what needs a wire that is not there is skipped from here on."""
    wires = rig.wires
    silent = [wire for wire in TRIES if wire not in wires.lacking and not TRIES[wire](rig)]
    for wire in silent:
        wires.give_up(wire)
    assert not silent, f"nothing came over: {', '.join(silent)}"
    if wires.lacking:
        pytest.skip("; ".join(f"{wire}: {why}" for wire, why in wires.lacking.items()))


def test_it_says_who_it_is_and_that_it_is_well(rig, record_property):
    identity = rig.pump.identity()
    assert identity.model == "ITB-Pump"
    assert rig.pump.ask("*TST?") == "0"
    assert rig.pump.alarms() == []
    record_property("measured", f"HIL on {rig.where}: {','.join(identity)}")


@pytest.mark.parametrize("ml_d", RATES)
def test_a_rate_is_kept_and_every_step_is_counted_twice(rig, ml_d, measure):
    rig.prescribe(ml_d=ml_d)
    before = rig.pump.steps()
    rig.pump.start()
    began_s = rig.uptime_s()
    rig.pump.wait(RATES[ml_d])
    emitted = rig.pump.steps().emitted
    lasted_s = rig.uptime_s() - began_s
    rig.pump.stop()
    after = rig.pump.steps()
    assert after.commanded == after.emitted == after.witness
    assert after.queued == 0
    steps_s = float(Decimal(ml_d) / 86_400 / STEP_ML)
    delivered = emitted - before.emitted
    least = math.floor(steps_s * (lasted_s - LATE_S) - 1)
    most = math.ceil(steps_s * (lasted_s + 0.5) + 1)
    measure(f"at {ml_d} mL/d", delivered, "steps", least=least, most=most)
    volume_ml = rig.pump.ledger_ml(since_refill=True)["BASAL"]
    assert volume_ml == pytest.approx((after.emitted - before.emitted) * STEP_ML, abs=MICRO)


def test_the_steps_that_are_counted_are_those_on_the_pin(rig, measure):
    rig.wires.need(STEP)
    before, counted = rig.pump.steps(), rig.wires.count()
    rig.prescribe(ml_d=2400)
    rig.pump.start()
    rig.pump.wait(5)
    rig.pump.stop()
    steps = rig.pump.steps().emitted - before.emitted
    after = rig.wires.count()
    assert steps > 1000
    within = {"least": steps - after.within, "most": steps + after.within}
    measure("counted outside", after.steps - counted.steps, "steps", **within)


def test_the_driver_is_off_after_a_stop(rig):
    plant = rig.plant()
    rig.prescribe(ml_d=2400)
    rig.pump.start()
    rig.pump.wait(1)
    assert plant.is_enabled
    rig.pump.stop()
    assert not plant.is_enabled


def test_the_stop_button_held_for_a_second_stops_the_pump(rig):
    rig.wires.need(BUTTON)
    rig.prescribe(ml_d=2400)
    rig.pump.start()
    rig.wires.press(0.3)
    assert rig.pump.state() == "RUNNING"
    rig.wires.press(1.5)
    assert rig.pump.state() == "STOPPED"


def test_a_bolus_is_exact_and_the_therapy_goes_on(rig):
    rig.prescribe(ml_d=24)
    rig.pump.start()
    rig.pump.bolus(5, 10)
    rig.pump.wait(15)
    assert rig.pump.state() == "RUNNING"
    rig.pump.stop()
    assert rig.pump.ledger_ml(since_refill=True)["CLINICIAN"] == Decimal("0.01")
    assert rig.pump.boluses(1)[0][1:4] == ("CLINICIAN", 5, 5)


def test_a_stop_stops_at_once(rig, measure):
    rig.prescribe(ml_d=24_000)
    rig.pump.start()
    rig.pump.wait(2)
    began_s = time.monotonic() if rig.target is None else rig.target.now_ns / 1e9
    rig.pump.tell("THER:STOP")
    now_s = time.monotonic() if rig.target is None else rig.target.now_ns / 1e9
    first = rig.pump.steps()
    rig.pump.wait(1)
    assert rig.pump.steps() == first
    assert first.queued == 0
    measure("STOP answered in", round(now_s - began_s, 4), "s", most=1.0)


def test_what_may_not_be_is_refused_and_changes_nothing(rig):
    rig.prescribe(ml_d=24, limits=Limits(bolus_ug=20))
    rig.pump.start()
    assert number_of(rig.pump.start) == 102
    assert number_of(rig.pump.bolus, 21, 60) == 112
    assert number_of(rig.pump.tell, "MOT:CAL:PERR 0.3 ML") == 101
    assert number_of(rig.pump.tell, "RES:REF 20 ML") == 101
    assert number_of(rig.pump.tell, "SYST:SERV") == 101
    assert rig.pump.rate().ml_d == 24
    assert rig.pump.state() == "RUNNING"


def test_the_patient_is_locked_out_after_a_bolus(rig):
    patient = Patient(Dose(5, 10), lockout_s=3600, maximum=2)
    rig.prescribe(ml_d=24, patient=patient)
    rig.pump.start()
    given = int(rig.pump.ask("BOL:PAT?").split(",")[0])
    rig.pump.patient_bolus()
    rig.pump.wait(15)
    assert number_of(rig.pump.patient_bolus) == 110
    assert int(rig.pump.ask("BOL:PAT?").split(",")[0]) == given + 1


def test_a_host_that_goes_and_comes_back_costs_no_step(rig, measure):
    rig.prescribe(ml_d=2400)
    rig.pump.start()
    before, began_s = rig.pump.steps().emitted, rig.uptime_s()
    rig.host_goes(6)
    assert rig.pump.state() == "RUNNING"
    lasted_s = rig.uptime_s() - began_s
    assert lasted_s >= 6  # it was not reset
    delivered = rig.pump.steps().emitted - before
    rig.pump.stop()
    steps = rig.pump.steps()
    assert steps.commanded == steps.emitted == steps.witness
    steps_s = 2400 / 86_400 / float(STEP_ML)
    least, most = math.floor(steps_s * (lasted_s - LATE_S)), math.ceil(steps_s * (lasted_s + 0.5))
    measure("while it was away", delivered, "steps", least=least, most=most)
    assert rig.pump.errors() == []


def test_a_low_reservoir_is_an_alarm_that_can_be_answered(rig):
    rig.pump.refill("1.9")
    rig.pump.wait(1)
    (alarm,) = rig.pump.alarms()
    assert alarm[:3] == (305, "Reservoir low", "LOW")
    rig.pump.acknowledge(305)
    assert rig.pump.alarms()[0].state == "ACKNOWLEDGED"


def test_an_alarm_is_heard(rig):
    rig.wires.need(BUZZER)
    assert rig.wires.hear(1) == 0
    rig.pump.tell("ALAR:TEST HIGH")
    assert rig.wires.hear(3) > 50


def test_an_alarm_is_seen(rig):
    plant = rig.plant()
    assert not any(lamp.is_on for lamp in plant.lamps.values())
    rig.pump.refill("1.9")
    rig.pump.wait(1)
    assert any(lamp.is_on for lamp in plant.lamps.values())


def test_what_happened_is_in_the_log(rig):
    first = max(event.number for event in rig.pump.log()) + 1
    rig.prescribe(ml_d=24)
    rig.pump.start()
    rig.pump.stop()
    rig.pump.wait(2)
    names = [event.name for event in rig.pump.log(first)]
    assert [name for name in names if name in ("COMMITTED", "STARTED", "STOPPED")] == [
        "COMMITTED",
        "STARTED",
        "STOPPED",
    ]


def test_a_power_cut_is_told_and_what_went_out_is_within_what_the_pump_says(rig, measure):
    rig.power.need()
    before_ml = rig.interval_ml()
    rig.prescribe(ml_d=CUT_ML_D)
    emitted = rig.pump.steps().emitted
    rig.pump.start()
    rig.pump.wait(5)
    looked_s, sure = rig.clock_s(), rig.pump.steps().emitted - emitted
    cut_s = rig.power_cycle()
    assert rig.pump.state() == "STOPPED"
    assert rig.pump.alarms()[0][:3] == (304, "Power interrupted", "HIGH")
    assert number_of(rig.pump.start) == 128
    most = sure + (cut_s - looked_s) * CUT_ML_D / 86_400 / float(STEP_ML) + 1
    least_ml, most_ml = rig.told_since(before_ml)
    measure("told at least", least_ml, "mL", most=round(most * float(STEP_ML), 6))
    measure("told at most", most_ml, "mL", least=round(sure * float(STEP_ML), 6))
    rig.pump.tell("THER:CONF")
    rig.pump.start()
    rig.pump.stop()


def test_a_power_cut_leaves_the_edges_that_came_within_what_the_pump_says(rig, measure):
    plant = rig.plant()
    rig.power.need()
    edges, before_ml = plant.edges.count, rig.interval_ml()
    rig.prescribe(ml_d=CUT_ML_D)
    rig.pump.start()
    rig.pump.wait(7.3)
    rig.power_cycle()
    out_ml = float((plant.edges.count - edges) * STEP_ML)
    least_ml, most_ml = rig.told_since(before_ml)
    measure("edges came to", round(out_ml, 6), "mL", least=least_ml, most=most_ml)
    measure("left unknown", round(most_ml - least_ml, 6), "mL", most=round(UNKNOWN_ML, 6))
