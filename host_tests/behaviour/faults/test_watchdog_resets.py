# SPDX-License-Identifier: MIT
"""A reset without a loss of power: the count of what is out survives it, to the step."""

import random
from fractions import Fraction
from math import ceil, floor
from types import SimpleNamespace

import pytest

from host_tests.conftest import emulated
from host_tests.support.sessions.bench import STEP_NL, Bench, main_with_task, period_us
from pump.watchdog import TIMEOUT_MS
from pumpbench.client.lines import PumpError
from pumpbench.client.pump import Pump
from pumpbench.targets.sim import SimTarget

LEASE_S = 2.0
TIMEOUT_S = TIMEOUT_MS / 1000
RATE = "100 ML/HR"
DOSES = {"basal": (), "bolus": ("BOL:STAR 100 UG,20 S",)}  # 200 uL: 10 uL a second more

# Once in the life of the board: what follows a reset by the watchdog does not hang.
HANG = """
is_first = machine.reset_cause() == machine.PWRON_RESET


def extra(now_us):
    if not is_first:
        return now_us + 1_000_000
    if delivering_us(now_us) >= {after_us}:
        print("HUNG")
        while True:
            {hang}
    return now_us + 20_000
"""
IDLE, BUSY = "machine.idle()", "pass"  # a loop without a rest costs the emulator much more

RESET = """
is_first = machine.reset_cause() == machine.PWRON_RESET


def extra(now_us):
    if is_first and delivering_us(now_us) >= {after_us}:
        print("HUNG")
        time.sleep_ms({late_ms})  # the line goes out, too
        machine.reset()
    return now_us + 20_000
"""


class Board:
    """A board that resets itself in mid-delivery, and comes up again."""

    def __init__(self, power_up, task, lines):
        self._power_up, self._main = power_up, main_with_task(task)
        self.bench = Bench(power_up(main=self._main))
        self.bench.prescribe(RATE)
        target = self.bench.target
        # In one message, and nobody waits for an answer: it may hang before it gives one.
        target.write(";:".join(("THER:STAR", *lines)).encode() + b"\n")
        target.run_until(lambda: b"HUNG\r\n" in target.output, timeout_s=10)
        self.hung_ns = target.now_ns
        target.read_line()

    def reset(self):
        """Wait for the reset, and for the firmware after it; returns the nanolitres out then."""
        target = self.bench.target
        is_over = self._is_off if target.name == "emulator" else self._has_ended
        target.run_until(is_over, timeout_s=TIMEOUT_S + 1)
        self.reset_ns = target.now_ns
        delivered_nl = target.plant.beaker.volume_nl
        if target.name != "emulator":
            kept = {"flash": target.flash, "scratch": target.scratch, "reset_cause": 3}
            kept["reset_reason"] = target.world.watchdog.reason
            self.bench = SimpleNamespace(target=self._power_up(main=self._main, **kept))
            self.bench.pump = Pump(self.bench.target)
        self.ask, self.tell = self.bench.pump.ask, self.bench.pump.tell
        self.bench.target.write(b"SYST:STAT?\n")
        assert self.bench.target.read_line(20) == "STOPPED"
        return delivered_nl

    def _is_off(self):
        return not self.bench.target.is_connected

    def _has_ended(self):
        return self.bench.target.ended is not None


def interval_nl(board):
    """What the pump says is out: (least, most), in whole nanolitres."""
    return [int(Fraction(text) * 10**6) for text in board.ask("DEL:INT?").split(",")]


def assert_interrupted(board, lines, goes_on_s=TIMEOUT_S + 1):
    """The pump says so, does not start by itself or when told, and goes on once confirmed.

    After so long the watchdog would bite, if it were running.
    """
    assert board.ask("SYST:RES?") == "WATCHDOG"
    assert board.ask("ALAR:ACT?").split(",")[0] == "304"
    assert board.ask("PRES:ACT?") != "NONE"
    if lines:
        dose = board.ask("BOL:HIST? 1").split(",")
        assert dose[5] == "RESET"
        assert Fraction(dose[3]) <= Fraction(dose[2])
    with pytest.raises(PumpError) as raised:
        board.tell("THER:STAR")
    assert raised.value.number == 128
    board.tell("THER:CONF")
    board.tell("THER:STAR")
    board.bench.target.run(goes_on_s)
    assert board.ask("SYST:STAT?") == "RUNNING"


