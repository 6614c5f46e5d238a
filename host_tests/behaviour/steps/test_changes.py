# SPDX-License-Identifier: MIT
"""Changes in the middle of a delivery, in any order: no burst, no gap, nothing given twice."""

import pytest

from host_tests.support.sessions.bench import (
    STEP_NL,
    Bench,
    assert_balanced,
    main_with_task,
    period_us,
)
from pump.delivery.planner import CHUNK_US
from pumpbench.client.lines import PumpError
from pumpbench.targets.sim import SimTarget


def refusal(bench, command):
    with pytest.raises(PumpError) as error:
        bench.tell(command)
    return error.value.number


@pytest.mark.chip_in_soak
@pytest.mark.parametrize("after_s", [0.05, 1.1])
def test_a_much_lower_rate_committed_just_before_a_stop_is_all_that_a_start_delivers(
    bench, after_s
):
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.run(1.0)
    bench.prescribe("0.05 ML/D")
    bench.run(after_s)
    bench.stop()
    before = bench.plant.edges.count
    bench.tell("THER:STAR")
    bench.run(2.0)
    bench.stop()
    assert bench.plant.edges.count - before <= 1
    assert_balanced(bench)


@pytest.mark.chip_in_soak
def test_a_much_higher_rate_committed_just_before_a_stop_starts_at_once(bench):
    bench.prescribe("0.05 ML/D")
    bench.tell("THER:STAR")
    bench.run(0.5)
    bench.prescribe("1000 ML/HR")
    bench.run(0.2)
    bench.stop()
    bench.mark()
    edges = bench.plant.edges
    bench.tell("THER:STAR")
    bench.run(1.0)
    first_ns = next(edges.times_ns())
    ideal = 900_000 / period_us("1000 ML/HR")
    assert edges.count_until(first_ns + 900_000_000) - 1 == pytest.approx(float(ideal), abs=2)
    bench.stop()
    assert_balanced(bench)


@pytest.mark.chip_in_soak
def test_what_a_coarse_calibration_left_over_is_no_burst_of_a_fine_one(bench):
    bench.tell("MOT:CAL:PERR 10 ML")
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    bench.run(3.0)
    bench.tell("THER:STOP")
    bench.tell("MOT:CAL:PERR 0.001 ML")
    bench.prescribe("0.006 ML/D")
    bench.mark()
    bench.tell("THER:STAR")
    bench.run(1.0)
    bench.tell("THER:STOP")
    assert bench.plant.edges.count <= 1


@pytest.mark.chip_in_soak
def test_many_commits_in_a_row_end_with_the_last_one(bench):
    bench.prescribe("100 ML/HR")
    bench.tell("THER:STAR")
    for rate in (900, 50, 700, 200):
        bench.prescribe(f"{rate} ML/HR")
    bench.run(2.5)
    before = bench.plant.edges.count
    bench.run(1.0)
    ideal = 1e6 / period_us("200 ML/HR")
    assert bench.plant.edges.count - before == pytest.approx(float(ideal), abs=1)
    bench.stop()
    assert_balanced(bench)


@pytest.mark.chip_in_soak(but=("FOO;:THER:STOP",))
@pytest.mark.hazard("stop-ignored")
@pytest.mark.parametrize(
    "line",
    [
        "THER:STOP 1",
        "THER:STOP,",
        "FOO;:THER:STOP",
        ";THER:STOP",
        "X 007;THER:STOP",
        "BOL:STATTHER:STOP",
        "\x00THER:STOP",
        "THER:STOP;" + "x" * 300,
        "'THER:STOP",
    ],
)
def test_a_stop_is_not_lost_to_what_stands_around_it(bench, line):
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.target.tell(line)
    assert bench.ask("SYST:STAT?") == "STOPPED"
    assert bench.ask("SYST:ERR?") != '0,"No error"'
    assert_balanced(bench)


@pytest.mark.chip_in_soak
@pytest.mark.parametrize("tail", [";", ";:FOO?"])
def test_a_stop_that_was_done_is_not_done_again_for_a_mistake_behind_it(bench, tail):
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    bench.target.tell("THER:STOP;:THER:STAR" + tail)
    assert bench.ask("THER:STAT?") == "RUNNING"


@pytest.mark.chip_in_soak
def test_nothing_can_be_set_in_motion_once_the_firmware_is_ending(bench):
    actions = "MOT:JOG 1,300\nBOL:STAR 1 UG,5 S\nPRIM:STAR 1 ML,1 ML/HR\nTHER:STAR\n"
    bench.prescribe("1000 ML/HR")
    bench.target.write(f"SYST:SERV;:THER:STAR\n{actions}".encode())
    bench.run(0.5)
    assert bench.plant.edges.count == 0
    assert bench.target.pin("enable").level == 1


