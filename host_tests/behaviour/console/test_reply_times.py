# SPDX-License-Identifier: MIT
"""How long an answer takes on a chip: from the host's line feed to the pump's.

The emulated chip runs bytecode about as fast as a real one, and its time is simulated: the figures
are the same on every machine.
"""

import random
from statistics import median

import pytest

QUERIES = (
    "*IDN?",
    "*STB?",
    "SYST:STAT?",
    "SYST:ERR?",
    "DEL:STEP?",
    "DEL:RATE?",
    "DEL:TOT?",
    "BOL:STAT?",
    "RES:VOL?",
    "ALAR:ACT?",
)
MEDIAN_MS = 20  # of all answers
QUERY_MS = 40  # of those of any query: a collection of garbage takes 30
WORST_MS = 200  # a record is written just then, which takes 140, and garbage collected
PAUSES_S = 0.05, 0.4


def times_ms(bench, query, count):
    """Of that many answers, asked for at any time."""
    pauses, found = random.Random(query), []
    for _ in range(count):
        bench.run(pauses.uniform(*PAUSES_S))
        since_ns = bench.target.now_ns
        bench.target.write(query.encode() + b"\n")
        bench.target.read_line(5)
        found.append((bench.target.now_ns - since_ns) / 1e6)
    return sorted(found)


def in_a_second(bench):
    """How many answers, each asked for when the one before has come."""
    since_ns = bench.target.now_ns
    for query in QUERIES * 2:
        bench.target.write(query.encode() + b"\n")
        bench.target.read_line(5)
    return 2 * len(QUERIES) / (bench.target.now_ns - since_ns) * 1e9


@pytest.mark.emulator
@pytest.mark.parametrize(
    ("rate", "count"),
    [
        ("24 ML/D", 3),
        pytest.param(None, 200, marks=pytest.mark.long),
        pytest.param("24 ML/D", 200, marks=pytest.mark.long),
        pytest.param("1000 ML/HR", 200, marks=pytest.mark.long),
    ],
)
def test_a_query_is_answered_at_once(emulated_bench, rate, count, record_property):
    bench = emulated_bench
    if rate is not None:
        bench.tell("RES:REF 20 ML")
        bench.prescribe(rate)
        bench.tell("THER:STAR")
    bench.run(1)
    table = {query: times_ms(bench, query, count) for query in QUERIES}
    lines = [
        f"{query} {median(found):.0f}, {found[int(0.99 * count)]:.0f}, {found[-1]:.0f}"
        for query, found in table.items()
    ]
    doing = rate or "stopped"
    told = f"median, p99, worst of {count} answers in ms, {doing}: {'; '.join(lines)}"
    told += f"; {in_a_second(bench):.0f} a second one behind the other"
    record_property("measured", told)
    assert median(ms for found in table.values() for ms in found) < MEDIAN_MS, told
    assert all(median(found) < QUERY_MS for found in table.values()), told
    assert all(found[-1] < WORST_MS for found in table.values()), told
