# SPDX-License-Identifier: MIT
"""Days of delivery by the whole firmware in virtual time, on exactly the steps that are due.

An ordinary run has six hours at 1 mL/d, `make soak` a day at every rate, and days on end. The tick
counters start seconds before their wraps: `ticks_us` (17.9 min) wraps at every rate, `ticks_ms`
(12.4 days) once.
"""

import time
from fractions import Fraction

import pytest

from host_tests.support.sessions.bench import Bench, assert_on_time, period_us
from pumpbench.targets.sim import SimTarget

DAY_S = 86_400
MARGIN_S = 0.5  # the first step may be due up to this long after a whole day


def deliver(rate, seconds):
    """Deliver from now on; returns the bench right after the given time of delivery."""
    bench = Bench(SimTarget())
    bench.prescribe(rate)
    bench.target.write(b"THER:STAR\n")
    bench.run(seconds + MARGIN_S)
    return bench


def due_steps(rate, seconds):
    return int(Fraction(seconds) * 1_000_000 / period_us(rate))


def long(rate):
    """A rate whose day is for the long campaigns alone."""
    return pytest.param(rate, marks=pytest.mark.long)


@pytest.mark.slow
@pytest.mark.parametrize(
    "rate",
    [
        long("0.048 ML/D"),
        long("1 ML/D"),
        long("24 ML/D"),
        long("100 ML/HR"),
        long("1000 ML/HR"),
    ],
)
def test_a_day_ends_on_exactly_the_floor_of_the_steps_due(rate, record_property):
    began_s = time.perf_counter()
    bench = deliver(rate, DAY_S)
    wall_s = time.perf_counter() - began_s
    start_ns = next(bench.plant.edges.times_ns()) - round(period_us(rate) * 1000)
    edges = bench.plant.edges.count_until(start_ns + DAY_S * 10**9 + 2_000)
    assert edges == due_steps(rate, DAY_S)
    bench.stop()
    steps = bench.steps()
    assert steps.emitted == steps.witness == steps.commanded == bench.plant.edges.count
    assert bench.ask("SYST:ERR?") == '0,"No error"'
    record_property("measured", f"a day at {rate}: {edges} steps, {wall_s:.1f} s of wall time")
    assert wall_s < 60


@pytest.mark.slow
@pytest.mark.soak
def test_a_day_at_a_rate_that_is_no_whole_period_never_drifts(days):
    rate = "0.777 ML/HR"
    seconds = DAY_S * min(days, 10) // 10
    bench = deliver(rate, seconds)
    assert_on_time(bench.plant.edges, period_us(rate))
    assert bench.plant.edges.count >= due_steps(rate, seconds)


@pytest.mark.slow
@pytest.mark.hazard("clock-wraps")
@pytest.mark.soak
def test_many_days_cross_every_wrap_of_the_tick_counters(days, record_property):
    rate, seconds = "1 ML/D", days * DAY_S if days > 1 else DAY_S // 4
    bench = deliver(rate, seconds)
    start_ns = next(bench.plant.edges.times_ns()) - round(period_us(rate) * 1000)
    edges = bench.plant.edges.count_until(start_ns + seconds * 10**9 + 2_000)
    assert edges == due_steps(rate, seconds)
    assert_on_time(bench.plant.edges, period_us(rate))
    uptime_s = float(bench.ask("SYST:UPT?"))
    assert uptime_s == pytest.approx(bench.target.now_ns / 1e9, abs=1)
    record_property("measured", f"{seconds / DAY_S:g} days at {rate}: {edges} steps, none missing")
