# SPDX-License-Identifier: MIT
"""Fuzzed lines during a delivery: no step lost, no crash, no memory lost."""

import random

import pytest

from host_tests.support.boards.footprint import apps, most_free, size_of
from host_tests.support.console.fuzz import Fuzz
from host_tests.support.sessions.bench import assert_exact

RATE = "24 ML/D"
BATCH = 50
LONGEST_MS = 900  # the queue is sure for 1200
# A leak shows in thousands of lines on `sim` and `unix`; a chip adds its speed, flash and heap.
LEAST = {"sim": 20_000, "unix": 2_000, "emulator": 100}  # lines in `make test`
TIMES = {
    "sim": 100,
    "unix": 10,
    "emulator": 1,
}  # so many lines of `sim` for one of the emulator's in soak


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.hazard("console-flood")
def test_fuzzed_lines_cost_no_step_no_memory_and_no_answer(bench, lines, seed, record_property):
    name = bench.target.name
    fuzz, count = Fuzz(random.Random(seed)), max(LEAST[name], lines * TIMES[name])
    bench.prescribe(RATE)
    bench.tell("THER:STAR")
    memory = memory_of(bench)
    flood(bench, fuzz, count // 2)
    before = memory()
    flood(bench, fuzz, count - count // 2)
    grown = memory() - before
    assert bench.ask("*TST?") == "0"
    bench.stop()
    assert_exact(bench, RATE)
    assert grown <= 4_000
    longest_ms = float(bench.ask("SYST:HEAL?").split(",")[1])
    assert longest_ms < LONGEST_MS
    told = f"no step lost, {grown} B grown, longest cycle {longest_ms:.0f} ms"
    record_property("measured", f"{count} fuzzed lines on {name}: {told}")


def flood(bench, fuzz, count):
    """Lines in batches; after each of them the pump runs, or it is told which batch stopped it."""
    for first in range(0, count, BATCH):
        lines = [fuzz.line() for _ in range(first, min(first + BATCH, count))]
        for line in lines:
            bench.target.write(line)
        bench.drain()
        if bench.ask("SYST:STAT?") != "RUNNING":
            bench.run(5)  # until the log is in flash
            told = [bench.ask(f"LOG:READ? {number},1") for number in last_events(bench)]
            pytest.fail(f"stopped by lines {first} to {first + BATCH}: {told} {lines}")


def last_events(bench, count=10):
    """Numbers of the last events."""
    held, oldest = map(int, bench.ask("LOG:COUN?").split(","))
    return range(max(oldest, oldest + held - count), oldest + held)


def memory_of(bench):
    """What answers how many bytes are in use."""
    if bench.target.name != "sim":
        return lambda: -most_free(bench)
    return lambda: sum(size_of(app) for app in apps())  # boards of other tests stay as they are
