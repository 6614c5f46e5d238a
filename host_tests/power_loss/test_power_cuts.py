# SPDX-License-Identifier: MIT
"""Power cuts, all of them: a session is cut at every operation of the flash, and comes back.

Before, inside, torn and after: each different flash is booted once, and held against all that was
true in the time in which a cut leaves it. See `power_cuts` and `survivor`.
"""

import itertools
from dataclasses import replace
from fractions import Fraction

import pytest

from host_tests.support.console.alarm_answers import shown
from host_tests.support.flash.event_logs import file_of
from host_tests.support.flash.power_cuts import Operator, cuts
from host_tests.support.flash.survivor import LOCKOUT_S, Survivor
from pumpbench.images.flashfiles import with_file
from pumpbench.targets.sim import SimTarget

ML_D = Fraction(10**6, 86_400)  # in nL/s
BASAL, SLOWER = 100 * ML_D, 50 * ML_D
BOLUS = 10_000  # nL/s of every bolus here
DAY_UG = 200
DELIVERED_ON = 10  # one survivor in so many delivers again
STRIDES = [3, pytest.param(1, marks=pytest.mark.long)]  # `make soak` boots every flash
SIMPLE = "PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE 100 ML/D"
PATIENT = f"PAT:DOSE 25 UG,5 S;LOCK {LOCKOUT_S} S;MAX 4"


def busy(operator):
    """A refill, a commit, therapy, both boluses, another rate, a calibration, a low reservoir."""
    operator.run(1)
    operator.refill("2.3")
    operator.prescribe(f"{SIMPLE};{PATIENT};:PRES:LIM:DAY 100 MG")
    operator.start(BASAL)
    operator.run(25)
    operator.give("BOL:STAR 50 UG,10 S", "CLINICIAN", "50.000", BASAL + BOLUS)
    operator.run(14)
    operator.given()
    operator.give("BOL:PAT", "PATIENT", "25.000", BASAL + BOLUS)
    operator.run(8)
    operator.given()
    operator.prescribe("PRES:EDIT;RATE 50 ML/D", SLOWER)
    operator.run(15)
    operator.stop()
    operator.calibrate("0.19")
    operator.start(SLOWER)
    operator.give("BOL:STAR 100 UG,20 S", "CLINICIAN", "100.000", SLOWER + BOLUS)
    operator.run(12)
    operator.known = operator.known.perhaps(moves=False)
    operator.end("THER:STOP", "STOPPED")
    operator.settle()
    assert shown(operator.pump.ask("ALAR:ACT?")) == {305: "ACTIVE"}


def alone(operator):
    """What moves without a therapy and ends by itself: a jog, a prime, a bolus, a trial."""
    operator.run(1)
    operator.move("MOT:JOG 0.5,60", 200_000)
    operator.run(1)
    operator.settle()
    operator.refill("20")
    operator.prescribe(SIMPLE)
    operator.give("PRIM:STAR 0.05 ML,24 ML/HR", "PRIME", "25.000", 24_000 / Fraction(36, 10))
    operator.known = operator.known.perhaps(moves=False)
    operator.run(9)
    operator.given()
    operator.settle()
    operator.give("BOL:STAR 20 UG,5 S", "CLINICIAN", "20.000", BOLUS)
    operator.known = operator.known.perhaps(moves=False)
    operator.run(7)
    operator.given()
    operator.settle()
    operator.start(BASAL)
    operator.run(3)
    operator.give("BOL:STAR 50 UG,10 S", "CLINICIAN", "50.000", BASAL + BOLUS)
    operator.run(6)
    operator.end("BOL:ABOR", "ABORTED")
    operator.run(4)
    operator.stop()