def hang(power_up, name, after_us, loop=IDLE):
    """Hang in mid-delivery; returns what was measured."""
    target_name = power_up.name
    task = HANG.format(after_us=after_us, hang=loop)
    board = Board(power_up, task, DOSES[name])
    edges = board.bench.plant.edges
    before = edges.count
    delivered_nl = board.reset()
    after, last_s = edges.count - before, (edges.last_ns - board.hung_ns) / 1e9
    assert last_s <= LEASE_S
    assert board.reset_ns - edges.last_ns > (TIMEOUT_S - LEASE_S - 0.1) * 1e9
    assert interval_nl(board) == [floor(delivered_nl), ceil(delivered_nl)]
    assert_interrupted(board, DOSES[name])
    reset_s = (board.reset_ns - board.hung_ns) / 1e9
    return (
        f"hang in {name} at {after_us / 1e6:.3f} s on {target_name}: {after} steps after it, the "
        f"last after {last_s:.3f} s, reset after {reset_s:.3f} s, exact to the step"
    )


def instants_us(seed, count):
    """Random instants of a delivery, in microseconds since its start."""
    return [random.Random(seed * 1000 + n).randrange(300_000, 4_000_000) for n in range(count)]


@pytest.mark.chip_in_soak(but=("basal",))
@pytest.mark.hazard("task-hangs")
@pytest.mark.parametrize("name", DOSES)
def test_a_hang_is_ended_by_the_watchdog_and_the_count_is_exact(
    power_up, name, seed, record_property
):
    [after_us] = instants_us(seed + 99 * (name == "bolus"), 1)
    if power_up.name == "emulator":  # a second has every phase of a chunk; the rest in the soak
        after_us = 300_000 + after_us % 1_000_000
    record_property("measured", hang(power_up, name, after_us))


@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("name", DOSES)
def test_a_hang_at_any_of_many_instants_leaves_an_exact_count(name, part, seed):
    hang(SimTarget, name, instants_us(seed + 7, 10)[part])


@pytest.mark.long
@pytest.mark.emulator
@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("name", DOSES)
def test_a_hang_at_any_of_many_instants_on_a_chip(request, name, part, seed):
    hang(emulated(request.config), name, instants_us(seed + 8, 10)[part], BUSY)


@pytest.mark.chip_in_soak(but=("bolus",))
@pytest.mark.parametrize("name", DOSES)
def test_a_reset_with_no_time_to_run_dry_leaves_an_interval_of_two_seconds(
    power_up, name, seed, record_property
):
    draw = random.Random(f"{seed} {name}")
    times = {"after_us": draw.randrange(300_000, 4_000_000), "late_ms": draw.randrange(20, 900)}
    board = Board(power_up, RESET.format(**times), DOSES[name])
    delivered_nl = board.reset()
    least_nl, most_nl = interval_nl(board)
    assert least_nl <= delivered_nl <= most_nl
    goes_on_s = 1 if power_up.name == "emulator" else TIMEOUT_S + 1  # the hang waits for it there
    fastest_nl_s = STEP_NL * 10**6 / period_us(RATE) + (10_000 if DOSES[name] else 0)
    assert most_nl - least_nl <= LEASE_S * fastest_nl_s + STEP_NL + 1
    assert_interrupted(board, DOSES[name], goes_on_s)
    record_property(
        "measured",
        f"machine.reset in {name} on {board.bench.target.name}: {float(delivered_nl)} nL out, "
        f"said to be {least_nl} to {most_nl} nL",
    )
