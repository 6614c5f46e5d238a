# SPDX-License-Identifier: MIT
"""Orders that meet something else: a periodic dose about to begin, a limit, another drug."""

import pytest

from host_tests.support.errors import BOLUS_IN_PROGRESS, LIMIT_EXCEEDED, NOT_STOPPED
from host_tests.support.sessions.therapy import ledger_ml, prescribe, refusal, stage
from pumpbench.client.pump import review_of

EVERY_5_MIN = ("MODE PER;RATE 50 UG/D", "PER:DOSE 100 UG,60 S,5 MIN")


@pytest.mark.no_chip
@pytest.mark.hazard("therapy-absent")
@pytest.mark.parametrize("before_s", [5.0, 2.5, 1.0, 0.3, -1.0])
def test_a_commit_about_a_periodic_dose_neither_loses_it_nor_takes_part_of_it(pump, before_s):
    """Too close before one, it is refused as it is during one."""
    prescribe(pump, *EVERY_5_MIN)
    pump.tell("THER:STAR")
    pump.run(100)
    from_ns = pump.target.now_ns
    token, names, _ = review_of(stage(pump, *EVERY_5_MIN, "LIM:BOL 101 UG"))
    pump.run(200 - before_s - (pump.target.now_ns - from_ns) / 1e9)
    commit = "PRES:COMM " + ",".join([token, *names])
    if before_s < 4:
        assert refusal(pump, commit) == BOLUS_IN_PROGRESS
    else:
        pump.tell(commit)
    pump.run(80)
    assert ledger_ml(pump)["PERIODIC"] == pytest.approx(0.2)
    pump.tell("THER:STOP")


@pytest.mark.hazard("prescription-out-of-limits")
def test_a_bridge_keeps_to_the_limit_of_continuous_rates(pump):
    """The mean of its day is 1250 ug, in doses of which no rate is above 100."""
    prescribe(pump, "MODE PER;RATE 50 UG/D", "PER:DOSE 100 UG,5 MIN,2 HR", "LIM:RATE 100 UG/D")
    assert refusal(pump, "BRID:STAR 500 UG/ML,1 ML") == LIMIT_EXCEEDED
    assert pump.ask("THER:STAT?") == "STOPPED"


@pytest.mark.hazard("drug-left-in-line")
def test_another_drug_of_the_same_strength_needs_a_stop(pump):
    prescribe(pump, 'DRUG "baclofen";MODE SIMP;RATE 400 UG/D')
    pump.tell("THER:STAR")
    token, names, _ = review_of(stage(pump, 'DRUG "morphine";MODE SIMP;RATE 400 UG/D'))
    assert refusal(pump, "PRES:COMM " + ",".join([token, *names])) == NOT_STOPPED
    assert pump.ask("PRES:COMP?").startswith('"drug: baclofen -> morphine"')
    pump.tell("THER:STOP")


def test_patient_boluses_that_never_fit_between_periodic_doses_are_not_promised(pump):
    verdict = stage(
        pump, "MODE PER;RATE 100 UG/D", "PER:DOSE 10 UG,10 MIN,1 HR",
        "PAT:DOSE 5 UG,50 MIN;LOCK 2 HR;MAX 3",
    )  # fmt: skip
    assert (
        "a patient bolus of 3000.000 s never fits between periodic doses, 3000.000 s apart"
        in verdict
    )


PERIODIC = "MODE PER;RATE 0.1 ML/D", "PER:DOSE 10 UG,10 MIN,1 HR"


@pytest.mark.slow
def test_the_next_periodic_dose_is_told_and_comes_then(pump):
    prescribe(pump, *PERIODIC)
    assert pump.ask("PRES:PER:NEXT?") == "NONE"
    pump.tell("THER:STAR")
    for due_s, waits_s in ((3600, 1800), (1800, 1790), (10, 60), (3550, 1000)):
        left_s, dose_ug = map(float, pump.ask("PRES:PER:NEXT?").split(","))
        assert (left_s, dose_ug) == (pytest.approx(due_s, abs=1), 10)
        pump.run(waits_s)
    pump.run(2546)
    assert pump.ask("BOL:STAT?").startswith("NONE")
    pump.run(6)
    assert pump.ask("BOL:STAT?").startswith("PERIODIC,10.000,")
    left_s, _ = map(float, pump.ask("PRES:PER:NEXT?").split(","))
    assert left_s == pytest.approx(3597, abs=4)
    pump.tell("THER:STOP")
    assert pump.ask("PRES:PER:NEXT?") == "NONE"


def test_a_therapy_without_periodic_doses_tells_of_none(pump):
    prescribe(pump, "MODE SIMP;RATE 24 ML/D")
    pump.tell("THER:STAR")
    assert pump.ask("PRES:PER:NEXT?") == "NONE"
