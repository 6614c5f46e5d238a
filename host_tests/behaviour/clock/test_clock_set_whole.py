# SPDX-License-Identifier: MIT
"""Setting the time and a clock with a battery: whatever fails, no time off is made up."""

from types import SimpleNamespace

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.errors import CLOCK_REFUSED, NOT_RECORDED
from host_tests.support.sessions.therapy import HOUR_S, MIN_S, prescribe, refusal
from pumpbench.boards.catalog import load_board
from pumpbench.client.pump import Pump
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.battery_clock import BatteryClock
from pumpbench.targets.sim.filesystem import IO_ERROR
from pumpbench.targets.sim.flash import AFTER, BEFORE, INSIDE, images

NOON, NEXT_DAY, DAY_BEFORE = "2026-03-02T12:00:00", "2026-03-03T12:03:00", "2026-03-01T12:03:00"


def clock_at(text):
    clock = BatteryClock()
    clock.set(text)
    return clock


@pytest.fixture
def pump():
    """Stopped, minutes after a patient bolus."""
    pump = Lives(clock_at(NOON))
    prescribe(pump, "MODE SIMP;RATE 1 ML/D", "PAT:DOSE 5 UG,1 MIN;LOCK 6 HR;MAX 3")
    pump.tell("THER:STAR")
    pump.tell("BOL:PAT")
    pump.run(2 * MIN_S)
    pump.tell("THER:STOP")
    pump.run(3)
    return pump


def wait_s(pump):
    return float(pump.ask("BOL:PAT?").split(",")[3])


def next_pump(flash, shown):
    """The pump after a cut that left this flash, and a clock with a battery that showed this."""
    board = load_board("RPI_PICO")
    board = SimpleNamespace(**vars(board))
    board.HAS = ("ds3231",)
    return Pump(SimTarget(board, flash=flash, battery_clock=clock_at(shown)))


@pytest.mark.hazard("clock-changed", "lockout-bypassed", "power-cut")
@pytest.mark.parametrize("time", (NEXT_DAY, DAY_BEFORE))
def test_a_cut_at_any_write_while_the_time_is_set_leaves_the_lockout(pump, time):
    flash, shown = pump.target.world.flash, {}
    start, done = flash.content, len(flash.operations)
    flash.on_operation = lambda operation: shown.update({operation.index: pump.clock.shown})
    before_s = wait_s(pump)
    pump.tell(f"SYST:TIME {time}")
    shown[len(flash.operations)] = pump.clock.shown
    found = 0
    operations = flash.operations[done:]
    for operation, phase, image in images(start, operations, (BEFORE, INSIDE, AFTER)):
        for moment in {shown[operation.index], shown[operation.index + (phase == AFTER)]}:
            left_s = wait_s(next_pump(image, moment.isoformat(timespec="seconds")))
            assert before_s - 5 <= left_s <= before_s + MIN_S
            found += 1
    assert found > 10


@pytest.mark.hazard("clock-changed", "lockout-bypassed")
def test_a_transfer_that_fails_when_it_has_set_the_clock_is_no_time_off(pump):
    before_s = wait_s(pump)
    write = pump.clock.write

    def fail_late(register, data):
        write(register, data)
        raise OSError(5)

    pump.clock.write = fail_late
    assert refusal(pump, f"SYST:TIME {NEXT_DAY}") == CLOCK_REFUSED
    assert pump.ask("SYST:TIME?").startswith("2026-03-02T12:0")
    pump.tell("RES:LOW 3 ML")  # writes the setup once more
    pump.clock.write = write
    pump.cut()
    assert before_s - 10 <= wait_s(pump) <= before_s + MIN_S
    pump.tell(f"SYST:TIME {NOON}")
    pump.cut(HOUR_S)
    assert wait_s(pump) == pytest.approx(before_s - HOUR_S, abs=20)


@pytest.mark.hazard("clock-changed", "lockout-bypassed")
def test_a_setup_that_flash_does_not_take_leaves_both_clocks_as_they_were(pump):
    before_s, writes = wait_s(pump), pump.clock.writes
    device = pump.target.world.files._device
    device.prog = device.erase = lambda *_: IO_ERROR
    assert refusal(pump, f"SYST:TIME {NEXT_DAY}") == NOT_RECORDED
    assert pump.clock.writes == writes
    assert pump.ask("SYST:TIME?").startswith("2026-03-02T12:0")
    pump.cut(HOUR_S)
    assert wait_s(pump) == pytest.approx(before_s - HOUR_S, abs=20)


def test_the_clock_is_set_in_one_transfer(pump):
    writes = pump.clock.writes
    pump.tell(f"SYST:TIME {NEXT_DAY}")
    assert pump.clock.writes == writes + 1
    assert not pump.clock.has_stopped
