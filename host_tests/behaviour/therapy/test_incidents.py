# SPDX-License-Identifier: MIT
"""One test for each way in which a pump of this kind has gone wrong before, on `sim`: what was
typed, what was mixed up, what was interrupted. Clocks have a page of their own."""

from fractions import Fraction

import pytest

from host_tests.support.errors import (
    BOLUS_IN_PROGRESS,
    INVALID_PRESCRIPTION,
    LIMIT_EXCEEDED,
    LINE_NOT_CLEARED,
    NOT_STOPPED,
    OBSERVING,
    SOFT_LIMIT,
    STALE_TOKEN,
)
from host_tests.support.sessions.bench import assert_balanced
from host_tests.support.sessions.therapy import (
    DAY_S,
    HOUR_S,
    MIN_S,
    STEPS_PER_UG,
    history,
    ledger_ml,
    prescribe,
    refusal,
    stage,
)
from pumpbench.client.lines import PumpError

SPINAL = "IND SPIN"
LIMITS = "LIM:BOL 50 UG;DAY 600 UG"


def treat(pump, *lines, concentration="500 UG/ML"):
    """Prescribe and start."""
    names = prescribe(pump, *lines, concentration=concentration)
    pump.mark()
    pump.tell("THER:STAR")
    return names


def commit(pump, verdict, *names):
    """Commit what was validated as VALidate? answered it, naming soft limits."""
    token = verdict.split(",")[1]
    return ",".join([f"PRES:COMM {token}", *names])


@pytest.mark.hazard("prescription-out-of-limits")
def test_key_bounce_4_becomes_44_and_is_caught_by_the_hard_limit(pump):
    """Infusion pump, 2006: one press of a key entered two digits, more than tenfold doses."""
    treat(pump, 'DRUG "baclofen"', SPINAL, "MODE SIMP;RATE 400 UG/D")
    verdict = stage(pump, 'DRUG "baclofen"', SPINAL, "MODE SIMP;RATE 4400 UG/D")
    assert not verdict.startswith("OK")
    assert "2000.000" in verdict
    assert refusal(pump, "PRES:COMM 00000000") in (STALE_TOKEN, INVALID_PRESCRIPTION)
    assert pump.ask("PRES:ACT?").split(",")[2] == "400.000"


@pytest.mark.hazard("prescription-out-of-limits")
def test_key_bounce_within_the_hard_limit_has_to_be_named(pump):
    treat(pump, 'DRUG "baclofen"', SPINAL, "MODE SIMP;RATE 404 UG/D")
    verdict = stage(pump, 'DRUG "baclofen"', SPINAL, "MODE SIMP;RATE 440 UG/D")
    assert "HIGH" not in verdict
    verdict = stage(pump, 'DRUG "baclofen"', SPINAL, "MODE SIMP;RATE 1440 UG/D")
    assert '"HIGH: ' in verdict
    assert '"INCR' in verdict
    assert refusal(pump, commit(pump, verdict)) == SOFT_LIMIT
    assert refusal(pump, commit(pump, verdict, "HIGH")) == SOFT_LIMIT
    assert pump.ask("PRES:ACT?").split(",")[2] == "404.000"
    assert "404.000 -> 1440.000" in pump.ask("PRES:COMP?")
    with pytest.raises(PumpError, match="to be named: ") as refused:
        pump.tell(commit(pump, verdict))
    _, _, names = refused.value.text.partition("to be named: ")
    pump.tell(commit(pump, verdict, names))  # as the refusal has them
    assert pump.ask("PRES:ACT?").split(",")[2] == "1440.000"


@pytest.mark.hazard("prescription-out-of-limits")
def test_key_bounce_in_a_bolus_is_refused_and_nothing_of_it_is_given(pump):
    treat(pump, 'DRUG "baclofen"', SPINAL, "MODE SIMP;RATE 400 UG/D", "LIM:BOL 40 UG")
    assert refusal(pump, "BOL:STAR 44 UG,30 MIN") == LIMIT_EXCEEDED
    pump.run(10 * MIN_S)
    assert ledger_ml(pump)["CLINICIAN"] == 0
    assert pump.ask("BOL:STAT?") == "NONE,0.000,0.000,0.000"
    pump.tell("BOL:STAR 4 UG,30 MIN")