def slow(operator):
    """A day of next to nothing, with hourly records, a limit, and a patient who asks for more."""
    operator.run(1)
    operator.pump.tell(f"PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE 0.1 ML/D;{PATIENT}")
    operator.prescribe(f"PRES:LIM:DAY {DAY_UG} UG")
    operator.start(Fraction(1, 10) * ML_D)
    operator.run(2.5 * 3600)
    for _ in range(2):
        operator.give("BOL:PAT", "PATIENT", "25.000", BOLUS)
        operator.run(8)
        operator.given()
        operator.run(3600)
    operator.stop()


def old_log():
    """A flash with a log whose turnover to the other file is due, and which is full."""
    flash = with_file(SimTarget().flash, "/log/log.1", file_of(1, 1000))
    return with_file(flash, "/log/log.0", file_of(1001, 985))


def hold_all(operator, note, *, log_count=0, limit_ug=None, stride=1):
    """Cut the power everywhere in the session; note: takes what was measured.

    stride: one in so many of the flashes that differ is booted.
    """
    number, count = 0, 0
    for count, cut in enumerate(itertools.islice(cuts(operator), 0, None, stride), 1):
        survivor = Survivor(cut.flash)
        try:
            survivor.hold_alone()
            for moment in cut.moments:
                survivor.hold(moment)
            assert survivor.power_up_number >= number, "a number twice"
            assert survivor.log_count >= log_count
            survivor.confirm()
            if survivor.token and limit_ug:
                survivor.hold_day(cut.moments[0], limit_ug)
            elif survivor.token and count % DELIVERED_ON == 0:
                survivor.hold_on(5)
        except (AssertionError, TimeoutError) as error:
            error.add_note(f"cut at {cut.where}; {survivor.told}")
            raise
        number = survivor.power_up_number
    operations = len(operator.flash.operations)
    note(
        "measured",
        f"power cuts in {operations} operations of the flash: {4 * operations} phases, "
        f"{count} different flashes booted, one in {stride} of all there are",
    )


@pytest.mark.slow
@pytest.mark.hazard("power-cut")
@pytest.mark.parametrize("stride", STRIDES)
def test_a_busy_session_cut_anywhere_comes_back_with_the_truth(stride, record_property):
    operator = Operator(old_log())
    busy(operator)
    count, _ = operator.pump.ask("LOG:COUN?").split(",")
    assert 1000 <= int(count) < 1100, "the log has turned over"
    hold_all(operator, record_property, log_count=1000, stride=stride)


@pytest.mark.slow
@pytest.mark.hazard("power-cut")
@pytest.mark.parametrize("stride", STRIDES)
def test_doses_and_jogs_from_a_stopped_pump_cut_anywhere_are_never_repeated(
    stride, record_property
):
    operator = Operator()
    alone(operator)
    hold_all(operator, record_property, stride=stride)


@pytest.mark.slow
@pytest.mark.hazard("power-cut")
@pytest.mark.parametrize("stride", STRIDES)
def test_a_slow_therapy_cut_anywhere_keeps_its_limit_of_a_day(stride, record_property):
    operator = Operator()
    slow(operator)
    hold_all(operator, record_property, limit_ug=DAY_UG, stride=stride)


@pytest.mark.slow
@pytest.mark.hazard("power-cut")
def test_a_second_cut_anywhere_in_the_life_after_a_first_one_loses_nothing(record_property):
    first = Operator()
    first.run(1)
    first.refill("19")
    first.prescribe(f"{SIMPLE};{PATIENT}")
    first.start(BASAL)
    first.give("BOL:PAT", "PATIENT", "25.000", BASAL + BOLUS)
    first.run(4)
    flash, dose = first.target.flash, first.known.doses[0][0]
    least_pl, most_pl = Survivor(flash).interval_pl
    dose = replace(dose, asked_ns=dose.asked_ns - first.target.now_ns)
    known = first.known.now(
        moves=False, open=True, doses=(dose,), rate=0, unsure_pl=most_pl - least_pl
    )
    operator = Operator(flash, known, first.now_pl())
    operator.run(1.5)
    operator.confirm()
    operator.start(BASAL)
    operator.run(10)
    operator.stop()
    hold_all(operator, record_property)
