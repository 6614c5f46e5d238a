# SPDX-License-Identifier: MIT
"""A day with 288 boluses at the datasheet's slowest flash, a full week running, another staged.

An ordinary run has the first two hours of it, with two changes of rate.
"""

from fractions import Fraction

import pytest

from host_tests.support.console.alarm_answers import shown
from host_tests.support.errors import LOCKED_OUT
from host_tests.support.sessions.bench import Bench, assert_balanced
from host_tests.support.sessions.full_weeks import A_DAY, rate, stage
from host_tests.support.sessions.therapy import NG_ML, Account, history, refusal
from pumpbench.client.pump import review_of
from pumpbench.targets.sim import SimTarget

ERASE_NS, PROGRAM_NS = 400_000_000, 3_000_000  # a block, a page
SLOTS_A_DAY, SLOTS = 288, 24
SLOT_S, BOLUS_S, PAUSE_S = 300, 30, 80.37
DOSE_UG = 2
# A copy takes the erase of its block and one of its folder, 0.85 s; two for the folder once in
# some hundred times, when LittleFS moves it to other blocks.
MOST_CYCLE_MS = 1_300


def monday():
    """(second of the day, mL/d) of the week that runs."""
    ug_d = [Fraction(rate(0, nth, week=0).split()[0]) for nth in range(A_DAY)]
    return [(57 * 60 * nth, ug * 1000 / NG_ML) for nth, ug in enumerate(ug_d)]


def busy_pump():
    """A pump with a full week, whose flash is as slow as can be; and its account."""
    bench = Bench(SimTarget())
    bench.tell("RES:REF 18 ML")
    stage(bench, week=0)
    bench.tell(f"PRES:PAT:DOSE {DOSE_UG} UG,{BOLUS_S} S;LOCK 9 MIN;MAX 150;:PRES:LIM:DAY 5 MG")
    token, names, _ = review_of(bench.ask("PRES:VAL?"))
    bench.tell("PRES:COMM " + ",".join([token, *names]))
    account = Account(bench, monday())
    account.set_clock("2026-03-02T00:00:01", 1)
    flash = bench.target.world.flash
    flash.erase_ns, flash.program_ns = ERASE_NS, PROGRAM_NS
    account.start()
    stage(bench, week=1)
    return bench, account


def spend_slot(bench, account, number):
    """A bolus, two edits of the week that is staged, a press while the patient is locked out.

    Without an edit for 5 minutes there is an alarm, after 10 the week is dropped.
    """
    is_patient = number % 2 == 0
    command = "BOL:PAT" if is_patient else f"BOL:STAR {DOSE_UG} UG,{BOLUS_S} S"
    account.grant(command, DOSE_UG * 1000, BOLUS_S)
    for half in range(2):
        bench.run(BOLUS_S + PAUSE_S)
        bench.tell(f"PRES:LIM:DAY {5000 + 2 * number + half} UG")
    kind = "PATIENT" if is_patient else "CLINICIAN"
    assert history(bench, 1) == [(kind, DOSE_UG, DOSE_UG, "COMPLETED")]
    assert refusal(bench, "BOL:PAT") == LOCKED_OUT
    assert bench.ask("SYST:STAT?") == "RUNNING"
    assert shown(bench.ask("ALAR:ACT?")) == {}


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.hazard("flash-write-delays-step")
def test_a_day_full_of_boluses_over_a_full_week_is_delivered_to_the_step(days, record_property):
    slots = SLOTS_A_DAY if days > 2 else SLOTS
    bench, account = busy_pump()
    bench.run(20)  # steps of the week alone, to find its start from
    since_ns = bench.target.now_ns
    for number in range(slots):
        bench.run((since_ns - bench.target.now_ns) / 1e9 + number * SLOT_S)
        spend_slot(bench, account, number)
    assert bench.ask("BOL:PAT?").startswith(f"{slots // 2},0,{slots},")  # given, locked out
    assert bench.ask("PRES:VAL?").startswith("OK")  # the other week is still staged
    problems, _ = account.stop()
    assert problems == []
    assert_balanced(bench)
    longest_ms = float(bench.ask("SYST:HEAL?").split(",")[1])
    assert longest_ms < MOST_CYCLE_MS
    text = f"{slots} boluses in {slots * SLOT_S // 3600} h at the slowest flash"
    record_property("measured", f"{text}: longest cycle {longest_ms:.0f} ms")
