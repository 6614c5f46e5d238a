# SPDX-License-Identifier: MIT
"""What a hostile review got the therapy to do, on `sim`: a line with two drugs in it, grids of
doses after a bridge, a clock set while jogging, trips. Limits and console: pages of their own."""

import pytest

from host_tests.support.errors import LINE_NOT_CLEARED, OBSERVING, PUMP_FAULT
from host_tests.support.sessions.bench import Bench, assert_balanced, main_with_task
from host_tests.support.sessions.therapy import (
    HOUR_S,
    MIN_S,
    STEPS_PER_UG,
    history,
    ledger_ml,
    prescribe,
    refusal,
)
from pumpbench.client.lines import PumpError
from pumpbench.targets.sim import SimTarget

pytestmark = pytest.mark.slow

NO_DOSE = "NONE,0.000,0.000,0.000"


@pytest.mark.parametrize("before", ["*CLS", "THER:STAR;STOP", "BOL:STAR 1 UG,5 S"])
def test_a_clock_set_while_the_motor_jogs_is_right(pump, before):
    prescribe(pump, "MODE SIMP;RATE 200 UG/D")
    pump.run(HOUR_S)
    pump.tell(before)
    pump.run(HOUR_S)
    pump.tell("MOT:JOG 10,10")
    pump.run(30)
    pump.tell("SYST:TIME 2026-03-02T08:00:00")
    assert pump.ask("SYST:TIME?;STAT?") == "2026-03-02T08:00:00;RUNNING"
    pump.run(MIN_S)
    assert pump.ask("SYST:TIME?;STAT?")[:-3] == "2026-03-02T08:01:00;STOP"
    pump.run(HOUR_S)
    assert pump.ask("SYST:TIME?").startswith("2026-03-02T09:01:0")


PERIODIC = ("MODE PER;RATE 50 UG/D", "PER:DOSE 25 UG,10 MIN,1 HR")
DOSE_ML = 0.05


@pytest.mark.parametrize("end", ["BOL:ABOR", "THER:STOP"])
def test_after_an_aborted_bridge_periodic_doses_are_given(pump, end):
    prescribe(pump, *PERIODIC)
    pump.tell("BRID:STAR 500 UG/ML,4 ML")  # three days
    pump.run(MIN_S)
    pump.tell(end)
    assert pump.ask("THER:STAT?") == "STOPPED"
    pump.mark()
    pump.tell("THER:STAR")
    pump.run(HOUR_S - MIN_S)
    assert pump.ask("BOL:STAT?") == NO_DOSE
    pump.run(2 * MIN_S)
    assert pump.ask("BOL:STAT?").startswith("PERIODIC,25.000,")
    pump.run(HOUR_S + 10 * MIN_S)
    assert ledger_ml(pump)["PERIODIC"] == pytest.approx(2 * DOSE_ML)
    pump.tell("THER:STOP")
    assert_balanced(pump)


def test_a_periodic_dose_that_fell_into_a_bridge_is_neither_given_nor_reported(pump):
    names = prescribe(pump, *PERIODIC)
    pump.tell("THER:STAR")
    pump.run(1)
    pump.tell("THER:STOP")
    pump.tell("BRID:STAR 500 UG/ML,0.0557 ML")  # 3702 s: ends in the second minute of a dose
    pump.run(HOUR_S + 2 * MIN_S + 10)
    assert pump.ask("THER:STAT?;:BOL:STAT?;:STAT:OPER:COND?") == f"RUNNING;{NO_DOSE};256"
    assert pump.ask("DEL:RATE?") == "50.000,0.100000"
    pump.tell("PRES:EDIT")
    token = pump.ask("PRES:VAL?").split(",")[1]
    pump.tell("PRES:COMM " + ",".join([token, *names]))
    pump.tell("BOL:STAR 5 UG,60 S")
    pump.run(10 * MIN_S)
    assert history(pump, 1) == [("CLINICIAN", 5.0, 5.0, "COMPLETED")]
    assert ledger_ml(pump)["PERIODIC"] == 0
    pump.run(HOUR_S)
    assert ledger_ml(pump)["PERIODIC"] == pytest.approx(DOSE_ML)


SIMPLE = "MODE SIMP;RATE 2000 UG/D"
PRIME, BRIDGE = "PRIM:STAR 0.4 ML,10 ML/HR", "BRID:STAR 500 UG/ML,0.4 ML"


def mixed(pump, command, end):
    """500 ug/mL in the line, 2000 active, and what was to clear it interrupted."""
    prescribe(pump, SIMPLE)
    pump.tell("THER:STAR")
    pump.run(10)
    pump.tell("THER:STOP")
    prescribe(pump, SIMPLE, concentration="2000 UG/ML")
    pump.tell(command)
    pump.run(MIN_S)
    pump.tell(end)


