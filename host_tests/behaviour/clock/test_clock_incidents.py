# SPDX-License-Identifier: MIT
"""Clocks that were set, changed and never set: what delivery makes of them, on `sim`.

Delivery runs on the monotonic clock. A setting of the wall clock moves the pattern of a flex day
from then on; it never repeats, skips or shifts a bolus.
"""

import functools

import pytest

from host_tests.support.console.alarm_answers import codes
from host_tests.support.errors import CLOCK_REFUSED, LIMIT_EXCEEDED, LOCKED_OUT
from host_tests.support.sessions.bench import Bench, assert_balanced
from host_tests.support.sessions.therapy import (
    DAY_S,
    HOUR_S,
    MIN_S,
    STEPS_PER_UG,
    history,
    ledger_ml,
    prescribe,
    refusal,
)
from pumpbench.targets.sim import SimTarget

pytestmark = pytest.mark.slow

AT = "2026-03-29T01:50:00"  # ten minutes before the clocks of Europe go forward
JUMPS = {
    "an hour forward, as in spring": "2026-03-29T03:00:00",
    "an hour back, as in autumn": "2026-03-29T01:00:00",
    "a day forward": "2026-03-30T02:00:00",
    "a day back": "2026-03-28T02:00:00",
    "to the year 2000": "2000-01-01T00:00:00",
    "to another year": "2087-07-14T02:00:00",
}
IN_SOAK = ("a day forward", "a day back", "to the year 2000")
every_jump = pytest.mark.parametrize(
    "jump",
    [
        pytest.param(text, id=name, marks=[pytest.mark.long] if name in IN_SOAK else [])
        for name, text in JUMPS.items()
    ],
)


def start(*lines, at=AT):
    """A board with its clock set that delivers; the instant of its start."""
    bench = Bench(SimTarget())
    prescribe(bench, *lines)
    if at:
        bench.tell(f"SYST:TIME {at}")
    bench.mark()
    bench.tell("THER:STAR")
    return bench, bench.target.now_ns


def run_to(bench, start_ns, seconds):
    """Let time pass until so long after the start."""
    bench.run((start_ns - bench.target.now_ns) / 1e9 + seconds)


def steps_between(bench, start_ns, from_s, to_s):
    """Edges between two times since the start."""
    until = [bench.plant.edges.count_until(start_ns + int(s * 1e9)) for s in (from_s, to_s)]
    return until[1] - until[0]


@functools.cache
def edges_of_a_bolus(line):
    """The edges of a bolus over a constant rate, in the middle of which a line is typed."""
    bench, start_ns = start("MODE SIMP;RATE 200 UG/D")
    bench.tell("BOL:STAR 20 UG,20 MIN")
    run_to(bench, start_ns, 10 * MIN_S)
    bench.tell(line)
    run_to(bench, start_ns, HOUR_S)
    assert history(bench, 1) == [("CLINICIAN", 20.0, 20.0, "COMPLETED")]
    assert ledger_ml(bench)["CLINICIAN"] * 500 == 20
    return [t_ns - start_ns for t_ns in bench.plant.edges.times_ns()]


@pytest.mark.hazard("clock-changed")
@every_jump
def test_a_clock_set_in_mid_bolus_moves_no_step_of_it(jump):
    assert edges_of_a_bolus(f"SYST:TIME {jump}") == edges_of_a_bolus("*CLS")


@functools.cache
def edges_of_periodic_doses(line):
    bench, start_ns = start("MODE PER;RATE 100 UG/D", "PER:DOSE 10 UG,5 MIN,1 HR")
    run_to(bench, start_ns, HOUR_S + 30 * MIN_S)
    bench.tell(line)
    run_to(bench, start_ns, 3 * HOUR_S + 30 * MIN_S)
    assert ledger_ml(bench)["PERIODIC"] * 500 == 30
    return [t_ns - start_ns for t_ns in bench.plant.edges.times_ns()]


@pytest.mark.slow
@pytest.mark.hazard("clock-changed")
@every_jump
def test_a_clock_set_between_periodic_doses_repeats_skips_and_shifts_none(jump):
    assert edges_of_periodic_doses(f"SYST:TIME {jump}") == edges_of_periodic_doses("*CLS")