@pytest.mark.chip_in_soak
def test_a_commit_after_a_fault_is_refused(power_up):
    bench = Bench(power_up(main=main_with_task(FAULT_WHEN_DELIVERING)))
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.run(0.3)
    bench.tell("*CLS")
    bench.tell("PRES:NEW")
    bench.tell("PRES:CONC 500 UG/ML;MODE SIMP;RATE 1 ML/D")
    token = bench.ask("PRES:VAL?").split(",")[1]
    assert refusal(bench, f"PRES:COMM {token}") == 107
    assert bench.ask("PRES:ACT?").endswith(",24000.000000")


FAULT_WHEN_DELIVERING = """
def extra(now_us):
    if delivering_us(now_us) > 100_000 and app.supervisor.fault is None:
        raise Fault(203)
    return now_us + 20_000
"""

# Holds everything up once, for {hold_ms}, from {after_ms} after the start of a delivery.
HOLD = """
def extra(now_us):
    if delivering_us(now_us) >= {after_ms} * 1000:
        time.sleep_ms({hold_ms})
        since_us[0] = 1 << 60
    return now_us + 1_000
"""


@pytest.mark.slow
@pytest.mark.parametrize("rate", ["24 ML/D", "70.123 ML/HR", "995.6 ML/HR", "333.33 ML/D"])
@pytest.mark.parametrize("after_ms", range(1000, 1900, 61))
def test_being_held_up_for_most_of_a_chunk_costs_no_step(rate, after_ms, record_property):
    hold_ms = CHUNK_US // 1000 - 20
    hold = HOLD.format(after_ms=after_ms, hold_ms=hold_ms)
    bench = Bench(SimTarget(main=main_with_task(hold)))
    bench.prescribe(rate)
    bench.tell("THER:STAR")
    bench.run(4.0)
    assert bench.ask("SYST:STAT?;ERR?") == 'RUNNING;0,"No error"'
    bench.stop()
    assert_balanced(bench)
    record_property(
        "measured", f"held up for {hold_ms} ms at any phase of a renewal: no step lost"
    )


# Holds everything up for {hold_ms} whenever a delivery has just been started.
HOLD_AT_START = """
was_active = [False]


def extra(now_us):
    is_active = app.dispenser.is_active()
    if is_active and not was_active[0]:
        time.sleep_ms({hold_ms})
    was_active[0] = is_active
"""


@pytest.mark.parametrize("rate", ["24 ML/D", "70.123 ML/HR", "1000 ML/HR"])
def test_a_start_queues_enough_for_a_hold_up_whatever_fraction_it_begins_with(rate):
    main = main_with_task(HOLD_AT_START.format(hold_ms=700)).replace(
        'app.tasks += (("extra", extra),)',
        'app.tasks = (app.tasks[0], ("extra", extra), *app.tasks[1:])',
    )
    bench = Bench(SimTarget(main=main))
    bench.prescribe(rate)
    for piece_ms in range(900, 1300, 37):
        bench.tell("THER:STAR")
        bench.run(piece_ms / 1000 + 0.000_219)
        bench.tell("THER:STOP")
    assert_balanced(bench)


def test_a_hold_up_in_the_very_cycle_of_a_renewal_is_seen():
    hold = HOLD.format(after_ms=1500, hold_ms=2500)
    main = main_with_task(hold).replace(
        'app.tasks += (("extra", extra),)', 'app.tasks = (("extra", extra), *app.tasks)'
    )
    bench = Bench(SimTarget(main=main))
    bench.prescribe("995.6 ML/HR")
    bench.tell("THER:STAR")
    bench.run(5.0)
    assert bench.ask("SYST:STAT?") == "FAULT"
    assert bench.ask("SYST:ERR?").startswith("202,")


@pytest.mark.chip_in_soak
def test_the_volume_of_many_short_deliveries_adds_up(bench):
    bench.prescribe("70.123 ML/HR")
    nl_s = 70.123e6 / 3600
    most_s = 0.0  # from the order to start to the answer to the order to stop
    for _ in range(10):
        begun_ns = bench.target.now_ns
        bench.tell("THER:STAR")
        bench.run(0.123)
        bench.tell("THER:STOP")
        most_s += (bench.target.now_ns - begun_ns) / 1e9
    volume_nl = float(bench.plant.edges.count * STEP_NL)
    assert 10 * 0.12 * nl_s <= volume_nl <= most_s * nl_s
    assert_balanced(bench)
