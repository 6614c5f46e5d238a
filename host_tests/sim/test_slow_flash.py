# SPDX-License-Identifier: MIT
"""The slowest flash of the datasheet, and a slower one: what a host sets never ends a delivery.

A setting is two files. Where both took longer than the least that is queued, and the lease was not
renewed between them, the queue ran dry.
"""

import pytest

from host_tests.bench_session import Bench, assert_exact
from pumpbench.sim import SimTarget

PROGRAM_NS = 3_000_000  # a page


@pytest.mark.hazard("flash-write-delays-step")
@pytest.mark.parametrize("rate", ["24 ML/D", "100 ML/HR", "1000 ML/HR"])
@pytest.mark.parametrize("pause_s", [0.0, 0.17, 0.6])
@pytest.mark.parametrize("erase_ms", [400, 700])
def test_settings_at_any_time_end_no_delivery(rate, pause_s, erase_ms):
    bench = Bench(SimTarget())
    bench.tell("RES:REF 18 ML")
    bench.prescribe(rate)
    bench.run(1)
    bench.mark()
    flash = bench.target.world.flash
    bench.tell("THER:STAR")
    bench.run(1)
    flash.erase_ns, flash.program_ns = erase_ms * 1_000_000, PROGRAM_NS
    for n in range(12):
        bench.target.write(f"RES:LOW 1.{n:02d} ML;:ALAR:STOP {n + 2} D;*IDN?\n".encode())
        bench.run(pause_s)
    bench.drain()
    bench.run(1)
    assert bench.ask("SYST:STAT?;ERR?") == 'RUNNING;0,"No error"'
    bench.stop()
    assert_exact(bench, rate)
