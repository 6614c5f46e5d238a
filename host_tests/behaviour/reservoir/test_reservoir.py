# SPDX-License-Identifier: MIT
"""The reservoir, through the console: what it holds, refills, alarms, and the end of the supply.

What is really left is what was filled in less what has come into the beaker since.
"""

from fractions import Fraction

import pytest

from host_tests.support.console.alarm_answers import shown
from host_tests.support.errors import NO_PRESCRIPTION, NOT_STOPPED, OVERFILL, RESERVOIR_TOO_LOW
from host_tests.support.sessions.bench import Bench, assert_balanced
from host_tests.support.sessions.therapy import prescribe, refusal
from pumpbench.targets.sim import SimTarget

RANGE, CONFLICT = -222, -221
LOW, EMPTY, MISMATCH, UNKNOWN = "305", "306", "307", "314"
DEAD_NL = 500_000
MOST_AHEAD_S = Fraction(21, 10)
NL_S = {"1000 ML/HR": Fraction(10**9, 3600), "24 ML/D": Fraction(24 * 10**6, 86_400)}


@pytest.fixture
def tank(bench):
    """A bench whose reservoir has been filled."""
    bench.prescribe("24 ML/D")
    bench.tell("RES:REF 20 ML")
    return bench


def alarms(bench):
    """The codes of what is there now."""
    states = shown(bench.ask("ALAR:ACT?"))
    return {str(code) for code in states if states[code] != "LATCHED"}


def fill(bench, volume_nl):
    """Fill it, and count the beaker from here on."""
    bench.tell(f"RES:REF {volume_nl} NL")
    bench.mark()


def moved_nl(bench):
    return bench.plant.beaker.volume_nl - bench.start_nl


def told_nl(bench):
    return Fraction(bench.ask("RES:VOL?")) * 10**6


def test_until_the_first_refill_it_is_not_counted():
    bench = Bench(SimTarget())
    bench.prescribe("1000 ML/HR")
    assert bench.ask("RES:VOL?;REF?;FOR?") == "NONE;NONE,NONE,NONE,NONE;NONE,NONE,NONE,NONE"
    assert bench.ask("RES:CAP?;LOW?") == "20.000000;2.000000"
    bench.tell("PRIM:STAR 5 ML,1000 ML/HR")
    bench.run(19)
    bench.tell("THER:STAR")
    bench.run(60)
    assert bench.ask("SYST:STAT?") == "RUNNING"
    assert alarms(bench) == {UNKNOWN}
    bench.stop()
    assert alarms(bench) == set()
    assert_balanced(bench)


@pytest.mark.chip_in_soak
def test_it_holds_the_refill_less_all_that_came_into_the_beaker(tank):
    fill(tank, 10_000_000)
    tank.tell("MOT:JOG 1,375")
    tank.run(0.5)
    tank.tell("PRIM:STAR 0.3 ML,1000 ML/HR")
    tank.run(1.5)
    tank.prescribe("100 ML/HR")
    tank.tell("THER:STAR")
    tank.run(1.0)
    tank.stop()
    assert moved_nl(tank) > 500_000
    assert told_nl(tank) == (10_000_000 - moved_nl(tank)) // 1


@pytest.mark.chip_in_soak
def test_a_refill_takes_the_old_rest_out(tank):
    fill(tank, 10_000_000)
    tank.tell("MOT:JOG 1,375")
    tank.run(0.5)
    tank.tell("RES:REF 15 ML,9.79 ML")
    assert tank.ask("RES:VOL?;REF?") == "15.000000;15.000000,9.790000,9.800000,5.0"
    assert tank.ask("RES:CAP?;LOW?") == "20.000000;2.000000"


@pytest.mark.no_chip
@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("RES:REF 20.000001 ML", OVERFILL),
        ("RES:REF 10 ML,20.000001 ML", OVERFILL),
        ("RES:CAP 9.999999 ML", OVERFILL),
        ("RES:CAP 3.999999 ML", CONFLICT),
        ("RES:CAP 0.999999 ML", RANGE),
        ("RES:CAP 500.000001 ML", RANGE),
        ("RES:LOW 0.499999 ML", RANGE),
        ("RES:LOW 10.000001 ML", RANGE),
    ],
)
def test_what_it_cannot_be_is_refused_and_changes_nothing(tank, command, error):
    tank.tell("RES:REF 10 ML")
    before = tank.ask("RES:VOL?;CAP?;LOW?;REF?")
    assert refusal(tank, command) == error
    assert tank.ask("RES:VOL?;CAP?;LOW?;REF?") == before


