# SPDX-License-Identifier: MIT
"""Every board of the repository, from power-up to a delivery that is exact and an alarm heard."""

import json
from fractions import Fraction

import pytest

from host_tests.support.sessions.bench import Bench, assert_balanced, assert_exact, period_us
from pumpbench.boards.catalog import BOARDS_DIR, board_names, port_of
from pumpbench.boards.chips import CHIPS
from pumpbench.targets.sim import SimTarget

LATE_US = 500  # of a step, on a port where Python lies between two pieces of them


@pytest.mark.hazard("wrong-board-file")
@pytest.mark.parametrize("name", board_names())
def test_every_board_delivers_what_is_asked_for_and_is_heard(name):
    bench = Bench(SimTarget(name))
    assert bench.pump.identity().board == name
    assert bench.ask("*TST?") == "0"
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    bench.run(60)
    bench.plant.buzzer.clear()
    bench.tell("ALAR:TEST HIGH")
    bench.run(3)
    assert bench.plant.buzzer.count > 500  # five bursts of a tone
    assert all(lamp.changes for lamp in bench.plant.lamps.values())
    bench.stop()
    if port_of(name) == "rp2":
        assert_exact(bench, "24 ML/D")
    else:
        assert_balanced(bench)
        assert_soon(bench.plant.edges, period_us("24 ML/D"))


def assert_soon(edges, ideal_us):
    """No step is early, and none later than what lies between two pieces of RMT."""
    times = [Fraction(t_ns, 1000) for t_ns in edges.times_ns()]
    late = [at - times[0] - n * ideal_us for n, at in enumerate(times)]
    assert min(late) > -LATE_US
    assert max(late) < LATE_US


@pytest.mark.hazard("task-hangs")
@pytest.mark.parametrize("name", board_names())
def test_the_watchdog_of_every_board_is_armed_at_the_place_of_its_chip(name):
    target = SimTarget(name)
    Bench(target)
    mcu = json.loads((BOARDS_DIR / name / "board.json").read_text())["mcu"]
    watchdog = target.world.watchdog
    assert watchdog.is_running
    if CHIPS[mcu].watchdog is not None:
        assert watchdog.read(CHIPS[mcu].watchdog) >> 30 & 1
    assert any(target.scratch)  # the count of bites is kept there
