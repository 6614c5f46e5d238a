# SPDX-License-Identifier: MIT
"""Calibration by a measured run, through the console; what came into the beaker is measured."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.errors import IMPLAUSIBLE, NO_CALIBRATION_RUN, NOT_CALIBRATED, NOT_STOPPED
from host_tests.support.flash.copies import path_of, value_of, with_value
from host_tests.support.sessions.bench import Bench, assert_balanced, assert_on_time
from host_tests.support.sessions.therapy import ledger_ml, refusal
from pump.records.event_codes import STORE_LOST
from pumpbench.boards.catalog import load_board
from pumpbench.client.pump import Pump
from pumpbench.images.flashfiles import without_file
from pumpbench.targets.sim import SimTarget

RANGE = -222


def run(bench, revolutions="1"):
    """A run to its end; the nanolitres that came out of it."""
    before_nl = bench.plant.beaker.volume_nl
    bench.tell(f"MOT:CAL:RUN {revolutions}")
    bench.run(float(revolutions) + 0.1)
    return bench.plant.beaker.volume_nl - before_nl


def calibration(bench):
    return bench.ask("MOT:CAL?")


@pytest.mark.chip_in_soak
def test_a_run_turns_as_far_as_asked_at_60_rpm_and_is_booked_as_a_jog(bench):
    before = ledger_ml(bench)["JOG"]
    bench.mark()
    bench.tell("MOT:CAL:RUN 1.5")
    bench.run(1.6)
    assert bench.plant.edges.count == 4800
    assert_on_time(bench.plant.edges, Fraction(60_000_000, 60 * 3200))
    assert ledger_ml(bench)["JOG"] - before == Fraction(3, 10)
    assert_balanced(bench)


@pytest.mark.chip_in_soak
def test_a_head_that_gives_a_tenth_more_is_calibrated_by_what_it_gave(bench):
    bench.plant.beaker.pl_per_step *= Fraction(11, 10)
    past_ml = ledger_ml(bench)["JOG"]
    volume_nl = run(bench, "2")
    assert volume_nl == 440_000
    bench.tell(f"MOT:CAL:MEAS {volume_nl} NL")
    assert calibration(bench) == bench.ask("MOT:CAL:HIST?").split(",")[1] == "0.220000"
    assert ledger_ml(bench)["JOG"] - past_ml == Fraction(4, 10)  # as it was counted at the time
    before_nl = bench.plant.beaker.volume_nl
    bench.tell("PRIM:STAR 0.11 ML,1000 ML/HR")
    bench.run(1.0)
    assert bench.plant.beaker.volume_nl - before_nl == 110_000


@pytest.mark.no_chip
def test_a_measured_revolution_is_rounded_down_to_picolitres(bench):
    run(bench, "0.3")
    bench.tell("MOT:CAL:MEAS 60001 NL")  # 200 003 333.3 pL a revolution
    assert calibration(bench) == "0.200003"
    before_ml = ledger_ml(bench)["JOG"]
    run(bench, "3")
    assert ledger_ml(bench)["JOG"] - before_ml in (Fraction("0.600009"), Fraction("0.600010"))


@pytest.mark.hazard("not-calibrated")
@pytest.mark.no_chip
@pytest.mark.parametrize("volume", ["0.159999 ML", "0.240001 ML", "0 ML", "100 ML"])
def test_a_measured_volume_beyond_a_fifth_is_refused_and_the_run_still_counts(bench, volume):
    run(bench)
    before = bench.ask("MOT:CAL?;CAL:HIST?")
    assert refusal(bench, f"MOT:CAL:MEAS {volume}") == IMPLAUSIBLE
    assert bench.ask("MOT:CAL?;CAL:HIST?") == before
    bench.tell("MOT:CAL:MEAS 0.24 ML")
    assert calibration(bench) == "0.240000"


@pytest.mark.no_chip
def test_a_run_is_used_once(bench):
    run(bench)
    bench.tell("MOT:CAL:MEAS 0.21 ML")
    assert refusal(bench, "MOT:CAL:MEAS 0.21 ML") == NO_CALIBRATION_RUN
    assert calibration(bench) == "0.210000"


def test_without_a_run_nothing_can_be_measured():
    assert refusal(Bench(SimTarget()), "MOT:CAL:MEAS 0.2 ML") == NO_CALIBRATION_RUN


@pytest.mark.chip_in_soak
def test_an_interrupted_run_does_not_count_even_if_a_jog_makes_up_for_it(bench):
    bench.tell("MOT:CAL:RUN 1")
    bench.run(0.5)
    bench.stop()
    assert refusal(bench, "MOT:CAL:MEAS 0.2 ML") == NO_CALIBRATION_RUN
    missing = 3200 - bench.steps().emitted
    bench.tell(f"MOT:JOG {missing / 3200:.7f},375")
    bench.run(0.5)
    assert bench.steps().emitted == 3200
    assert refusal(bench, "MOT:CAL:MEAS 0.2 ML") == NO_CALIBRATION_RUN


@pytest.mark.no_chip
def test_what_moves_after_a_run_spoils_it(bench):
    run(bench)
    bench.tell("MOT:JOG 0.1,375")
    bench.run(0.3)
    assert refusal(bench, "MOT:CAL:MEAS 0.2 ML") == NO_CALIBRATION_RUN


@pytest.mark.no_chip
def test_nothing_is_measured_or_run_while_it_moves(bench):
    bench.tell("MOT:CAL:RUN 1")
    bench.run(0.2)
    assert refusal(bench, "MOT:CAL:MEAS 0.2 ML") == NOT_STOPPED
    assert refusal(bench, "MOT:CAL:RUN 1") == NOT_STOPPED
    bench.run(1.0)
    bench.tell("MOT:CAL:MEAS 0.2 ML")  # the refusals changed nothing


@pytest.mark.no_chip
@pytest.mark.parametrize("revolutions", ["0", "0.0999999", "1000.0000001"])
def test_a_run_of_less_than_a_tenth_or_more_than_1000_is_out_of_range(bench, revolutions):
    assert refusal(bench, f"MOT:CAL:RUN {revolutions}") == RANGE
    bench.run(0.2)
    assert bench.steps().emitted == 0


def test_the_last_eight_are_listed_newest_first():
    bench = Bench(SimTarget())
    for n in range(10):
        bench.tell(f"MOT:CAL:PERR {200 + n} UL")
    fields = bench.ask("MOT:CAL:HIST?").split(",")
    assert fields[1::2] == [f"0.{200 + n}000" for n in range(9, 1, -1)]
    times_s = [Fraction(text) for text in fields[::2]]
    assert times_s == sorted(times_s, reverse=True)
    assert times_s[0] <= Fraction(bench.target.now_ns, 10**9)


@pytest.fixture
def uncalibrated():
    """A pump whose board does not know what a revolution gives; the head gives 0.3 mL."""
    board = SimpleNamespace(**vars(load_board("RPI_PICO")))
    board.PUMP = {**board.PUMP, "pl_per_rev": 0}
    target = SimTarget(board)
    target.plant.beaker.pl_per_step = Fraction(300_000_000, 3200)
    bench = Bench.__new__(Bench)
    bench.target, bench.plant, bench.pump = target, target.plant, Pump(target)
    bench.ask, bench.tell, bench.run = bench.pump.ask, bench.pump.tell, target.run
    bench.mark()
    return bench


@pytest.mark.hazard("not-calibrated")
@pytest.mark.parametrize(
    "command",
    [
        "THER:STAR",
        "BOL:STAR 10 UG,1 MIN",
        "BOL:TRI 10 UG,1 MIN,1 HR",
        "PRIM:STAR 0.1 ML,10 ML/HR",
        "BRID:STAR 500 UG/ML,0.1 ML",
    ],
)
def test_without_a_calibration_nothing_is_delivered(uncalibrated, command):
    uncalibrated.tell("PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE 24 ML/D")
    assert refusal(uncalibrated, command) == NOT_CALIBRATED
    assert refusal(uncalibrated, "PRES:VAL?") == NOT_CALIBRATED
    assert refusal(uncalibrated, "PRES:COMM 12345678") == NOT_CALIBRATED
    uncalibrated.run(0.5)
    assert uncalibrated.steps().emitted == 0
    assert uncalibrated.ask("MOT:CAL?;CAL:HIST?;:SYST:STAT?") == "0.000000;NONE;STOPPED"


def test_without_a_calibration_a_jog_counts_steps_and_the_volume_is_not_known(uncalibrated):
    uncalibrated.tell("RES:REF 20 ML")
    uncalibrated.tell("MOT:JOG 1,375")
    uncalibrated.run(0.05)
    assert uncalibrated.ask("DEL:RATE?") == "0.000,0.000000"
    uncalibrated.run(0.5)
    assert uncalibrated.steps().emitted == 3200
    assert uncalibrated.ask("DEL:TOT?;:RES:VOL?") == "0.000,0.000000;NONE"


def test_the_first_run_calibrates_whatever_the_head_gives(uncalibrated):
    volume_nl = run(uncalibrated)
    uncalibrated.tell(f"MOT:CAL:MEAS {volume_nl} NL")
    assert calibration(uncalibrated) == "0.300000"
    assert uncalibrated.ask("MOT:CAL:HIST?").endswith(",0.300000")
    uncalibrated.mark()
    uncalibrated.prescribe("1000 ML/HR")
    uncalibrated.tell("THER:STAR")
    uncalibrated.run(1.0)
    uncalibrated.stop()
    assert uncalibrated.steps().emitted == uncalibrated.plant.edges.count > 2900


def test_a_revolution_that_was_typed_ends_the_refusals(uncalibrated):
    uncalibrated.tell("MOT:CAL:PERR 0.3 ML")
    uncalibrated.prescribe("24 ML/D")
    uncalibrated.tell("THER:STAR")
    uncalibrated.stop()


@pytest.mark.no_chip
def test_a_calibration_keeps_what_the_reservoir_holds_and_bounds_the_next_delivery(bench):
    bench.prescribe("1000 ML/HR")
    bench.plant.beaker.pl_per_step *= Fraction(6, 5)
    bench.tell("RES:REF 20 ML")
    volume_nl = run(bench)
    bench.tell(f"MOT:CAL:MEAS {volume_nl} NL")
    assert bench.ask("RES:VOL?") == "19.800000"
    bench.tell("RES:REF 1.5 ML")
    before_nl = bench.plant.beaker.volume_nl
    bench.tell("THER:STAR")
    bench.run(5.0)
    assert bench.ask("SYST:STAT?") == "STOPPED"
    assert 0 <= 1_000_000 - (bench.plant.beaker.volume_nl - before_nl) < 584_000


def rate(bench):
    """Committed with the head of the board, 0.2 mL."""
    bench.tell("PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE 24 ML/D")
    bench.tell("PRES:COMM " + bench.ask("PRES:VAL?").split(",")[1])


@pytest.mark.hazard("not-calibrated")
@pytest.mark.parametrize("typed_ml", ["0.02", "0.159", "0.241", "2"])
def test_a_prescription_for_quite_another_head_is_committed_again_before_it_is_given(typed_ml):
    """0.02 typed for 0.2 delivers ten times the drug; nothing that the pump counts shows it."""
    pump = Lives()
    rate(pump)
    pump.tell(f"MOT:CAL:PERR {typed_ml} ML")
    for _ in range(2):
        for line in ("THER:STAR", "BOL:STAR 5 UG,1 MIN", "BOL:TRI 5 UG,1 MIN,1 HR"):
            assert refusal(pump, line) == IMPLAUSIBLE
        pump.cut()  # nor does a reset forget it
    assert pump.target.plant.edges.count == 0
    pump.tell("PRES:EDIT")
    pump.tell("PRES:COMM " + pump.ask("PRES:VAL?").split(",")[1])
    pump.tell("THER:STAR")


@pytest.mark.parametrize("typed_ml", ["0.16", "0.2", "0.24"])
def test_a_head_that_has_aged_is_calibrated_without_a_commit(typed_ml):
    pump = Lives()
    rate(pump)
    pump.tell(f"MOT:CAL:PERR {typed_ml} ML")
    pump.tell("THER:STAR")


def test_a_wrong_calibration_that_is_put_right_needs_no_commit():
    pump = Lives()
    rate(pump)
    pump.tell("MOT:CAL:PERR 0.02 ML")
    pump.tell("MOT:CAL:PERR 0.2 ML")
    pump.tell("THER:STAR")


@pytest.mark.parametrize("more", [[], [[]]])
def test_a_prescription_of_an_older_firmware_fits_any_head(more):
    pump = Lives()
    rate(pump)
    flash = pump.target.flash
    older = value_of(flash, "prescription")[:2] + more
    for number in (0, 1):
        flash = without_file(flash, path_of("titration", number))
    pump.go_on(flash=with_value(flash, "prescription", older))
    assert pump.events(STORE_LOST) == []
    pump.tell("MOT:CAL:PERR 2 ML")
    pump.tell("THER:STAR")