@pytest.mark.hazard("drug-left-in-line", "prime-too-much")
@pytest.mark.parametrize("end", ["BOL:ABOR", "THER:STOP"])
@pytest.mark.parametrize("command", [PRIME, BRIDGE])
def test_a_prime_or_bridge_that_was_interrupted_leaves_a_line_that_suits_no_drug(
    pump, command, end
):
    mixed(pump, command, end)
    edges = pump.plant.edges.count
    for concentration in ("2000 UG/ML", "500 UG/ML", "1000 UG/ML"):
        prescribe(pump, SIMPLE, concentration=concentration)
        for line in ("THER:STAR", "BOL:STAR 10 UG,1 MIN", "BOL:TRI 10 UG,1 MIN,1 HR"):
            assert refusal(pump, line) == LINE_NOT_CLEARED
    pump.run(MIN_S)
    assert pump.plant.edges.count == edges
    pump.tell(PRIME)  # by the third drug, through to its end
    pump.run(200)
    pump.tell("THER:STAR")


@pytest.mark.parametrize("command", [PRIME, BRIDGE])
def test_after_an_interruption_another_bridge_from_the_old_drug_clears_the_line(pump, command):
    mixed(pump, command, "BOL:ABOR")
    pump.tell(BRIDGE)
    pump.run(MIN_S)
    pump.tell("BOL:ABOR")
    assert refusal(pump, "THER:STAR") == LINE_NOT_CLEARED
    pump.tell(BRIDGE)
    assert pump.ask("THER:STAT?") == "BRIDGE"
    pump.run(3 * HOUR_S)
    assert pump.ask("THER:STAT?") == "RUNNING"
    pump.tell("THER:STOP;STAR")
    assert pump.ask("THER:STAT?") == "RUNNING"


# Asks what is given, and aborts it, {off_us} after the first periodic dose was due, exactly.
ABORT_AT = """
is_done = [False]


def extra(now_us):
    infusion = app.orders.infusion
    if infusion.mode.name != "RUNNING" or is_done[0]:
        return None
    at_us = infusion.grid.anchor_us + 300_000_000 + {off_us}
    if infusion.now_us() < at_us - 500_000:
        return None
    app.clock.wait_until(app.clock.now_us() + at_us - infusion.now_us())
    is_done[0] = True
    for byte in b"BOL:STAT?;ABOR\\n":
        app.link._session.take(byte)
    app.link._session.step()
    app.link._session.step()
    print("".join(app.link._session.step()))
"""


@pytest.mark.parametrize("off_us", [-1_000_000, -1000, -1, 0, 1, 1000, 1_000_000])
def test_an_abort_around_the_start_of_a_periodic_dose_neither_loses_nor_doubles_it(off_us):
    bench = Bench(SimTarget(main=main_with_task(ABORT_AT.format(off_us=off_us))))
    prescribe(bench, "MODE PER;RATE 50 UG/D", "PER:DOSE 25 UG,60 S,5 MIN")
    bench.mark()
    bench.tell("THER:STAR")
    bench.run(310)
    is_aborted = bench.target.read_line() != NO_DOSE
    assert is_aborted == (off_us > 0)
    assert bench.ask("BOL:STAT?").startswith("NONE" if is_aborted else "PERIODIC,25.000,")
    bench.run(60)
    first_ml = ledger_ml(bench)["PERIODIC"]
    assert first_ml == pytest.approx(off_us / 60e6 * DOSE_ML if is_aborted else DOSE_ML, abs=7e-5)
    bench.run(300)
    assert ledger_ml(bench)["PERIODIC"] - first_ml == pytest.approx(DOSE_ML)
    bench.tell("THER:STOP")
    assert_balanced(bench)


@pytest.mark.parametrize(("at_s", "due_ml"), [(299, DOSE_ML), (300, 0), (301, DOSE_ML / 60)])
def test_a_typed_abort_ends_a_periodic_dose_only_once_it_has_begun(pump, at_s, due_ml):
    prescribe(pump, "MODE PER;RATE 50 UG/D", "PER:DOSE 25 UG,60 S,5 MIN")
    pump.tell("THER:STAR")
    pump.run(at_s)
    pump.tell("BOL:ABOR")
    pump.run(70)
    assert ledger_ml(pump)["PERIODIC"] == pytest.approx(due_ml, abs=1e-4)


