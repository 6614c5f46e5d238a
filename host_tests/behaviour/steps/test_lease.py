# SPDX-License-Identifier: MIT
"""If Python stops renewing, steps end by themselves: the bound on what a hang over-delivers."""

import pytest

from host_tests.support.sessions.bench import STEP_NL, Bench, main_with_task, period_us
from pump.delivery.planner import CHUNK_US, COUNT_MAX, FASTEST_STEPS_S
from pumpbench.targets.sim import SimTarget

LEASE_S = 2.0

# A task that never returns, {after_us} after the start of a delivery.
HANG = """
def extra(now_us):
    if delivering_us(now_us) >= {after_us}:
        print("HUNG")
        while True:
            machine.idle()
    return now_us + 50_000
"""

# A task that takes {held_ms}, once.
HELD_UP = """
def extra(now_us):
    if delivering_us(now_us) >= {after_us}:
        time.sleep_ms({held_ms})
        since_us[0] = 1 << 60
    return now_us + 50_000
"""


@pytest.mark.chip_in_soak
@pytest.mark.hazard("task-hangs")
@pytest.mark.parametrize("rate", ["24 ML/D", "1000 ML/HR"])
def test_the_steps_end_within_the_lease_when_python_hangs(power_up, rate, record_property):
    bench = Bench(power_up(main=main_with_task(HANG.format(after_us=1_500_000))))
    bench.prescribe(rate)
    bench.tell("THER:STAR")
    bench.target.run_until(lambda: b"HUNG" in bench.target.output, timeout_s=5, step_s=0.001)
    hung_ns = bench.target.now_ns
    before = bench.plant.edges.count
    bench.run(LEASE_S + 0.1)
    after = bench.plant.edges.count
    bench.run(1.0)
    assert bench.plant.edges.count == after
    assert bench.plant.edges.last_ns - hung_ns <= LEASE_S * 1e9
    assert 0 < after - before <= LEASE_S * 1e6 / period_us(rate) + 1
    volume_nl = float((after - before) * STEP_NL)
    record_property(
        "measured",
        f"hang at {rate} on {bench.target.name}: {after - before} steps, {volume_nl} nL, the last "
        f"{(bench.plant.edges.last_ns - hung_ns) / 1e9:.3f} s after the hang",
    )


@pytest.mark.hazard("task-hangs")
@pytest.mark.parametrize("after_ms", range(0, 2000, 170))
def test_a_hang_at_any_time_of_a_renewal_ends_within_the_lease(after_ms):
    bench = Bench(SimTarget(main=main_with_task(HANG.format(after_us=after_ms * 1000 + 1))))
    bench.prescribe("70.123 ML/HR")
    bench.tell("THER:STAR")
    bench.target.run_until(lambda: b"HUNG" in bench.target.output, timeout_s=5, step_s=0.001)
    hung_ns = bench.target.now_ns
    bench.run(4.0)
    assert bench.plant.edges.last_ns - hung_ns <= LEASE_S * 1e9


# A task that takes {held_ms}, each time at another phase of the queue.
BUSY = """
def extra(now_us):
    time.sleep_ms({held_ms})
    return app.clock.now_us() + 700_000
"""
SURE_S = 1.2


@pytest.mark.no_chip
@pytest.mark.hazard("flash-write-delays-step")
@pytest.mark.parametrize("head_ml", ["5", "0.2", "0.05", "0.011", "0.002"])
@pytest.mark.parametrize("part", [1, 3, 100])
def test_the_queue_covers_over_a_second_whatever_the_head_and_the_rate(power_up, head_ml, part):
    """Of the fastest rate that this head can have, the whole, a third, a hundredth."""
    bench = Bench(power_up(main=main_with_task(BUSY.format(held_ms=int(SURE_S * 1000) - 50))))
    bench.tell(f"MOT:CAL:PERR {head_ml} ML")
    fastest_ml_hr = min(1000, 5118 * 3600 * float(head_ml) / 3200)
    bench.prescribe(f"{fastest_ml_hr / part * 0.999:.3f} ML/HR")
    bench.tell("THER:STAR")
    bench.run(30)
    assert bench.target.ask("SYST:STAT?;*TST?", 20) == "RUNNING;0"


def test_the_fastest_rate_is_that_of_the_most_steps_in_a_chunk():
    assert COUNT_MAX * 1_000_000 // CHUNK_US == FASTEST_STEPS_S


@pytest.mark.no_chip
def test_a_rate_whose_steps_come_too_fast_to_be_covered_is_refused(bench):
    bench.tell("MOT:CAL:PERR 0.05 ML")
    bench.tell("PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE 289 ML/HR")
    assert "OK" not in bench.ask("PRES:VAL?")
    bench.tell("PRES:RATE 287 ML/HR")
    assert bench.ask("PRES:VAL?").startswith("OK")


@pytest.mark.chip_in_soak
def test_a_firmware_that_was_held_up_past_the_lease_stops_in_fault_and_says_so(power_up):
    task = HELD_UP.format(after_us=500_000, held_ms=3000)
    bench = Bench(power_up(main=main_with_task(task)))
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.run(4.5)
    assert bench.ask("SYST:STAT?") == "FAULT"
    assert bench.ask("SYST:ERR?").startswith('202,"Step queue ran dry')
    assert bench.ask("STAT:QUES:COND?") == "5632"  # in fault: HIGH; and a task was late: LOW
    bench.target.tell("THER:STAR")
    assert bench.ask("SYST:ERR?").startswith("107,")
    assert bench.target.pin("enable").level == 1
    steps = bench.steps()
    assert steps.emitted == steps.witness == steps.commanded == bench.plant.edges.count


@pytest.mark.parametrize("after_ms", range(2000, 2700, 100))
def test_a_queue_that_has_been_dry_for_less_than_a_step_is_noticed(after_ms):
    """A step every 0.7 s, held up for hardly more than the lease."""
    task = HELD_UP.format(after_us=after_ms * 1000, held_ms=int(LEASE_S * 1000) + 20)
    bench = Bench(SimTarget(main=main_with_task(task)))
    bench.prescribe("7.714 ML/D")
    bench.tell("THER:STAR")
    bench.run(6)
    assert bench.ask("SYST:STAT?;*TST?") == "FAULT;202"
