# SPDX-License-Identifier: MIT
"""Half a year of a flex week with four patient boluses a day, against totals worked out by hand.

180 days by the schedule and the planner's segments alone; a day, and a week, by the whole
firmware in virtual time.
"""

import time
from fractions import Fraction

import pytest

from host_tests.support.sessions.bench import STEP_NL, Bench
from pump.delivery.planner import PlannedSegment, Planner
from pump.kinds import PATIENT
from pump.prescription.flex import MASKS
from pump.prescription.prescription import FLEX, Prescription
from pump.therapy.basal_schedule import schedule_of
from pump.therapy.schedule import Dose, Superimposed
from pump.therapy.wall_clock import WallClock, parse
from pump.units import DAY_US, NL_D
from pumpbench.targets.sim import SimTarget

HOUR_US = DAY_US // 24
S_US = 1_000_000
NG_ML = 500_000
STEP = (125 * DAY_US, 2)  # 62.5 nl
# All days: 0.3 mL/d, from 06:00 on 1.0, from 22:00 on 0.3; on week-ends 1.5 from 10:00 to 14:00.
NIGHT_NL_D, DAY_NL_D, BRUNCH_NL_D = 300_000, 1_000_000, 1_500_000
WEEK_NL = Fraction(7 * (8 * NIGHT_NL_D + 16 * DAY_NL_D) + 2 * 4 * (BRUNCH_NL_D - DAY_NL_D), 24)
BOLUS_NL = 20_008  # 10.004 ug, 320.128 steps
BOLUS_US = 600 * S_US
BOLUS_HOURS = (7, 11, 15, 21)  # the second one runs while week-ends have their brunch
MONDAY = "2026-03-02T00:00:00"
DAYS = 180
SPRING_DAY, AUTUMN_DAY = 27, 150  # the clock is moved from 02:00 to 03:00, and from 03:00 to 02:00


def prescription():
    flex = Prescription()
    flex.concentration_ng_ml = NG_ML
    flex.mode = FLEX
    flex.program_volume(NIGHT_NL_D)
    steps = (("ALL", 6, DAY_NL_D), ("WE", 10, BRUNCH_NL_D), ("WE", 14, DAY_NL_D))
    for days, hour, nl_d in (*steps, ("ALL", 22, NIGHT_NL_D)):
        flex.flex.add(MASKS[days], hour * 60, (NL_D, nl_d))
    return flex


def events(days):
    """(instant, hours that the clock is moved by; 0 for a patient bolus) in order."""
    found = []
    for day in range(days):
        offset = 1 if SPRING_DAY <= day < AUTUMN_DAY else 0  # wall minus time since the start
        if day == SPRING_DAY:
            found.append((day * DAY_US + 2 * HOUR_US, 1))
        if day == AUTUMN_DAY:
            found.append((day * DAY_US + 2 * HOUR_US, -1))
        found += [(day * DAY_US + (hour - offset) * HOUR_US, 0) for hour in BOLUS_HOURS]
    return sorted(found)


def deliver(days):
    """Half a year, segment by segment; (steps, steps of boluses) at the end."""
    flex, wall = prescription(), WallClock()
    wall.set(parse(MONDAY), 0)

    def basal(at_us):
        return schedule_of(flex, at_us, wall=wall, grid_us=0, min_nl_d=6_000)

    segment, of_boluses = PlannedSegment(basal(0), (0, 0, 0), STEP), 0
    for at_us, hours in events(days):
        of_boluses += bolus_steps(segment, at_us)
        if hours:
            wall.set(wall.seconds(at_us) + hours * 3600, at_us)
        dose = Dose(PATIENT, BOLUS_NL * DAY_US, BOLUS_US)
        schedule = basal(at_us) if hours else Superimposed(dose, basal(at_us))
        steps = segment.steps_due(at_us)
        carry = segment.due(at_us) - (steps - segment.base_steps) * STEP[0]
        segment = PlannedSegment(schedule, (at_us, steps, carry), STEP)
    return segment.steps_due(days * DAY_US), of_boluses + bolus_steps(segment, days * DAY_US)


def bolus_steps(segment, t_us):
    return sum(steps for *_, steps in segment.schedule.doses(t_us - segment.base_us, STEP))


def total_nl(days):
    """Of whole weeks, and of some weekdays more, with all boluses."""
    weeks, rest = divmod(days, 7)
    assert rest <= 5
    weekday = Fraction(8 * NIGHT_NL_D + 16 * DAY_NL_D, 24)
    return weeks * WEEK_NL + rest * weekday + len(BOLUS_HOURS) * days * BOLUS_NL


