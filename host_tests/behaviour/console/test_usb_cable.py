# SPDX-License-Identifier: MIT
"""A cable that is pulled, a host that sleeps, a port that is closed: the therapy goes on.

The port is that of MicroPython 1.24 and later, see `pumpbench.targets.sim.console`: it says that
it can be written to whenever no host is connected, and a write then waits for 500 ms, or, until
1.26, for ever.
"""

import pytest

from host_tests.support.sessions.bench import Bench, assert_exact
from pumpbench.targets.sim import SimTarget, fake_machine
from pumpbench.targets.sim.console import FRAME_ADDRESS

RATE = "1000 ML/HR"
FLOOD = b"*IDN?\n" * 30
FOR_EVER = None  # MicroPython 1.24 to 1.26
HALF_A_SECOND = 500_000_000  # from 1.27 on


def delivering(bench=None):
    bench = bench or Bench(SimTarget())
    bench.prescribe(RATE)
    bench.tell("THER:STAR")
    return bench, bench.target.world.console


def assert_goes_on(bench):
    """A new question gets its answer, and every step was on time."""
    bench.drain()
    assert bench.ask("THER:STAT?") == "RUNNING"
    bench.stop()
    assert_exact(bench, RATE)


@pytest.mark.hazard("host-gone")
@pytest.mark.parametrize("waits_ns", [FOR_EVER, HALF_A_SECOND])
@pytest.mark.parametrize("end", ["suspend", "close"])
@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("after_s", [0.0012, 0.0022, 0.0035, 0.5])
def test_a_host_that_goes_with_answers_waiting_costs_no_step(waits_ns, end, reads, after_s):
    bench, console = delivering()
    console.write_timeout_ns = waits_ns
    console.host_reads = reads
    bench.target.write(FLOOD)
    bench.run(after_s)
    getattr(console, end)()
    bench.run(60)
    if end == "suspend":
        console.resume()
    console.open()
    console.host_reads = True
    bench.run(1)
    assert_goes_on(bench)


@pytest.mark.slow
@pytest.mark.hazard("host-gone")
@pytest.mark.no_chip
@pytest.mark.unix_in_soak
@pytest.mark.parametrize("waits_ns", [FOR_EVER, HALF_A_SECOND])
def test_a_cable_that_is_pulled_for_half_an_hour_costs_no_step(bench, waits_ns):
    bench, console = delivering(bench)
    console.write_timeout_ns = waits_ns
    console.host_reads = False
    bench.target.write(FLOOD)
    bench.run(0.02)
    console.suspend()
    console.host_reads = True
    bench.run(1800)
    console.plug()
    console.open()
    bench.run(1)
    assert_goes_on(bench)


@pytest.mark.parametrize("end", ["suspend", "close"])
def test_what_waited_for_seconds_is_dropped_and_the_next_host_reads_whole_lines(end):
    bench, console = delivering()
    before = len(bench.target.output)
    console.host_reads = False
    bench.target.write(FLOOD)
    bench.run(0.01)
    getattr(console, end)()
    bench.run(10)
    console.resume()
    console.open()
    console.host_reads = True
    bench.run(2)
    lines = bytes(bench.target.output[before:]).split(b"\n")
    assert lines.pop() == b""
    assert 2 < len(lines) < 10  # what the port held, and the rest of a line
    if end == "close":
        lines = lines[1:]  # what was written last, from anywhere on
    assert len(set(lines)) == 1  # whole ones
    assert_goes_on(bench)


@pytest.mark.hazard("host-gone")
def test_a_port_that_tells_no_frames_holds_python_up_once(monkeypatch):
    """Another chip, or an emulated one: a write that waited is not tried again."""
    read = fake_machine.mem32.__class__.__getitem__
    still = lambda words, address: 7 if address == FRAME_ADDRESS else read(words, address)  # noqa: E731
    monkeypatch.setattr(fake_machine.mem32.__class__, "__getitem__", still)
    bench, console = delivering()
    console.host_reads = False
    bench.target.write(FLOOD)
    bench.run(0.02)
    console.suspend()
    bench.run(60)
    assert console.timeouts == 1
    console.host_reads = True
    console.resume()
    bench.run(1)
    assert_goes_on(bench)


def test_a_host_that_sleeps_while_nothing_waits_is_answered_when_it_wakes():
    bench, console = delivering()
    for _ in range(20):
        console.suspend()
        bench.run(1)
        console.resume()
        assert bench.ask("THER:STAT?") == "RUNNING"
    assert_goes_on(bench)