@pytest.mark.no_chip
def test_a_refill_while_anything_is_delivered_is_refused(tank):
    tank.tell("THER:STAR")
    assert refusal(tank, "RES:REF 10 ML") == NOT_STOPPED
    tank.tell("THER:STOP")
    tank.tell("MOT:JOG 0.1,60")
    assert refusal(tank, "RES:REF 10 ML") == NOT_STOPPED
    tank.stop()
    tank.tell("RES:REF 10 ML")


@pytest.mark.no_chip
def test_low_comes_at_the_threshold_and_goes_a_tenth_above_it(tank):
    tank.tell("RES:REF 2.000001 ML")
    assert LOW not in alarms(tank)
    tank.tell("RES:REF 2 ML")
    assert LOW in alarms(tank)
    tank.tell("RES:REF 2.1 ML")
    assert LOW in alarms(tank)
    tank.tell("RES:REF 2.100001 ML")
    assert LOW not in alarms(tank)


@pytest.mark.no_chip
def test_an_alarm_is_there_within_the_line_that_brings_it(tank):
    assert tank.ask("RES:REF 2 ML;:ALAR:ACT?") == '305,"Reservoir low",LOW,ACTIVE'


@pytest.mark.chip_in_soak
def test_low_comes_while_it_delivers_and_delivery_goes_on(tank):
    tank.prescribe("1000 ML/HR")
    fill(tank, 2_500_000)
    tank.tell("THER:STAR")
    tank.run(1.5)
    assert LOW not in alarms(tank)
    tank.run(1.5)
    assert LOW in alarms(tank)
    assert tank.ask("SYST:STAT?") == "RUNNING"
    tank.stop()
    assert_balanced(tank)


@pytest.mark.chip_in_soak(but=("1000 ML/HR-800000",))
@pytest.mark.hazard("reservoir-empty")
@pytest.mark.parametrize(("rate", "above_nl"), [("1000 ML/HR", 800_000), ("24 ML/D", 1_500)])
def test_delivery_stops_before_the_dead_volume_with_at_most_2_1_s_left(
    tank, rate, above_nl, record_property
):
    tank.prescribe(rate)
    fill(tank, DEAD_NL + above_nl)
    tank.tell("THER:STAR")
    assert EMPTY not in alarms(tank)
    tank.run(float(above_nl / NL_S[rate]) + 1)  # more than it has
    left_nl = above_nl - moved_nl(tank)
    record_property("measured", f"empty at {rate}: {float(left_nl):.1f} nL above the dead volume")
    assert 0 <= left_nl <= MOST_AHEAD_S * NL_S[rate]
    assert EMPTY in alarms(tank)
    assert tank.ask("SYST:STAT?;:THER:STAT?") == "STOPPED;STOPPED"
    assert_balanced(tank)
    assert refusal(tank, "THER:STAR") == RESERVOIR_TOO_LOW
    assert refusal(tank, "MOT:JOG 0.001,60") == RESERVOIR_TOO_LOW
    tank.tell("RES:REF 20 ML")
    assert EMPTY not in alarms(tank)
    tank.tell("THER:STAR")
    tank.stop()


@pytest.mark.chip_in_soak
def test_a_change_to_the_fastest_rate_does_not_touch_the_dead_volume(tank):
    fill(tank, DEAD_NL + 400_000)
    tank.tell("THER:STAR")
    tank.run(0.5)
    tank.prescribe("1000 ML/HR")
    tank.run(6.0)
    assert 0 <= 400_000 - moved_nl(tank) <= MOST_AHEAD_S * NL_S["1000 ML/HR"]
    assert tank.ask("SYST:STAT?") == "STOPPED"
    assert EMPTY in alarms(tank)
    assert_balanced(tank)


@pytest.mark.no_chip
def test_a_start_that_would_end_at_once_is_refused_and_nothing_moves(tank):
    tank.prescribe("1000 ML/HR")
    fill(tank, DEAD_NL + 583_000)
    assert refusal(tank, "THER:STAR") == RESERVOIR_TOO_LOW
    assert EMPTY not in alarms(tank)
    fill(tank, DEAD_NL)
    assert EMPTY in alarms(tank)
    assert refusal(tank, "THER:STAR") == RESERVOIR_TOO_LOW
    assert_balanced(tank)
    assert tank.steps().emitted == 0


