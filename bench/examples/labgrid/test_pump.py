# SPDX-License-Identifier: MIT
"""What every pump of a bench is tried with: `pytest --lg-env env.yaml`, in this folder.

It leaves another prescription, another calibration, another reservoir and a stopped pump.
"""

from decimal import Decimal

import pytest

from pumpbench import Prescription

ML_PER_REV = Decimal("0.2")
CAPACITY_ML = 20
RATE_ML_D = 2400
ROUNDING_ML = Decimal("0.000001")
LATE_S = 3  # the lease of the step engine, and the driver's time


@pytest.fixture
def pump(target):
    """The pump of the environment, stopped, calibrated and full."""
    pump = target.get_driver("PumpDriver").pump
    pump.tell("*CLS;:THER:STOP;:PRES:DISC")
    pump.tell(f"MOT:CAL:PERR {ML_PER_REV} ML;:RES:CAP {CAPACITY_ML} ML")
    pump.refill(CAPACITY_ML)
    return pump


@pytest.fixture
def delivery_s(env):
    """How long is delivered, in s."""
    return float(env.config.get_option("delivery_s"))


def test_it_says_who_it_is_and_that_it_is_well(pump, record_property):
    identity = pump.identity()
    record_property("pump", ",".join(identity))
    assert identity.model == "ITB-Pump"
    assert pump.ask("*TST?") == "0"


def test_a_delivery_is_in_its_steps_and_in_the_ledger(pump, delivery_s, record_property):
    review = pump.prescribe(Prescription(500, ml_d=RATE_ML_D))
    pump.commit(review, accept=review.soft_limits)
    before, since_s = pump.steps(), Decimal(pump.ask("SYST:UPT?"))
    pump.start()
    pump.wait(delivery_s)
    pump.stop()
    after, lasted_s = pump.steps(), Decimal(pump.ask("SYST:UPT?")) - since_s
    assert after.commanded == after.emitted == after.witness
    volume_ml = pump.ledger_ml(since_refill=True)["BASAL"]
    record_property("ml", str(volume_ml))
    due_ml = RATE_ML_D * lasted_s / 86_400
    late_ml = Decimal(RATE_ML_D * LATE_S) / 86_400
    assert due_ml - late_ml <= volume_ml <= due_ml
    assert pump.state() == "STOPPED"
    turns = Decimal(after.emitted - before.emitted) / steps_per_turn(pump)
    assert abs(turns * ML_PER_REV - volume_ml) <= ROUNDING_ML


def steps_per_turn(pump):
    """Steps of a revolution: those of a tenth of one, jogged."""
    before = pump.steps().emitted
    pump.tell("MOT:JOG 0.1,60")
    pump.wait(1)
    return (pump.steps().emitted - before) * 10