@pytest.mark.hazard("minutes-for-hours")
def test_an_interval_of_a_minute_for_an_hour_is_no_prescription(pump):
    """Programmable implant, 2004: minutes typed for hours, seven injuries, two deaths."""
    verdict = stage(pump, "MODE PER;RATE 100 UG/D", "PER:DOSE 25 UG,30 S,1 MIN")
    assert not verdict.startswith("OK")
    assert "1440 doses a day" in verdict
    assert refusal(pump, "PRES:COMM 00000000") in (STALE_TOKEN, INVALID_PRESCRIPTION)
    assert pump.ask("PRES:ACT?") == "NONE"


@pytest.mark.hazard("minutes-for-hours")
def test_an_interval_of_minutes_has_to_be_named_and_says_what_it_comes_to(pump):
    verdict = stage(pump, "MODE PER;RATE 100 UG/D", "PER:DOSE 25 UG,30 S,6 MIN")
    assert "240 doses a day" in verdict
    assert "6100.000 ug a day" in verdict
    assert refusal(pump, commit(pump, verdict)) == SOFT_LIMIT
    verdict = stage(pump, "MODE PER;RATE 100 UG/D", "PER:DOSE 25 UG,30 S,6 MIN", LIMITS)
    assert not verdict.startswith("OK")
    assert "240 doses a day" in verdict
    assert "LIMit:DAY 600.000" in verdict


def test_an_interval_of_an_hour_is_not_questioned(pump):
    verdict = stage(pump, "MODE PER;RATE 100 UG/D", "PER:DOSE 20 UG,30 S,1 HR", LIMITS)
    assert verdict.startswith("OK,")
    assert "24 doses a day of 20.000 ug" in verdict
    assert "580.000 ug a day" in verdict
    pump.tell(commit(pump, verdict))


@pytest.mark.slow
@pytest.mark.hazard("bolus-resumed", "prime-too-much")
def test_an_interrupted_bolus_is_over_and_a_prime_after_it_clears_nothing(pump):
    """Syringe pumps, 2020: bolus interrupted, primed, resumed: wrong delivery."""
    treat(pump, "MODE SIMP;RATE 0.1 ML/D", LIMITS)
    pump.tell("BOL:STAR 20 UG,10 MIN")
    pump.run(5 * MIN_S)
    for line in ("PRIM:STAR 0.2 ML,10 ML/HR", "BRID:STAR 500 UG/ML,0.4 ML"):
        assert refusal(pump, line) in (NOT_STOPPED, BOLUS_IN_PROGRESS)
    pump.tell("THER:STOP")
    given_ml = ledger_ml(pump)["CLINICIAN"]
    assert given_ml * 500 == pytest.approx(10, abs=0.1)
    total_ug = float(pump.ask("DEL:TOT?").split(",")[0])
    pump.tell("PRIM:STAR 0.2 ML,10 ML/HR")
    assert refusal(pump, "THER:STAR") == NOT_STOPPED
    pump.run(80)
    assert pump.ask("THER:STAT?") == "STOPPED"
    assert ledger_ml(pump)["PRIME"] == Fraction("0.2")
    pump.tell("THER:STAR")
    pump.run(2 * HOUR_S)
    now_ml = ledger_ml(pump)
    assert now_ml["CLINICIAN"] == given_ml
    assert float(pump.ask("DEL:TOT?").split(",")[0]) >= total_ug
    pump.tell("THER:STOP")
    prime, (kind, programmed_ug, given_ug, outcome) = history(pump, 5)
    assert prime == ("PRIME", 100.0, 100.0, "COMPLETED")
    assert (kind, programmed_ug, outcome) == ("CLINICIAN", 20, "STOPPED")
    assert given_ug == pytest.approx(float(given_ml * 500), abs=0.001)
    basal_ml = now_ml["BASAL"]
    assert basal_ml == pytest.approx(Fraction(0.1) * (2 * HOUR_S + 5 * MIN_S) / DAY_S, abs=0.0002)
    assert_balanced(pump)