@pytest.mark.chip_in_soak
@pytest.mark.parametrize(
    "command",
    [
        "BOL:STAR 100.001 UG,1 MIN",
        "BOL:TRI 100.001 UG,1 MIN,1 HR",
        "PRIM:STAR 0.200001 ML,1000 ML/HR",
        "BRID:STAR 500 UG/ML,0.200001 ML",
        "MOT:JOG 1.0003125,60",
        "MOT:CAL:RUN 1.0003125",
    ],
)
def test_more_than_is_left_is_refused_before_anything_moves(tank, command):
    fill(tank, DEAD_NL + 200_000)
    assert refusal(tank, command) == RESERVOIR_TOO_LOW
    tank.run(0.5)
    assert tank.steps().emitted == 0
    assert_balanced(tank)


@pytest.mark.chip_in_soak
def test_exactly_what_is_left_may_be_primed(tank):
    fill(tank, DEAD_NL + 200_000)
    tank.tell("PRIM:STAR 0.2 ML,1000 ML/HR")
    tank.run(1.2)
    assert moved_nl(tank) == 200_000
    assert tank.ask("BOL:HIST? 1").endswith("COMPLETED")
    assert EMPTY in alarms(tank)


@pytest.mark.no_chip
def test_a_patient_bolus_beyond_what_is_left_is_refused_and_counted(tank):
    prescribe(tank, "MODE SIMP;RATE 24 ML/D", "PAT:DOSE 100 UG,1 MIN;LOCK 1 HR;MAX 3")
    fill(tank, DEAD_NL + 150_000)
    before = tank.ask("BOL:PAT?").split(",")
    tank.tell("THER:STAR")
    assert refusal(tank, "BOL:PAT") == RESERVOIR_TOO_LOW
    after = tank.ask("BOL:PAT?").split(",")
    assert (after[0], int(after[1])) == (before[0], int(before[1]) + 1)
    assert tank.ask("SYST:STAT?") == "RUNNING"
    tank.stop()


@pytest.mark.chip_in_soak
def test_the_forecast_counts_whole_days_without_and_with_every_patient_bolus(tank):
    prescribe(tank, "MODE SIMP;RATE 500 UG/D", "PAT:DOSE 50 UG,30 MIN;LOCK 6 HR;MAX 3")
    tank.tell("RES:REF 20 ML")
    assert tank.ask("RES:FOR?") == "17,19,13,14"  # 1 and 1.3 mL a day, all but the last drop
    tank.tell("RES:REF 1 ML")
    assert tank.ask("RES:FOR?") == "0,0,0,0"


def test_the_forecast_needs_a_prescription():
    bench = Bench(SimTarget())
    bench.tell("RES:REF 20 ML")
    assert refusal(bench, "RES:FOR?") == NO_PRESCRIPTION


@pytest.mark.no_chip
def test_a_head_that_gives_a_fifth_more_runs_empty_unseen_until_a_residual_is_measured(tank):
    """Pumps that over-deliver are found at refills, where less comes out than is expected."""
    tank.tell("RES:LOW 0.6 ML")
    tank.plant.beaker.pl_per_step *= Fraction(6, 5)
    fill(tank, 3_000_000)
    tank.tell("PRIM:STAR 2.1 ML,1000 ML/HR")
    tank.run(8.5)
    residual_nl = 3_000_000 - moved_nl(tank)
    assert residual_nl < DEAD_NL
    assert alarms(tank) == set()
    tank.tell("RES:REF 20 ML")
    assert alarms(tank) == set()  # not reconciled: nobody knows
    fill(tank, 3_000_000)
    tank.tell("PRIM:STAR 2.1 ML,1000 ML/HR")
    tank.run(8.5)
    tank.tell(f"RES:REF 20 ML,{3_000_000 - moved_nl(tank)} NL")
    assert tank.ask("RES:REF?") == "20.000000,0.480000,0.900000,20.0"
    assert alarms(tank) == {MISMATCH}
    tank.tell("RES:REF 20 ML")
    assert alarms(tank) == {MISMATCH}
    tank.tell("RES:REF 20 ML,20 ML")
    assert alarms(tank) == set()
