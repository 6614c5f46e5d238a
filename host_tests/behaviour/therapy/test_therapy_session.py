# SPDX-License-Identifier: MIT
"""A whole session of therapy, scaled to a minute: a flex step, boluses, a refusal, an abort.

What must come out is worked out in fractions, in `pumpbench.analysis.programmed`, from what was
typed and the counts at that instant; every edge is held against it, on every target.
"""

import pytest

from host_tests.support.errors import LOCKED_OUT
from host_tests.support.sessions.bench import assert_balanced
from host_tests.support.sessions.therapy import (
    STEPS_PER_UG,
    Account,
    history,
    ledger_ml,
    prescribe,
    refusal,
)

SIX = 6 * 3600
MORNING_ML_D = ((0, 20), (SIX, 35))  # 3.7 and 6.5 steps a second
MORNING = (
    "MODE FLEX;RATE 20 ML/D",
    "FLEX:STEP ALL,06:00,35 ML/D",
    "PAT:DOSE 3.125 UG,5 S;LOCK 18 S;MAX 200",
)
EVENING_ML_D = ((0, 20), (SIX, 35), (18 * 3600, 16))


@pytest.mark.chip_in_soak
def test_a_session_with_a_flex_step_and_boluses_is_delivered_to_the_step(bench):
    prescribe(bench, *MORNING)
    session = Account(bench, MORNING_ML_D)
    before_ml = ledger_ml(bench)
    session.set_clock("2030-01-07T05:59:42", SIX - 18)
    session.start()
    bench.run(5)
    session.grant("BOL:STAR 5 UG,6 S", 5_000, 6)
    bench.run(15)  # over the change of rate
    session.grant("BOL:PAT", 3_125, 5)
    bench.run(9)
    assert refusal(bench, "BOL:PAT") == LOCKED_OUT
    bench.run(2)
    session.grant("BOL:STAR 10 UG,10 S", 10_000, 10)
    bench.run(6)
    assert bench.ask("BOL:STAT?").startswith("CLINICIAN,10.000,")
    session.abort()
    assert bench.ask("BOL:STAT?;:THER:STAT?") == "NONE,0.000,0.000,0.000;RUNNING"
    bench.run(6)
    problems, course = session.stop()
    assert problems == []
    assert_balanced(bench)
    assert_booked(bench, before_ml, course)


def assert_booked(bench, before_ml, course):
    """Steps of the boluses are booked as such, the whole ones exactly, and all others as basal."""
    now_ml = ledger_ml(bench)
    steps = {kind: (now_ml[kind] - before_ml[kind]) * 16_000 for kind in now_ml}
    aborted = course.ramps[-1].due(course.ramps[-1].to_us)
    assert steps["PATIENT"] == pytest.approx(3.125 * STEPS_PER_UG, abs=0.02)
    assert steps["CLINICIAN"] == pytest.approx(float(5 * STEPS_PER_UG + aborted), abs=1.1)
    assert sum(steps.values()) == pytest.approx(bench.plant.edges.count, abs=0.1)
    (_, _, given_ug, _), patient, whole = history(bench, 3)
    assert given_ug * STEPS_PER_UG == pytest.approx(float(aborted), abs=1.1)
    assert patient == ("PATIENT", 3.125, 3.125, "COMPLETED")
    assert whole == ("CLINICIAN", 5.0, 5.0, "COMPLETED")


@pytest.mark.chip_in_soak
def test_a_bolus_that_runs_over_a_flex_step_changes_neither(bench):
    prescribe(bench, *MORNING, "FLEX:STEP ALL,18:00,16 ML/D")
    session = Account(bench, EVENING_ML_D)
    session.set_clock("2030-01-08T17:59:54", 18 * 3600 - 6)
    session.start()
    bench.run(2)
    session.grant("BOL:STAR 12.5 UG,8 S", 12_500, 8)
    bench.run(13)
    problems, _ = session.stop()
    assert problems == []
    assert_balanced(bench)
    assert history(bench, 1) == [("CLINICIAN", 12.5, 12.5, "COMPLETED")]
