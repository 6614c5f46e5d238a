# SPDX-License-Identifier: MIT
"""A board's stack is small: no order, and nothing that falls due together with one, fills it."""

import pytest

from host_tests.support.boards.stack import Depth
from host_tests.support.sessions.bench import Bench
from host_tests.support.sessions.orders import ORDERS, ready
from pump.records.journal import Journal
from pumpbench.client.lines import PumpError
from pumpbench.targets.emulator.chip import STACK_LIMIT
from pumpbench.targets.sim import SimTarget

LEAST_CALLS = 10  # of any order with what follows it
SPARE = 1500  # bytes left at the deepest point: for interrupts, and for what is built next
AFTER = ("RES:LOW 3 ML", "SYST:ERR:ALL?;*TST?", "LOG:READ? 1,3", "BOL:ABOR", "THER:STOP")


def finish(bench):
    """What may follow any order, with answers of all lengths."""
    for line in AFTER:
        bench.ask(line if "?" in line else line + ";*OPC?")
        bench.run(1.0)  # longer than a chunk


@pytest.mark.slow
@pytest.mark.hazard("stack-full")
@pytest.mark.parametrize("name", ORDERS)
def test_no_order_goes_deeper_than_a_board_has_stack(name, monkeypatch, record_property):
    """However many records fall due at once: each chunk that is planned has one of its own."""
    bench = Bench(SimTarget())
    with Depth() as depth:
        bench, order = ready(bench, name)
        monkeypatch.setattr(Journal, "_enough", lambda journal: journal._commanded + 1)
        bench.tell(order)
        finish(bench)
    assert len(depth.calls) > LEAST_CALLS  # else nobody has looked
    assert depth.deepest < STACK_LIMIT - SPARE, depth.calls
    calls = len(depth.calls)
    record_property("measured", f"{name}: {depth.deepest} bytes of stack, {calls} calls deep")


@pytest.mark.emulator
@pytest.mark.hazard("stack-full")
def test_a_chip_with_less_stack_takes_the_deepest_order(emulated_bench):
    bench = emulated_bench
    bench.target.take_stack(SPARE)
    bench, order = ready(bench, "trial")
    bench.tell(order)
    finish(bench)
    assert bench.ask("SYST:STAT?;*TST?") == "STOPPED;0"


@pytest.mark.emulator
@pytest.mark.hazard("stack-full")
def test_a_stack_that_is_full_stops_the_pump_and_is_told(emulated_bench):
    bench = emulated_bench
    bench.prescribe("24 ML/D")
    bench.target.take_stack(SPARE + 1000)
    with pytest.raises(PumpError, match="RuntimeError"):
        bench.tell("THER:STAR")
    bench.run(1.0)
    assert bench.ask("SYST:STAT?") == "FAULT"
    assert bench.target.pin("enable").level == 1
