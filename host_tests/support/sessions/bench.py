# SPDX-License-Identifier: MIT
"""What a behaviour test does with a board: give it orders, read its counts, judge its edges."""

import textwrap
from fractions import Fraction

from pumpbench.analysis.judge import Steps, judge
from pumpbench.client.pump import Pump
from pumpbench.images.image import FIRMWARE

STEP_NL = Fraction(125, 2)  # the reference pump
NL_D = {
    "ML/D": 10**6,
    "UL/HR": 24 * 10**3,
    "ML/HR": 24 * 10**6,
}

# Fills the heap with what is never let go.
HOARD = """
hoard = []


def extra(now_us):
    while app.engine.emitted() > 5000:
        hoard.append(bytearray(500))
        if len(hoard) > 10_000:
            raise MemoryError  # more than any board has
    return now_us + 20_000
"""

RUN = "assembled(board, hal).run()\n"  # the line of firmware/main.py that a task is put before
APP_WITH_TASK = """
import machine, time
from pump.faults import Fault

app = assembled(board, hal)
since_us = [0]


def delivering_us(now_us):
    '''How long the delivery under way has been seen; 0 when there is none.'''
    if not app.dispenser.is_active():
        return 0
    since_us[0] = since_us[0] or now_us
    return now_us - since_us[0]

# task

app.tasks += (("extra", extra),)
app.run()
"""


class Bench:
    """A target with a stopped pump, and the counts it had at the start of the test."""

    def __init__(self, target):
        self.target = target
        self.plant = target.plant
        self.pump = Pump(target)
        self.ask = self.pump.ask
        self.tell = self.pump.tell
        self.run = target.run
        self.ask("*CLS;:THER:STOP;:PRES:DISC;:MOT:CAL:PERR 0.2 ML;:SYST:STAT?")
        self.mark()

    def mark(self):
        """Count edges and steps from here on."""
        self._before = Steps(0, 0, 0, 0)
        self._before = self.steps()
        self.start_steps = self.plant.motor.position_steps
        self.start_nl = self.plant.beaker.volume_nl
        self.plant.edges.clear()
        self.plant.set_up_violations.clear()

    def steps(self):
        now = [int(count) for count in self.ask("DEL:STEP?").split(",")]
        return Steps(*(a - b for a, b in zip(now, self._before, strict=True)))

    def fill_line(self, concentration="500 UG/ML"):
        """Another strength in the tube: the pump starts with what it has been primed with."""
        self.prescribe("1000 ML/HR", concentration)
        self.tell("PRIM:STAR 0.001 ML,1000 ML/HR")
        self.run(0.5)

    def drain(self, timeout_s=60.0):
        """Read until everything sent before now has been answered; then forget the errors."""
        self.target.write(b"\n*ESE 77;*ESE?\n")
        while self.target.read_line(timeout_s) != "77":
            pass
        self.tell("*ESE 0;*CLS")

    def prescribe(self, rate, concentration="500 UG/ML"):
        """Stage, validate and commit a constant rate."""
        self.tell("PRES:NEW")
        self.tell(f"PRES:CONC {concentration};MODE SIMP;RATE {rate}")
        verdict, token = self.ask("PRES:VAL?").split(",")
        assert verdict == "OK"
        self.tell(f"PRES:COMM {token}")

    def stop(self):
        """Stop, and give what could still come the time to come."""
        self.tell("THER:STOP")
        self.run(0.01)


def period_us(rate):
    """The ideal microseconds between two steps at a rate like `24 ML/D`, as a Fraction."""
    number, unit = rate.split()
    return STEP_NL * 86_400_000_000 / (Fraction(number) * NL_D[unit])


def assert_balanced(bench):
    """Edges on the pin, commanded, emitted and witness are one number; nothing is queued.

    The motor took all of them, forwards, and the beaker holds what the head moved.
    """
    edges = bench.plant.edges.count
    assert bench.steps() == Steps(edges, edges, edges, 0)
    assert bench.plant.motor.missed_steps == 0
    assert bench.plant.motor.position_steps - bench.start_steps == edges
    assert bench.plant.beaker.volume_nl - bench.start_nl == edges * STEP_NL
    assert bench.plant.set_up_violations == []


def assert_on_time(edges, ideal_us):
    """Every interval is within 2 us of one of the two whole microseconds around the ideal; no step
    is early, and none later than the chunks that the firmware plans make it: see the judge."""
    found = judge(edges, Fraction(ideal_us)).problems()
    assert found == [], found


def assert_exact(bench, rate):
    """The account balances, and every step was on time."""
    assert_balanced(bench)
    assert_on_time(bench.plant.edges, period_us(rate))


def main_with_task(task):
    """The firmware's main.py with a task more, polled after the firmware's own.

    `task` defines extra(now_us), which returns when it is due.
    """
    main = (FIRMWARE / "main.py").read_text()
    before, line, after = main.rpartition(RUN)
    assert line, f"firmware/main.py has no {RUN}"
    indent = before[before.rfind("\n") + 1 :]
    return before + textwrap.indent(APP_WITH_TASK.replace("# task", task), indent).lstrip() + after


def hold(bench, name, seconds, then_s=0.5):
    pin = bench.target.pin(name)
    pin.drive(0)
    bench.run(seconds)
    pin.drive(1)
    bench.run(then_s)