@pytest.mark.hazard("trial-goes-on")
def test_a_stop_does_not_end_an_observation(pump):
    prescribe(pump, "MODE SIMP;RATE 200 UG/D")
    pump.tell("BOL:TRI 10 UG,1 MIN,4 HR")
    pump.run(2 * MIN_S)
    for line in ("THER:STOP", "FOO;:THER:STOP"):
        pump.target.tell(line)
        pump.drain()
        assert pump.ask("THER:STAT?;:STAT:OPER:COND?") == "OBSERVATION;2048"
        for action in ("THER:STAR", "BOL:STAR 10 UG,1 MIN", PRIME, "MOT:JOG 1,10"):
            assert refusal(pump, action) == OBSERVING
    assert history(pump, 1) == [("TRIAL", 10.0, 10.0, "COMPLETED")]
    pump.run(4 * HOUR_S - MIN_S - 10)
    assert pump.ask("THER:STAT?") == "OBSERVATION"
    pump.run(20)
    assert pump.ask("THER:STAT?") == "STOPPED"
    assert pump.plant.edges.count == 10 * STEPS_PER_UG


DYING = """
def extra(now_us):
    if delivering_us(now_us) > 30_000_000 and app.supervisor.fault is None:
        raise {misfortune}
    return now_us + 20_000
"""
GIVEN = {
    "THER:STAR;:BOL:STAR 10 UG,60 S": "CLINICIAN",
    "BOL:STAR 10 UG,60 S": "CLINICIAN",
    "BOL:TRI 10 UG,60 S,1 HR": "TRIAL",
    "THER:STAR;:BOL:PAT": "PATIENT",
    "BRID:STAR 500 UG/ML,0.01 ML": "BRIDGE",
}


@pytest.mark.parametrize("misfortune", ["Fault(203)", "KeyError"])
@pytest.mark.parametrize(("command", "kind"), GIVEN.items(), ids=GIVEN)
def test_a_trip_leaves_the_dose_under_way_on_record_with_what_it_gave(command, kind, misfortune):
    main = main_with_task(DYING.format(misfortune=misfortune))
    bench = Bench(SimTarget(main=main))
    prescribe(bench, "MODE SIMP;RATE 5000 UG/D", "PAT:DOSE 10 UG,60 S;LOCK 1 HR;MAX 4")
    bench.tell(command)
    bench.run(40)
    edges = bench.plant.edges.count
    assert bench.ask("SYST:STAT?;:THER:STAT?;:BOL:STAT?") == f"FAULT;STOPPED;{NO_DOSE}"
    [(name, _, given_ug, outcome)] = history(bench, 32)
    assert (name, outcome) == (kind, "FAULT")
    assert given_ug == pytest.approx(float(ledger_ml(bench)[kind] * 500), abs=0.001)
    assert 1 < given_ug < 9
    bench.tell("*CLS;:THER:STOP;:BOL:ABOR")
    assert history(bench, 32)[0][3] == "FAULT"
    assert refusal(bench, command) == PUMP_FAULT
    bench.run(MIN_S)
    assert bench.plant.edges.count == edges
    assert bench.target.pin("enable").level == 1


def test_an_aborted_bridge_does_not_shift_a_grid_that_was_there_before(pump):
    prescribe(pump, "MODE PER;RATE 0.1 ML/D;PER:DOSE 25 UG,10 MIN,1 HR")
    pump.tell("THER:STAR")
    pump.run(8400)
    pump.tell("THER:STOP")
    pump.tell("BRID:STAR 500 UG/ML,0.2 ML")
    pump.run(60)
    pump.tell("BOL:ABOR")
    pump.tell("THER:STAR")
    pump.run(10_800 - 8_460 - 10)
    assert pump.ask("BOL:STAT?").startswith("NONE")
    pump.run(20)
    assert pump.ask("BOL:STAT?").startswith("PERIODIC")


@pytest.mark.chip_in_soak
@pytest.mark.hazard("number-misread")
def test_a_dose_of_less_than_a_step_is_refused_with_its_volume(bench):
    prescribe(bench, "MODE SIMP;RATE 120 UG/D")
    with pytest.raises(PumpError, match=r"119: Less than one step;0\.000060 mL"):
        bench.tell("BOL:STAR 0.03 UG,1 MIN")
    bench.tell("BOL:STAR 0.032 UG,1 MIN")


@pytest.mark.chip_in_soak
def test_a_dose_that_cannot_be_is_refused_with_the_numbers_that_say_why(bench):
    prescribe(bench, "MODE PER;RATE 50 UG/D", "PER:DOSE 25 UG,60 S,5 MIN")
    with pytest.raises(PumpError, match=r"mL a day; the pump does \d\S* to \d"):
        bench.tell("PRIM:STAR 0.1 ML,5000 ML/HR")
    with pytest.raises(PumpError, match=r"0\.001536 mL a day; the pump does \d"):
        bench.tell("BOL:STAR 0.032 UG,1 HR")
    bench.tell("THER:STAR")
    bench.run(200)
    with pytest.raises(PumpError, match=r"the next periodic dose begins in \d+\.\d{3} s"):
        bench.tell("BOL:STAR 10 UG,4 MIN")
