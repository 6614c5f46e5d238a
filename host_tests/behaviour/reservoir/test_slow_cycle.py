# SPDX-License-Identifier: MIT
"""A cycle that takes a second, when the reservoir is about to be empty."""

import pytest

from host_tests.support.sessions.bench import STEP_NL, Bench, main_with_task
from pumpbench.targets.sim import SimTarget

EMPTY = "306"
DEAD_NL = 500_000
MOST_AHEAD_NL = 24 * 10**6 * 2.1 / 86_400  # at 24 mL/d

SLOW = main_with_task(
    """
def slow(now_us):
    '''Late, but within what the queue holds: between the dispenser and what stops it.'''
    if app.dispenser.is_active():
        time.sleep_ms(1150)

def extra(now_us):
    return now_us + 100_000

app.tasks = app.tasks[:2] + (("slow", slow),) + app.tasks[2:]
"""
)


@pytest.mark.hazard("reservoir-empty")
@pytest.mark.parametrize("above_steps", range(20, 50))
def test_a_cycle_that_takes_a_second_does_not_let_one_step_into_the_dead_volume(above_steps):
    bench = Bench(SimTarget(main=SLOW))
    bench.prescribe("24 ML/D")
    above_nl = above_steps * int(STEP_NL * 2) // 2
    bench.tell(f"RES:REF {DEAD_NL + above_nl} NL")
    bench.mark()
    bench.tell("THER:STAR")
    bench.run(18.0)
    left_nl = above_nl - (bench.plant.beaker.volume_nl - bench.start_nl)
    assert 0 <= left_nl <= MOST_AHEAD_NL
    assert bench.ask("SYST:STAT?") == "STOPPED"
    assert EMPTY in bench.ask("ALAR:ACT?")