FLEX = ("MODE FLEX;RATE 120 UG/D", "FLEX:STEP ALL,01:30,480 UG/D,02:30")


@pytest.mark.hazard("clock-changed")
@pytest.mark.parametrize(
    ("jump", "left_s"),
    [  # until the rate of 480 ug a day ends, from the setting on; then 120
        ("2026-03-29T03:00:00", 0),
        ("2026-03-30T02:00:00", 30 * MIN_S),
        ("2026-03-28T02:00:00", 30 * MIN_S),
        ("2000-01-01T02:10:00", 20 * MIN_S),
        ("2087-07-14T02:29:00", MIN_S),
    ],
)
def test_a_clock_set_in_mid_bolus_moves_the_flex_day_and_not_the_bolus(jump, left_s):
    bench, start_ns = start(*FLEX)
    bench.tell("BOL:STAR 20 UG,20 MIN")
    run_to(bench, start_ns, 10 * MIN_S)
    assert steps_between(bench, start_ns, 2, 10 * MIN_S) == pytest.approx(426, abs=2)
    bench.tell(f"SYST:TIME {jump}")
    run_to(bench, start_ns, 2 * HOUR_S)
    due_ug = 10 + 480 * left_s / DAY_S + 120 * (110 * MIN_S - left_s) / DAY_S
    lease = 2 * 360 / DAY_S * STEPS_PER_UG  # at the old rate for two seconds more
    came = steps_between(bench, start_ns, 10 * MIN_S, 2 * HOUR_S)
    assert came == pytest.approx(due_ug * STEPS_PER_UG, abs=2 + lease)
    assert history(bench, 1) == [("CLINICIAN", 20.0, 20.0, "COMPLETED")]
    assert ledger_ml(bench)["CLINICIAN"] * 500 == 20
    bench.tell("THER:STOP")
    assert_balanced(bench)


def test_a_clock_set_back_lets_the_richest_hour_come_again_and_no_bolus_with_it():
    bench, start_ns = start(*FLEX)
    bench.tell("BOL:STAR 20 UG,20 MIN")
    run_to(bench, start_ns, 30 * MIN_S)
    bench.tell("SYST:TIME 2026-03-29T01:20:00")
    run_to(bench, start_ns, 4 * HOUR_S)
    basal_ug = ledger_ml(bench)["BASAL"] * 500
    rich_s = 30 * MIN_S + HOUR_S
    due_ug = (480 * rich_s + 120 * (4 * HOUR_S - rich_s)) / DAY_S
    assert basal_ug == pytest.approx(due_ug, abs=0.1)
    assert ledger_ml(bench)["CLINICIAN"] * 500 == 20


@pytest.mark.slow
@pytest.mark.hazard("daily-limit-exceeded", "clock-changed")
def test_a_clock_set_back_does_not_let_twice_the_daily_limit_out():
    day = ("MODE FLEX;RATE 10 UG/D", "FLEX:STEP ALL,06:00,4000 UG/D,09:00")
    bench, start_ns = start(*day, "LIM:DAY 510 UG", at="2026-03-29T05:50:00")
    run_to(bench, start_ns, 3 * HOUR_S)
    assert refusal(bench, "SYST:TIME 2026-03-29T05:50:00") == CLOCK_REFUSED
    assert bench.ask("SYST:TIME?") == "2026-03-29T08:50:00"
    assert bench.ask("DEL:RATE?") == "4000.000,8.000000"
    bench.tell("THER:STOP")
    bench.tell("SYST:TIME 2026-03-29T05:50:00")
    assert refusal(bench, "THER:STAR") == LIMIT_EXCEEDED


