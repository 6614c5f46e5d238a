# SPDX-License-Identifier: MIT
"""The wires of a rig: what comes over them, and what is said and skipped where they are not."""

import os
import tty

import pytest

from host_tests.hil.test_acceptance import (
    hears_buzzer,
)
from host_tests.hil.test_acceptance import (
    test_a_power_cut_is_told_and_what_went_out_is_within_what_the_pump_says as check_cut,
)
from host_tests.hil.test_acceptance import (
    test_a_power_cut_leaves_the_edges_that_came_within_what_the_pump_says as check_edges,
)
from host_tests.hil.test_acceptance import (
    test_the_wires_of_the_rig_are_there as check_wires,
)
from host_tests.support.acceptance.rig import Rig
from host_tests.support.acceptance.wires import BUTTON, BUZZER, STEP, BenchWires, SimulatedWires
from pumpbench import Pump
from pumpbench.boards.catalog import load_board
from pumpbench.hil.adapter import Adapter, NoAdapter
from pumpbench.hil.power import NoSwitch
from pumpbench.hil.results import Figure
from pumpbench.targets.sim import SimTarget


class ControlLines:
    """A serial adapter wired to a simulated board, and the clock of that board's time."""

    def __init__(self, target):
        self._target = target
        self.is_closed = False

    def monotonic(self):
        return self._target.now_ns / 1e9

    def sleep(self, seconds):
        self._target.run(seconds)

    @property
    def cts(self):
        return self._target.pin("buzzer").level == 0  # asserted is low

    @property
    def rts(self):
        raise AssertionError("nobody needs to read it")

    @rts.setter
    def rts(self, is_asserted):
        pin = self._target.pin("stop_button")
        pin.drive(0) if is_asserted else pin.release()

    def close(self):
        self.is_closed = True


@pytest.fixture
def rig():
    made = Rig(Pump.open("sim"), "sim", power=None, wires=None)
    made.prepare()
    yield made
    made.close()


def pump_with_a_rotor():
    board = load_board("RPI_PICO")
    board.HAS = ("rotor",)
    board.PINS = board.PINS | {"rotor": "^GP16"}
    board.ROTOR = {"steps_per_pulse": 400}
    pump = Pump(SimTarget(board))
    pump.synchronise()
    return pump


def test_a_simulated_rig_has_every_wire(rig):
    check_wires(rig)
    assert rig.wires.lacking == {}
    assert str(rig.wires) == "step pin, stop button, buzzer"


def test_wires_that_are_said_to_be_there_and_are_not_fail_and_skip_what_needs_them(rig):
    rig.wires = SimulatedWires(SimTarget())  # of another board
    with pytest.raises(AssertionError, match="nothing came over: step pin, stop button, buzzer"):
        check_wires(rig)
    for wire in (STEP, BUTTON, BUZZER):
        with pytest.raises(pytest.skip.Exception, match=f"{wire}: the wire is said to be there"):
            rig.wires.need(wire)


def test_a_bare_board_lacks_every_wire_and_the_first_test_says_how_to_get_each(rig):
    rig.wires = BenchWires(rig.pump)
    with pytest.raises(pytest.skip.Exception) as skipped:
        check_wires(rig)
    for words in ("rotor sensor", "presses the stop button", "listens to the buzzer", "WIRES="):
        assert words in str(skipped.value)
    assert str(rig.wires).startswith("no step pin: ")


def test_a_rotor_sensor_counts_the_steps_to_within_a_pulse():
    made = Rig(pump_with_a_rotor(), "sim", power=None, wires=None)
    made.prepare()
    made.wires = BenchWires(made.pump)
    assert STEP not in made.wires.lacking
    before, steps = made.wires.count(), made.pump.steps().emitted
    made.prescribe(ml_d=24_000)
    made.pump.start()
    made.pump.wait(3)
    made.pump.stop()
    after = made.wires.count()
    assert after.within == 400
    assert abs(after.steps - before.steps - (made.pump.steps().emitted - steps)) <= 400
    assert after.steps > 1000
    made.close()


