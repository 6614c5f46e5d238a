# SPDX-License-Identifier: MIT
"""A stop is immediate, and what was not delivered is known."""

import random

import pytest

from host_tests.support.sessions.bench import Bench, assert_balanced, main_with_task

LAST_WRITES_S = 1.0
# Steps 1 ms apart, stopped at given instants: what was emitted before, at once after, and later.
STOPS = """
import board, time

hal = __import__("pump.hal." + board.PORT, None, None, ("make_safe",))
hal.make_safe(board)
from pump.clock import Monotonic

engine = hal.step_engine(board, Monotonic())
for wait_us in {waits_us}:
    engine.arm()
    engine.put(20, 1000)
    engine.put(40, 1000)
    engine.start()
    time.sleep_us(wait_us)
    before = engine.emitted()
    engine.stop()
    after = engine.emitted()
    time.sleep_ms(3)
    print(before, after, *engine.counts(), engine.room())
print("DONE")
"""


@pytest.mark.hazard("stop-ignored")
def test_a_stop_at_any_instant_lets_at_most_one_step_out_and_every_step_is_known(power_up, seed):
    around_an_edge_us = [8_000 + offset_us for offset_us in range(-4, 8)]
    anywhere_us = random.Random(seed).sample(range(1_000, 50_000), 12)
    waits_us = around_an_edge_us + anywhere_us
    target = power_up(main=STOPS.format(waits_us=waits_us))
    target.run_until(lambda: b"DONE" in target.output, timeout_s=20)
    for _ in waits_us:
        before, after, later, witness, room = map(int, target.read_line().split())
        assert after - before in (0, 1)
        assert later == after == witness
        assert room == 4
    assert target.plant.edges.count == after


@pytest.mark.chip_in_soak
@pytest.mark.hazard("stop-ignored")
def test_no_step_comes_after_a_stop(bench):
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.run(0.3)
    bench.tell("THER:STOP")
    edges = bench.plant.edges.count
    bench.run(3.0)
    assert bench.plant.edges.count == edges
    assert_balanced(bench)


@pytest.mark.chip_in_soak
def test_the_driver_is_released_by_a_stop(bench):
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.run(0.1)
    assert bench.target.pin("enable").level == 0
    bench.stop()
    assert bench.target.pin("enable").level == 1  # active low


@pytest.mark.chip_in_soak
def test_the_fraction_of_a_step_survives_any_number_of_stops(bench):
    bench.prescribe("24 ML/D")  # a step every 225 ms; each piece is shorter
    pieces, began_ns = 12, bench.target.now_ns
    for _ in range(pieces):
        bench.tell("THER:STAR")
        bench.run(0.1)
        bench.tell("THER:STOP")
    lowest = pieces * 0.1 / 0.225
    most = (bench.target.now_ns - began_ns) / 225e6  # a start and a stop take their time
    assert lowest - 1 <= bench.plant.edges.count <= most
    assert_balanced(bench)


@pytest.mark.chip_in_soak
def test_stopping_what_is_stopped_is_no_error(bench):
    bench.tell("THER:STOP")
    bench.tell("THER:STOP")
    assert bench.ask("SYST:STAT?") == "STOPPED"


def test_service_ends_the_application_with_safe_outputs(bench):
    bench.target.tell("SYST:SERV")
    assert_at_the_repl(bench)


@pytest.mark.chip_in_soak(but=("208",))
@pytest.mark.parametrize("code", [208, 201])
def test_a_pump_in_fault_can_be_serviced(power_up, code):
    """What is wrong may be a file, and the advice is to deploy it again."""
    task = f"""
def extra(now_us):
    if app.engine.emitted() > 2000 and app.supervisor.fault is None:
        raise Fault({code})
    return now_us + 20_000
"""
    bench = Bench(power_up(main=main_with_task(task)))
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.run(1)
    assert bench.ask("SYST:STAT?;*TST?") == f"FAULT;{code}"
    steps = bench.plant.edges.count
    bench.target.tell("SYST:SERV")
    assert_at_the_repl(bench)
    assert bench.plant.edges.count == steps


def assert_at_the_repl(bench):
    """The firmware ends once its last records are written, with the driver off before."""
    bench.run(0.2)
    assert bench.target.pin("enable").level == 1
    bench.target.write(b"\r\n")
    if bench.target.name == "emulator":
        bench.target.run_until(lambda: b">>>" in bench.target.output, LAST_WRITES_S)
    else:
        bench.run(0.2)
        assert bench.target.ended is not None
        assert bench.target.ended.error is None