def test_180_days_of_a_flex_week_with_boluses_are_exact_to_the_step(record_property):
    began_s = time.process_time()
    steps, of_boluses = deliver(DAYS)
    cpu_s = time.process_time() - began_s
    assert steps == total_nl(DAYS) // STEP_NL
    assert of_boluses == len(BOLUS_HOURS) * DAYS * (BOLUS_NL // STEP_NL)
    record_property("measured", f"180 days: {steps} steps, {cpu_s:.2f} s")
    assert cpu_s < 5


@pytest.mark.slow
def test_a_planner_plans_a_day_with_a_bolus_exactly_to_the_last_step():
    flex, wall = prescription(), WallClock()
    wall.set(parse(MONDAY), 0)

    def basal(at_us):
        return schedule_of(flex, at_us, wall=wall, grid_us=0, min_nl_d=6_000)

    planner = Planner(basal(0), STEP, min_period_us=50)
    run_to(planner, 7 * HOUR_US)
    at_us = planner.end_us
    planner.follow(Superimposed(Dose(PATIENT, BOLUS_NL * DAY_US, BOLUS_US), basal(at_us)))
    run_to(planner, 23 * HOUR_US)
    hours = 6 * NIGHT_NL_D + 16 * DAY_NL_D
    last_nl = Fraction(planner.end_us - 22 * HOUR_US, DAY_US) * NIGHT_NL_D
    due = Fraction(hours, 24) + BOLUS_NL + last_nl
    assert planner.steps == due // STEP_NL


def run_to(planner, t_us):
    while planner.end_us < t_us:
        planner.next_runs()


class Patient:
    """A pump with the prescription running, and a patient who takes every bolus."""

    def __init__(self):
        self.bench = Bench(SimTarget())
        bench = self.bench
        bench.tell("PRES:NEW")
        bench.tell("PRES:CONC 500 UG/ML;MODE FLEX;RATE 0.3 ML/D")
        bench.tell("PRES:FLEX:STEP ALL,06:00,1 ML/D")
        bench.tell("PRES:FLEX:STEP WE,10:00,1.5 ML/D,14:00")
        bench.tell("PRES:FLEX:STEP WE,14:00,1 ML/D")
        bench.tell("PRES:FLEX:STEP ALL,22:00,0.3 ML/D")
        bench.tell("PRES:PAT:DOSE 10.004 UG,10 MIN;LOCK 3 HR;MAX 5")
        token = bench.ask("PRES:VAL?").split(",")[1]
        bench.tell(f"PRES:COMM {token}")
        bench.tell(f"SYST:TIME {MONDAY}")
        self.start_ns = bench.target.now_ns
        bench.tell("THER:STAR")

    def live(self, days):
        """Take a bolus at every hour of them; wait for the end of the last day."""
        for day in range(days):
            for hour in BOLUS_HOURS:
                self.until((day * 24 + hour) * 3600)
                self.bench.tell("BOL:PAT")
        self.until(days * 86_400 + 1)

    def until(self, seconds):
        self.bench.run(seconds + (self.start_ns - self.bench.target.now_ns) / 1e9)


def judge(days):
    patient = Patient()
    bench = patient.bench
    patient.live(days)
    first_ns = next(bench.plant.edges.times_ns())
    zero_ns = first_ns - int(STEP_NL * DAY_US * 1000 / NIGHT_NL_D)
    assert 0 <= zero_ns - patient.start_ns <= 120_000_000  # its record may need two erases
    edges = bench.plant.edges.count_until(zero_ns + days * 86_400 * 10**9 + 2_000)
    boluses = len(BOLUS_HOURS) * days
    late_nl = Fraction(DAY_NL_D + BRUNCH_NL_D, 86_400) / 10  # clock and start: some 20 ms apart
    low, high = ((total_nl(days) + nl) // STEP_NL for nl in (-late_nl, late_nl))
    assert low <= edges <= high
    ledger = bench.ask("DEL:LEDG?").split(",")
    of_boluses = Fraction(ledger[ledger.index("PATIENT") + 1]) * 10**6
    assert of_boluses == boluses * (BOLUS_NL // STEP_NL) * STEP_NL
    assert bench.ask("BOL:PAT?").split(",")[:3] == [str(boluses), "0", "0"]
    assert set(bench.ask("BOL:HIST? 32").split(",")[5::6]) == {"COMPLETED"}
    assert bench.ask("SYST:ERR?") == '0,"No error"'
    return edges


@pytest.mark.long
def test_a_day_of_flex_with_boluses_by_the_whole_firmware_is_exact(record_property):
    """Another one is the flex day of the demonstration, in `make test`."""
    began_s = time.process_time()
    edges = judge(1)
    cpu_s = time.process_time() - began_s
    record_property("measured", f"a flex day with 4 boluses: {edges} steps, {cpu_s:.1f} s")
    assert cpu_s < 30


@pytest.mark.long
def test_a_week_of_flex_with_boluses_by_the_whole_firmware_is_exact(record_property):
    edges = judge(7)
    record_property("measured", f"7 flex days with 4 boluses each: {edges} steps")