def test_the_adapter_hears_the_buzzer_and_nothing_where_it_is_silent(rig):
    lines = ControlLines(rig.target)
    rig.wires = BenchWires(rig.pump, Adapter(lines, lines))
    assert rig.wires.hear(0.2) == 0
    rig.pump.tell("ALAR:TEST HIGH")
    assert rig.wires.hear(0.5) > 50


def test_the_adapter_presses_the_stop_button_and_lets_go_of_it(rig):
    line = ControlLines(rig.target)
    adapter = Adapter(line)
    rig.prescribe(ml_d=24)
    rig.pump.start()
    adapter.press(True)
    rig.pump.wait(0.3)
    adapter.press(False)
    rig.pump.wait(2)
    assert rig.pump.state() == "RUNNING"
    adapter.press(True)
    rig.pump.wait(1.5)
    assert rig.pump.state() == "STOPPED"
    adapter.close()
    assert line.is_closed
    assert rig.target.pin("stop_button").level == 1


def test_a_port_without_control_lines_or_none_at_all_is_no_adapter(tmp_path):
    with pytest.raises(NoAdapter, match="nothing is no adapter with control lines"):
        Adapter.open(str(tmp_path / "nothing"))
    master, slave = os.openpty()
    tty.setraw(slave)
    with pytest.raises(NoAdapter, match="is no adapter with control lines"):
        Adapter.open(os.ttyname(slave))
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize("text", ["uhubctl:1-1/2", "mains:1"])
def test_a_switch_of_real_power_is_not_for_a_simulated_board(text):
    pump = Pump.open("sim")
    with pytest.raises(NoSwitch, match=r"simulated board|no power switch"):
        Rig(pump, "sim", power=text, wires=None)
    pump.close()


def test_without_a_switch_what_needs_one_is_skipped_and_says_how_to_get_one():
    made = Rig(Pump.open("sim"), "sim", power="none", wires=None)
    with pytest.raises(pytest.skip.Exception, match="nothing switches the power of sim; name a"):
        made.power.need()
    made.close()


class Lazy:
    """A switch that obeys in words only."""

    def cycle(self, pump):
        return pump, 0.0

    def close(self):
        pass

    def __str__(self):
        return "uhubctl:1-1/2"


def test_a_switch_that_did_nothing_is_found_out_by_the_pumps_count_of_steps(rig):
    rig.prescribe(ml_d=2400)
    rig.pump.start()
    rig.pump.wait(2)
    rig.power = Lazy()
    with pytest.raises(pytest.fail.Exception, match="uhubctl:1-1/2 says it has cut the power"):
        rig.power_cycle()


def test_an_interval_that_is_too_narrow_fails_the_acceptance(rig, monkeypatch):
    told = []

    def measure(what, value, unit="", *, least=None, most=None):
        told.append(what)
        assert Figure(what, value, unit, least, most).is_within, what

    monkeypatch.setattr(rig, "told_since", lambda before_ml: (0.0, 0.01))
    with pytest.raises(AssertionError, match="told at most"):
        check_cut(rig, measure)
    rig.prepare()
    with pytest.raises(AssertionError, match="edges came to"):
        check_edges(rig, measure)
    assert told == ["told at least", "told at most", "edges came to"]


def test_a_simulated_board_comes_back_from_a_power_cut_with_its_flash_and_without_its_count(rig):
    assert hears_buzzer(rig)
    rig.prescribe(ml_d=2400)
    rig.pump.start()
    rig.pump.wait(2)
    before = rig.target
    cut_s = rig.power_cycle()
    assert cut_s == pytest.approx(before.now_ns / 1e9)
    assert rig.target is not before
    assert rig.pump.ask("PRES:ACT?").startswith("SIMP")
    assert rig.pump.steps().emitted < 100
    assert rig.wires.hear(3) > 0  # of the alarm, on the new board
