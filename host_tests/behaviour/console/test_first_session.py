# SPDX-License-Identifier: MIT
"""From a line typed by a client to steps on the pin, on every target."""

import pytest

from host_tests.support.sessions.bench import assert_balanced, assert_on_time, period_us
from pumpbench.client.lines import PumpError


def error_of(bench, command):
    with pytest.raises(PumpError) as error:
        bench.tell(command)
    return error.value.number


def test_the_pump_says_who_it_is(bench):
    model, board, unique_id, version = bench.ask("*IDN?").split(",")
    assert (model, board, version) == ("ITB-Pump", "RPI_PICO", "0.1.0")
    assert len(unique_id) == 16


@pytest.mark.chip_in_soak
def test_a_prescription_is_staged_validated_committed_started_and_stopped(bench):
    bench.prescribe("24 ML/D")
    assert bench.ask("PRES:ACT?") == "SIMPLE,500.000,12000.000,24.000000"
    before_ns = bench.target.now_ns
    bench.tell("THER:STAR")
    assert bench.ask("THER:STAT?;:SYST:STAT?") == "RUNNING;RUNNING"
    bench.run(2.0)
    took_us = (bench.target.now_ns - before_ns) / 1000  # answers take a chip a while
    assert 2e6 // period_us("24 ML/D") <= bench.plant.edges.count <= took_us / period_us("24 ML/D")
    assert bench.ask("DEL:RATE?") == "12000.000,24.000000"
    bench.stop()
    assert bench.ask("THER:STAT?;:SYST:STAT?") == "STOPPED;STOPPED"
    assert_balanced(bench)


@pytest.mark.chip_in_soak
def test_the_delivered_volume_and_dose_are_those_of_the_edges(bench):
    bench.fill_line("2000 UG/ML")
    volume_ml, dose_ug = (float(part) for part in reversed(bench.ask("DEL:TOT?").split(",")))
    bench.mark()
    bench.tell("THER:STAR")
    bench.run(0.5)
    bench.stop()
    now_ug, now_ml = (float(part) for part in bench.ask("DEL:TOT?").split(","))
    delivered_nl = bench.plant.edges.count * 62.5
    assert now_ml - volume_ml == pytest.approx(delivered_nl / 1e6, abs=2e-6)
    assert now_ug - dose_ug == pytest.approx(delivered_nl * 2e-3, abs=2e-3)
    bench.fill_line()


@pytest.mark.chip_in_soak
def test_a_dose_rate_becomes_the_same_steps_as_its_volume(bench):
    bench.prescribe("12000 UG/D", "500 UG/ML")
    assert bench.ask("PRES:ACT?") == "SIMPLE,500.000,12000.000,24.000000"


def test_nothing_moves_before_the_driver_has_had_its_time(bench):
    bench.tell("MOT:JOG 0.01,375")
    bench.run(0.1)
    assert bench.plant.edges.count == 32
    assert bench.plant.set_up_violations == []
    assert bench.plant.motor.missed_steps == 0


def test_a_commit_while_running_changes_the_rate_within_the_lease(bench):
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.run(0.5)
    bench.prescribe("100 ML/HR")
    bench.run(2.5)
    before = bench.plant.edges.count
    bench.run(1.0)
    assert bench.plant.edges.count - before in (444, 445)
    bench.stop()
    assert_balanced(bench)


@pytest.mark.chip_in_soak
@pytest.mark.hazard("change-without-review")
def test_a_commit_needs_the_token_of_the_present_content(bench):
    bench.prescribe("1 ML/D")
    bench.tell("PRES:NEW")
    bench.tell("PRES:CONC 500 UG/ML;MODE SIMP;RATE 2 ML/D")
    token = bench.ask("PRES:VAL?").split(",")[1]
    bench.tell("PRES:RATE 20 ML/D")
    assert error_of(bench, f"PRES:COMM {token}") == 105
    assert bench.ask("PRES:ACT?") == "SIMPLE,500.000,500.000,1.000000"


@pytest.mark.chip_in_soak
def test_every_problem_of_a_prescription_is_named_at_once(bench):
    bench.tell("PRES:NEW")
    assert bench.ask("PRES:VAL?").count('"') == 6
    bench.tell("PRES:CONC 500 UG/ML;MODE SIMP;RATE 1001 ML/HR")
    assert "above the pump" in bench.ask("PRES:VAL?")
    assert error_of(bench, "PRES:COMM 00000000") == 106


@pytest.mark.chip_in_soak
def test_what_cannot_be_done_now_is_refused_and_changes_nothing(bench):
    assert error_of(bench, "PRES:RATE 1 ML/D") == 104
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    assert error_of(bench, "THER:STAR") == 102
    assert error_of(bench, "MOT:JOG 1,60") == 101
    assert error_of(bench, "MOT:CAL:PERR 0.1 ML") == 101
    assert error_of(bench, "SYST:SERV") == 101
    assert bench.ask("SYST:STAT?") == "RUNNING"
    bench.stop()
    assert_balanced(bench)


@pytest.mark.chip_in_soak
def test_reset_discards_what_is_staged_and_touches_no_delivery(bench):
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.tell("PRES:NEW")
    bench.tell("*RST")
    assert error_of(bench, "PRES:RATE 1 ML/D") == 104
    assert bench.ask("SYST:STAT?") == "RUNNING"
    bench.stop()
    assert_balanced(bench)


@pytest.mark.chip_in_soak
def test_a_calibration_changes_the_steps_of_the_same_volume_and_not_the_past(bench):
    bench.tell("MOT:JOG 0.1,60")
    bench.run(0.2)
    bench.plant.edges.clear()
    bench.mark()
    before_ml = float(bench.ask("DEL:TOT?").split(",")[1])
    bench.tell("MOT:CAL:PERR 0.1 ML")
    assert bench.ask("MOT:CAL?") == "0.100000"
    assert float(bench.ask("DEL:TOT?").split(",")[1]) == before_ml
    bench.prescribe("500 ML/HR")
    bench.tell("THER:STAR")
    bench.run(1.0)
    bench.stop()
    assert bench.steps().emitted == bench.plant.edges.count
    assert_on_time(bench.plant.edges, 225)


@pytest.mark.chip_in_soak
def test_the_conditions_say_what_moves(bench):
    assert bench.ask("STAT:OPER:COND?") == "0"
    assert bench.ask("MOT:JOG 1,60;:STAT:OPER:COND?") == "512"
    assert bench.ask("DEL:RATE?") == "0.000,17280.000000"
    bench.tell("THER:STOP")
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    assert bench.ask("STAT:OPER:COND?") == "256"
    bench.stop()
    assert bench.ask("STAT:OPER:COND?;EVEN?;:STAT:QUES:COND?") == "0;768;0"
