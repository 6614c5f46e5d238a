# SPDX-License-Identifier: MIT
"""An allocation fails at any instant of a delivery: an error, or the way down, never the REPL.

A pin of its own locks the heap of real MicroPython while it is low, at whatever bytecode the
firmware is: every allocation raises MemoryError until it is let go. Each instant is tried in a
fork of one board that delivers.
"""

import random

import pytest

from host_tests.support.boards.images import need_image
from host_tests.support.run.forks import in_a_fork
from host_tests.support.sessions.bench import Bench, main_with_task, period_us
from pumpbench.targets.emulator import EmulatorTarget

RATE = "100 ML/HR"
LOCK_PIN = 22  # nothing of the board is on it
BOLUS_STEPS = 160  # of the one below, at 500 ug/mL
LOCKED_S = (0.0003, 0.001, 0.003, 0.01, 0.05)
LOCKING = """
import micropython
is_locked = [False]


def lock_or_unlock(pin):
    if pin.value() and is_locked[0]:
        micropython.heap_unlock()
        is_locked[0] = False
    elif not pin.value() and not is_locked[0]:
        is_locked[0] = True
        micropython.heap_lock()


pin = machine.Pin(22, machine.Pin.IN, machine.Pin.PULL_UP)
pin.irq(lock_or_unlock, trigger=machine.Pin.IRQ_FALLING | machine.Pin.IRQ_RISING)


def extra(now_us):
    return now_us + 1_000_000
"""
LINES = (  # what the pump is at when it happens
    "",
    "SYST:STAT?",
    "*IDN?",
    "PRES:COMP?",
    "LOG:READ? 1,16",
    "RES:LOW 1.1 ML",
    "SYST:TIME 2026-03-01T08:00:00",
    "PRES:EDIT;VAL?",
    "BOL:STAT?;:ALAR:ACT?",
    "*TST?",
    "BOL:STAR 5 UG,5 S",
    "THER:STOP",
)


@pytest.fixture(scope="module")
def running(request):
    """A pump that delivers, on an emulated board whose heap a pin locks."""
    version = request.config.getoption("--micropython")
    need_image(version)
    bench = Bench(EmulatorTarget(version=version, main=main_with_task(LOCKING)))
    bench.tell("RES:REF 18 ML")
    bench.prescribe(RATE)
    bench.mark()
    bench.start_ns = bench.target.now_ns
    bench.tell("THER:STAR")
    bench.run(1.0)
    return bench


def tried(bench, number, seed):
    """What comes of a heap that is locked once: the state, and the first number in the queue."""
    chance = random.Random(f"{seed} {number}")
    line, locked_s = chance.choice(LINES), chance.choice(LOCKED_S)
    before = len(bench.target.output)
    bench.target.write(f"{line}\n".encode())
    bench.run(chance.uniform(0.0, 0.12))
    bench.target.pin(LOCK_PIN).drive(0)
    bench.run(locked_s)
    bench.target.pin(LOCK_PIN).drive(1)
    bench.run(2.5)
    bench.target.write(b"\n*ESE 77;*ESE?\n")
    while bench.target.read_line(20.0) != "77":
        pass
    state, error = answer(bench, "SYST:STAT?;ERR?").split(";", 1)
    logged = answer(bench, "LOG:READ? 1,16") if state == "FAULT" else ""
    bench.tell("*CLS;:THER:STOP")
    bench.run(0.05)
    edges = bench.plant.edges
    count, seconds = edges.count, (bench.target.now_ns - bench.start_ns) / 1e9
    bench.run(1.0)
    said = bytes(bench.target.output[before:])
    assert b">>>" not in said
    assert b"Traceback" not in said
    assert b"ITB-Pump" not in said or line == "*IDN?"  # no reset either
    steps = bench.steps()
    known = steps.commanded, steps.emitted, steps.witness, count
    assert known == (edges.count,) * 4, (line, locked_s, state, error, known, edges.count)
    assert count <= seconds * 1e6 / period_us(RATE) + BOLUS_STEPS
    assert "FAULT" in logged or state != "FAULT"
    return f"{line} {locked_s * 1000} ms: {state} {error}"


def answer(bench, query):
    """As it is, whatever waits in the queue of errors."""
    bench.target.write(f"{query}\n".encode())
    return bench.target.read_line(20.0)


def outcomes(bench, count, seed):
    found = {}
    for number in range(count):
        text = in_a_fork(lambda number=number: tried(bench, number, seed))
        found.setdefault(text, []).append(number)
    return found


def assert_survived(bench, count, seed, record_property):
    found = outcomes(bench, count, seed)
    failed = {text: numbers for text, numbers in found.items() if text.startswith("failed")}
    assert failed == {}
    of_state = {}
    for text, numbers in found.items():
        state = text.partition(": ")[2]
        of_state[state] = of_state.get(state, 0) + len(numbers)
    told = ", ".join(f"{many} x {state}" for state, many in sorted(of_state.items()))
    record_property("measured", f"{count} times a heap that is locked while it delivers: {told}")


@pytest.mark.emulator
@pytest.mark.hazard("heap-low")
def test_a_heap_that_fails_at_any_instant_ends_in_an_error_or_the_way_down(
    running, record_property
):
    assert_survived(running, 3, 1, record_property)


@pytest.mark.emulator
@pytest.mark.long
@pytest.mark.hazard("heap-low")
def test_a_heap_that_fails_at_any_of_200_instants(running, seed, record_property):
    assert_survived(running, 200, seed, record_property)