@pytest.mark.slow
@pytest.mark.hazard("lockout-bypassed", "clock-changed")
@every_jump
def test_a_clock_set_forward_or_back_does_not_shorten_a_lockout(jump):
    bench, _ = start("MODE SIMP;RATE 200 UG/D", "PAT:DOSE 5 UG,5 MIN;LOCK 2 HR;MAX 4")
    bench.tell("BOL:PAT")
    bench.run(10 * MIN_S)
    bench.tell(f"SYST:TIME {jump}")
    assert refusal(bench, "BOL:PAT") == LOCKED_OUT
    wait_s = float(bench.ask("BOL:PAT?").split(",")[3])
    assert wait_s == pytest.approx(2 * HOUR_S - 10 * MIN_S, abs=3)
    bench.run(wait_s + 1)
    bench.tell("BOL:PAT")


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29T00:00:00",
        "2026-13-01T00:00:00",
        "1999-12-31T23:59:59",
        "2100-01-01T00:00:00",
        "2026-01-01T24:00:00",
        "2026-01-01T00:60:00",
        "2026-1-1T0:0:0",
        "2026-01-01 00:00:00",
        "2026-01-01T00:00:00Z",
        "-2026-01-01T00:00:00",
        "0",
        "",
    ],
)
def test_a_time_that_is_none_is_refused_and_changes_nothing(text):
    bench, _ = start(*FLEX)
    assert refusal(bench, f"SYST:TIME {text}") < 0
    assert bench.ask("SYST:TIME?").startswith("2026-03-29T01:50:0")


GRID = ("MODE PER;RATE 24 UG/D", "PER:DOSE 10 UG,10 MIN,1 HR")
BASAL_MIN = STEPS_PER_UG / 60  # of the background


def test_a_stop_in_mid_dose_does_not_shift_the_later_doses():
    """Ambulatory pump: stopping in the middle of a dose moved all later ones."""
    bench, start_ns = start(*GRID)
    run_to(bench, start_ns, 65 * MIN_S)
    bench.tell("THER:STOP")
    run_to(bench, start_ns, 80 * MIN_S)
    bench.tell("THER:STAR")
    run_to(bench, start_ns, 190 * MIN_S)
    for from_min, to_min, dose_steps in (
        (61, 65, 4 / 10 * 320),
        (65.01, 80, None),
        (80, 119.9, 0),  # the rest of the dose is never given
        (120, 130.1, 320),
        (130.1, 179.9, 0),
        (180, 190, 320),
    ):
        due = 0 if dose_steps is None else dose_steps + (to_min - from_min) * BASAL_MIN
        came = steps_between(bench, start_ns, from_min * MIN_S, to_min * MIN_S)
        assert came == pytest.approx(due, abs=2), f"{from_min} to {to_min} min"
    bench.tell("THER:STOP")
    assert ledger_ml(bench)["PERIODIC"] * 500 == pytest.approx(25, abs=0.1)
    assert_balanced(bench)


@pytest.mark.hazard("catch-up")
def test_doses_that_fall_into_a_stop_are_not_given_later():
    bench, start_ns = start(*GRID)
    run_to(bench, start_ns, 2.5 * HOUR_S)
    bench.tell("THER:STOP")
    run_to(bench, start_ns, 4.25 * HOUR_S)
    bench.tell("THER:STAR")
    run_to(bench, start_ns, 4.9 * HOUR_S)
    assert ledger_ml(bench)["PERIODIC"] * 500 == 20
    run_to(bench, start_ns, 5.2 * HOUR_S)
    assert ledger_ml(bench)["PERIODIC"] * 500 == 30
    assert steps_between(bench, start_ns, 5 * HOUR_S, 5.17 * HOUR_S) == pytest.approx(325, abs=2)


UNSET = ("MODE FLEX;RATE 300 UG/D", "FLEX:STEP ALL,06:00,100 UG/D", "FLEX:STEP ALL,12:00,500 UG/D")


@pytest.mark.hazard("clock-changed")
def test_a_flex_day_without_a_clock_runs_at_its_lowest_rate_with_an_alarm():
    bench, start_ns = start(*UNSET, at="")
    assert bench.ask("SYST:TIME?") == "NONE"
    assert 301 in codes(bench)
    run_to(bench, start_ns, 3 * HOUR_S)
    assert bench.plant.edges.count == pytest.approx(100 * STEPS_PER_UG / 8, abs=1)
    bench.tell("SYST:TIME 2026-03-29T12:30:00")
    bench.run(5)
    assert 301 not in codes(bench)
    before = bench.plant.edges.count
    bench.run(HOUR_S)
    due = 500 / 24 * STEPS_PER_UG
    assert bench.plant.edges.count - before == pytest.approx(due, abs=1)