@pytest.mark.hazard("prescription-out-of-limits")
@pytest.mark.parametrize(
    ("step", "first"),
    [
        ("MON,08:00,300 UG/D", "MON,06:00,200 UG/D,10:00"),
        ("ALL,08:00,300 UG/D,09:00", "WD,06:00,200 UG/D,10:00"),
        ("WE,05:00,300 UG/D,07:00", "SUN,06:00,200 UG/D"),
        ("FRI,06:00,300 UG/D", "WD,06:00,200 UG/D"),
        ("MON,06:00,300 UG/D,06:00", ""),
        ("MON,22:00,300 UG/D,06:00", ""),
    ],
)
def test_windows_that_overlap_or_cover_more_than_a_day_are_refused(pump, first, step):
    pump.tell("PRES:NEW;CONC 500 UG/ML;MODE FLEX;RATE 100 UG/D")
    if first:
        pump.tell(f"PRES:FLEX:STEP {first}")
    before = pump.ask("PRES:VAL?")
    assert refusal(pump, f"PRES:FLEX:STEP {step}") == 121
    assert pump.ask("PRES:VAL?") == before


NO_TIMES = ("24:00", "24:01", "06:60", "6:00", "006:00", "06:0", "06.00", "-1:00", "", "noon")


@pytest.mark.parametrize(
    "step",
    [
        *[f"MON,{time},3 UG/D" for time in NO_TIMES],
        "MON,00:00,3 UG/D,24:30",
        "MO,06:00,3 UG/D",
        "MON TUE,06:00,3 UG/D",
    ],
)
def test_a_time_that_no_day_has_is_refused(pump, step):
    pump.tell("PRES:NEW;CONC 500 UG/ML;MODE FLEX;RATE 100 UG/D")
    assert refusal(pump, f"PRES:FLEX:STEP {step}") < 0
    assert "flex steps: NONE -> NONE" in pump.ask("PRES:COMP?")


@pytest.mark.slow
@pytest.mark.hazard("drug-left-in-line")
def test_a_bridge_that_is_forgotten_after_another_concentration_is_asked_for(pump):
    """Days of a quarter of the dose: the old drug in the line, at the new drug's rate."""
    treat(pump, "MODE SIMP;RATE 200 UG/D")
    pump.run(MIN_S)
    pump.tell("THER:STOP")
    prescribe(pump, "MODE SIMP;RATE 200 UG/D", concentration="2000 UG/ML")
    for line in ("THER:STAR", "BOL:STAR 10 UG,1 MIN"):
        assert refusal(pump, line) == LINE_NOT_CLEARED
    pump.mark()
    before_ug = float(pump.ask("DEL:TOT?").split(",")[0])
    pump.tell("BRID:STAR 500 UG/ML,0.1 ML")
    assert pump.ask("THER:STAT?") == "BRIDGE"
    pump.run(6 * HOUR_S - MIN_S)
    assert pump.plant.edges.count == pytest.approx(1_600, abs=10)
    pump.run(MIN_S + 1)
    assert pump.plant.edges.count == 1_600
    assert pump.ask("THER:STAT?") == "RUNNING"
    assert ledger_ml(pump)["BRIDGE"] == Fraction("0.1")
    assert float(pump.ask("DEL:TOT?").split(",")[0]) - before_ug == pytest.approx(50, abs=0.1)
    pump.run(2 * HOUR_S)
    assert pump.plant.edges.count == pytest.approx(1_600 + 1_600 / 12, abs=1)
    assert float(pump.ask("DEL:TOT?").split(",")[0]) - before_ug == pytest.approx(66.7, abs=0.3)
    pump.tell("THER:STOP")
    assert_balanced(pump)


