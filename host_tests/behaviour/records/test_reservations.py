# SPDX-License-Identifier: MIT
"""How wide a reservation is, and that writing it never holds the steps up."""

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.flash.full import used_up
from host_tests.support.sessions.bench import Bench, assert_balanced
from pumpbench.targets.sim import SimTarget

SLOW_NL = 4_000 + 2 * 62.5 + 100  # the widest interval that a cut at 1 mL/d leaves
ALARM_ON = 411


def lives_at(rate):
    lives = Lives()
    lives.tell("RES:REF 20 ML")
    commit(lives, rate)
    lives.tell("THER:STAR")
    lives.run(10)
    return lives


def commit(lives, rate):
    lives.tell(f"PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE {rate}")
    lives.tell("PRES:COMM " + lives.ask("PRES:VAL?").split(",")[1])


def width_after_a_cut(lives):
    before_nl = lives.beaker_nl()
    lives.cut()
    least, most = lives.interval_nl()
    assert least - 1 <= before_nl <= most + 1
    return most - least


def test_a_fast_bolus_over_a_slow_therapy_leaves_no_wide_reservation_behind():
    lives = lives_at("1 ML/D")
    lives.tell("BOL:STAR 500 UG,5 S")
    lives.run(30)
    assert width_after_a_cut(lives) <= SLOW_NL


def test_a_change_to_a_slow_rate_narrows_the_reservation_and_a_residual_is_believed():
    lives = lives_at("1000 ML/HR")
    commit(lives, "1 ML/D")
    lives.run(30)
    assert width_after_a_cut(lives) <= SLOW_NL
    lives.tell("THER:CONF")
    left_ml = 20 - float(lives.beaker_nl()) / 1e6
    lives.tell(f"RES:REF 20 ML,{left_ml:.6f} ML")
    assert lives.ask("ALAR:ACT?") == '0,"None"'


@pytest.mark.hazard("power-cut")
def test_a_refill_starts_the_totals_anew_for_good():
    lives = lives_at("1000 ML/HR")
    lives.tell("THER:STOP")
    lives.run(2)
    lives.tell("RES:REF 15 ML")
    lives.cut()
    assert lives.ask("DEL:TOT? REF;:RES:VOL?") == "0.000,0.000000;15.000000"


@pytest.mark.slow
@pytest.mark.hazard("flash-write-delays-step")
@pytest.mark.parametrize("rate", ["30 ML/HR", "100 ML/HR", "500 ML/HR"])
def test_an_abort_at_any_phase_and_what_is_written_then_lets_the_queue_not_run_dry(
    rate, record_property
):
    bench = Bench(SimTarget())
    bench.prescribe(rate)
    bench.tell("THER:STAR")
    bench.run(3)
    for phase in range(24):
        bench.tell("BOL:STAR 5 UG,10 S")
        bench.run(0.13 * phase + 0.01)
        bench.target.write(b"BOL:ABOR;:RES:LOW %d ML\n" % (1 + phase % 2))
        bench.run(3)
        assert bench.ask("SYST:STAT?;ERR?") == 'RUNNING;0,"No error"'
    bench.stop()
    assert_balanced(bench)
    record_property("measured", f"24 aborts at {rate} with records written: no queue ran dry")


@pytest.mark.slow
@pytest.mark.hazard("flash-full")
def test_a_flash_that_stays_full_is_one_alarm_and_not_one_a_second():
    lives = lives_at("24 ML/D")
    lives.tell("THER:STOP")
    lives.run(3)
    lives.go_on(flash=used_up(lives.target.flash))
    send = lives.target.write
    send(b"RES:LOW 1 ML\n")
    lives.run(3)
    assert lives.alarms() == [309]
    for _ in range(60):
        lives.run(0.97)
        assert lives.alarms() == [309]
    assert lives.events(ALARM_ON).count("ALARM_ON 309") == 1
