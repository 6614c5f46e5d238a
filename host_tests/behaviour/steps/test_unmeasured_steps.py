# SPDX-License-Identifier: MIT
"""What an uncalibrated head moved is not known, and nobody says it was nothing.

Until a calibration is in force, measured or typed: then it counts as what that says.
"""

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.flash.copies import path_of
from host_tests.support.sessions.therapy import prescribe
from pumpbench.images.flashfiles import with_file

LOW, EMPTY = 305, 306
ON = 411
INTERRUPTED = 421
WIDEST_NL = 10 * 200_000 + 64 * 62.5  # ten seconds of a calibration run, and the least steps


@pytest.fixture
def pump():
    """Its setup is lost: not calibrated. The head gives 0.2 mL; the reservoir has been filled."""
    found = Lives()
    prescribe(found, "MODE SIMP;RATE 24 ML/D")
    lose_setup(found)
    found.tell("THER:CONF;:RES:CAP 100 ML;REF 20 ML")
    return found


def lose_setup(pump):
    flash = pump.target.flash
    for number in (0, 1):
        flash = with_file(flash, path_of("setup", number), b"rubbish")
    pump.go_on(flash=flash)


def jog(pump, revolutions):
    pump.tell(f"MOT:JOG {revolutions},375")
    pump.run(revolutions / 6 + 0.2)


def run(pump, revolutions):
    pump.tell(f"MOT:CAL:RUN {revolutions}")
    pump.run(revolutions + 0.2)


def assert_unknown(pump):
    assert pump.ask("RES:VOL?") == "NONE"
    assert pump.ask("DEL:INT?") == "0.000000,NONE"
    assert LOW in pump.alarms()


def assert_known(pump, out, left):
    assert pump.ask("RES:VOL?;:DEL:INT?") == f"{left};{out},{out}"
    assert float(out) == pytest.approx(float(pump.beaker_nl()) / 1e6)
    assert LOW not in pump.alarms()


def test_what_an_uncalibrated_run_moved_is_unknown_until_it_is_measured(pump):
    assert pump.ask("RES:VOL?;:DEL:INT?") == "20.000000;0.000000,0.000000"
    run(pump, 50)
    assert_unknown(pump)
    assert pump.ask("RES:FOR?") == "NONE,NONE,NONE,NONE"
    assert any(str(LOW) in text for text in pump.events(ON))
    pump.tell("MOT:CAL:MEAS 10 ML")
    assert_known(pump, out="10.000000", left="10.000000")
    assert "JOG,10.000000" in pump.ask("DEL:LEDG?")


def test_all_that_went_out_uncalibrated_counts_as_the_first_calibration_says(pump):
    jog(pump, 20)
    assert_unknown(pump)
    run(pump, 5)
    pump.tell("MOT:CAL:MEAS 1 ML")
    assert_known(pump, out="5.000000", left="15.000000")
    pump.tell("MOT:CAL:PERR 0.22 ML")
    assert_known(pump, out="5.000000", left="15.000000")


def test_a_revolution_that_was_typed_tells_that_the_reservoir_is_empty(pump):
    pump.tell("RES:REF 1 ML;LOW 0.6 ML")
    jog(pump, 20)
    assert EMPTY not in pump.alarms()
    assert_unknown(pump)
    pump.tell("MOT:CAL:PERR 0.2 ML")
    assert pump.ask("RES:VOL?;:DEL:INT?") == "0.000000;4.000000,4.000000"
    assert EMPTY in pump.alarms()


def test_a_refill_knows_what_it_holds_whatever_went_out_before(pump):
    jog(pump, 20)
    pump.tell("RES:REF 30 ML,15 ML")
    assert pump.ask("RES:VOL?;REF?") == "30.000000;30.000000,15.000000,NONE,NONE"
    assert pump.ask("DEL:INT?") == "0.000000,NONE"
    assert LOW not in pump.alarms()
    pump.tell("MOT:CAL:PERR 0.2 ML")
    assert_known(pump, out="4.000000", left="30.000000")
    assert pump.ask("DEL:TOT? REF") == "0.000,0.000000"


def test_a_refill_between_two_jogs_has_only_the_second_one_taken_from_it(pump):
    jog(pump, 20)
    pump.tell("RES:REF 30 ML")
    jog(pump, 5)
    assert_unknown(pump)
    pump.tell("MOT:CAL:PERR 0.2 ML")
    assert_known(pump, out="5.000000", left="29.000000")
    assert pump.ask("DEL:TOT? REF") == "0.000,1.000000"


def test_it_is_still_unknown_after_a_reset_and_known_after_one_that_follows_the_calibration(pump):
    jog(pump, 20)
    pump.run(2)
    pump.cut()
    assert_unknown(pump)
    pump.tell("MOT:CAL:PERR 0.2 ML")
    pump.cut()
    assert_known(pump, out="4.000000", left="16.000000")


def test_a_cut_in_an_uncalibrated_run_leaves_what_is_out_within_the_interval(pump):
    pump.tell("MOT:CAL:RUN 50")
    pump.run(20)
    pump.cut()
    assert_unknown(pump)
    assert any("to NONE mL" in text for text in pump.events(INTERRUPTED))
    pump.tell("THER:CONF;:MOT:CAL:PERR 0.2 ML")
    least_nl, most_nl = pump.interval_nl()
    assert least_nl <= pump.beaker_nl() <= most_nl
    assert most_nl - least_nl <= WIDEST_NL


def test_what_a_calibration_says_of_steps_before_a_refill_is_on_record_with_its_answer(pump):
    jog(pump, 20)
    pump.tell("RES:REF 30 ML")
    jog(pump, 5)
    pump.tell("MOT:CAL:PERR 0.2 ML")
    pump.cut()
    assert_known(pump, out="5.000000", left="29.000000")
    assert pump.ask("DEL:TOT? REF") == "0.000,1.000000"
    assert "JOG,5.000000" in pump.ask("DEL:LEDG?")


def test_a_board_that_was_never_calibrated_knows_no_more():
    pump = Lives()
    pump._board.PUMP = {**pump._board.PUMP, "pl_per_rev": 0}
    pump.go_on(flash=None)
    pump.tell("RES:REF 20 ML")
    jog(pump, 1)
    assert_unknown(pump)