@pytest.mark.slow
@pytest.mark.hazard("daily-limit-exceeded")
def test_a_bolus_that_only_the_past_day_has_room_for_is_refused(pump):
    """Published requirements of a PCA pump look back only, and miss the basal rate to come."""
    treat(pump, "MODE SIMP;RATE 400 UG/D", "LIM:DAY 420 UG")
    pump.run(MIN_S)
    assert float(pump.ask("DEL:TOT?").split(",")[0]) < 1
    assert refusal(pump, "BOL:STAR 50 UG,30 MIN") == LIMIT_EXCEEDED
    pump.tell("BOL:STAR 19.9 UG,30 MIN")
    pump.run(HOUR_S)
    assert refusal(pump, "BOL:STAR 1 UG,30 MIN") == LIMIT_EXCEEDED
    pump.run(DAY_S)
    pump.tell("BOL:STAR 19.9 UG,30 MIN")


@pytest.mark.slow
@pytest.mark.hazard("wrong-unit")
@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("BOL:STAR 20 MG,30 MIN", (LIMIT_EXCEEDED, -222)),
        ("BOL:STAR 200 MG,30 MIN", (-222,)),
        ("BOL:STAR 20,30 MIN", (-130,)),
    ],
)
def test_milligrams_for_micrograms_are_refused_in_a_bolus(pump, line, numbers):
    treat(pump, "MODE SIMP;RATE 200 UG/D", LIMITS)
    assert refusal(pump, line) in numbers
    pump.run(HOUR_S)
    assert ledger_ml(pump)["CLINICIAN"] == 0


@pytest.mark.slow
@pytest.mark.hazard("wrong-unit")
def test_milligrams_for_micrograms_are_refused_in_a_trial(pump):
    prescribe(pump, 'DRUG "baclofen"', SPINAL, "MODE SIMP;RATE 100 UG/D")
    pump.mark()
    assert refusal(pump, "BOL:TRI 50 MG,5 MIN,4 HR") != 0
    assert pump.ask("THER:STAT?") == "STOPPED"
    pump.run(HOUR_S)
    assert pump.plant.edges.count == 0


@pytest.mark.hazard("wrong-unit")
@pytest.mark.parametrize(
    "lines",
    [
        ("MODE SIMP;RATE 200 MG/D",),
        ("MODE FLEX;RATE 200 UG/D", "FLEX:STEP ALL,06:00,300 MG/D"),
        ("MODE PER;RATE 200 UG/D", "PER:DOSE 20 MG,1 MIN,4 HR"),
        ("MODE SIMP;RATE 200 UG/D", "PAT:DOSE 20 MG,1 MIN;LOCK 4 HR;MAX 4"),
    ],
)
def test_milligrams_for_micrograms_are_no_prescription_of_baclofen(pump, lines):
    verdict = stage(pump, 'DRUG "baclofen"', SPINAL, *lines)
    assert not verdict.startswith("OK")


@pytest.mark.slow
@pytest.mark.hazard("trial-goes-on")
@pytest.mark.parametrize("hours", [3, pytest.param(24, marks=pytest.mark.long)])
def test_a_trial_is_never_continuous_afterwards(pump, hours):
    prescribe(pump, "MODE SIMP;RATE 200 UG/D", concentration="50 UG/ML")
    pump.mark()
    pump.tell("BOL:TRI 50 UG,2 MIN,4 HR")
    assert pump.ask("THER:STAT?") == "TRIAL"
    pump.run(2 * MIN_S + 1)
    assert pump.plant.edges.count == 16_000
    assert pump.ask("THER:STAT?;:SYST:STAT?") == "OBSERVATION;STOPPED"
    for line in ("THER:STAR", "BOL:STAR 10 UG,1 MIN"):
        assert refusal(pump, line) == OBSERVING
    pump.tell("THER:STOP")
    assert pump.ask("THER:STAT?") == "OBSERVATION"  # a stop does not end the watch
    pump.run(5 * HOUR_S)
    assert pump.ask("THER:STAT?;:SYST:STAT?") == "STOPPED;STOPPED"
    pump.run(hours * HOUR_S)
    assert pump.plant.edges.count == 50 * STEPS_PER_UG * 10
    assert ledger_ml(pump)["TRIAL"] == 1
    assert_balanced(pump)
