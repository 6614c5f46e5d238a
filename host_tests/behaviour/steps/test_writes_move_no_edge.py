# SPDX-License-Identifier: MIT
"""Flash is written while steps go out: the processor stands still for it, and no edge moves."""

import pytest

from host_tests.support.sessions.bench import assert_exact, period_us
from pumpbench.analysis.judge import judge

RATES = ("24 ML/D", "100 ML/HR", "1000 ML/HR")
DELIVERY_S = 2.5
WRITES = 20
MOST_ROUNDS = 100

# Each of them is in flash before its answer, or makes an event that is soon.
LINES = (
    "RES:LOW 1.1 ML",
    "THER:RES BAS",
    "SYST:TIME 2026-03-01T08:00:{second:02d}",
    "RES:LOW 1.2 ML",
    "THER:RES HOLD",
    "RES:CAP 19.{second:02d} ML",
)


def write_for(bench, seconds):
    """Make the pump write, one thing after the other, and commit again what it is delivering.

    It goes on for this long, and until there were WRITES of them; the number is returned.
    """
    end_ns = bench.target.now_ns + round(seconds * 1e9)
    before = writes(bench)
    second = 0
    while bench.target.now_ns < end_ns or writes(bench) - before < WRITES:
        assert second < MOST_ROUNDS
        for line in LINES:
            bench.tell(line.format(second=second % 60))
        verdict, token = bench.ask("PRES:EDIT;VAL?").split(",")
        assert verdict == "OK"
        bench.tell(f"PRES:COMM {token}")
        second += 1
    return writes(bench) - before


def writes(bench):
    return int(bench.ask("SYST:HEAL?").split(",")[3])


@pytest.mark.slow
@pytest.mark.chip_in_soak(but=("1000 ML/HR",))
@pytest.mark.hazard("flash-write-delays-step")
@pytest.mark.parametrize("rate", RATES)
def test_no_edge_moves_while_records_events_and_setup_are_written(bench, rate, record_property):
    bench.tell("RES:REF 18 ML")
    bench.prescribe(rate)
    bench.mark()
    start_ns = bench.target.now_ns
    bench.tell("THER:STAR")
    count = write_for(bench, DELIVERY_S)
    taken_s = (bench.target.now_ns - start_ns) / 1e9
    bench.stop()
    assert_exact(bench, rate)
    assert bench.ask("SYST:ERR?") == '0,"No error"'
    assert bench.plant.edges.count >= int(DELIVERY_S * 1e6 / period_us(rate)) - 1
    judgement = judge(bench.plant.edges, period_us(rate))
    record_property(
        "measured",
        f"{count} flash writes within {taken_s:.1f} s at {rate} on {bench.target.name}: "
        f"{judgement.edges} steps, the worst interval {float(judgement.worst_error_us):+.3f} "
        f"us from the ideal, lateness within {float(judgement.spread_us):.1f} us",
    )
