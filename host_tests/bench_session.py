# SPDX-License-Identifier: MIT
"""What a behaviour test does with a board: give it orders, read its counts, judge its edges."""

from fractions import Fraction
from typing import NamedTuple

from pumpbench.client import Pump

STEP_NL = Fraction(125, 2)  # the reference pump
NL_D = {
    "ML/D": 10**6,
    "UL/HR": 24 * 10**3,
    "ML/HR": 24 * 10**6,
}


class Steps(NamedTuple):
    """`DELivery:STEPs?`, counted from the start of the test."""

    commanded: int
    emitted: int
    witness: int
    queued: int


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
        self.plant.edges.clear()
        self.plant.set_up_violations.clear()

    def steps(self):
        now = [int(count) for count in self.ask("DEL:STEP?").split(",")]
        return Steps(*(a - b for a, b in zip(now, self._before, strict=True)))

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
    """Edges on the pin, commanded, emitted and witness are one number; nothing is queued."""
    steps = bench.steps()
    edges = bench.plant.edges.count
    assert steps == Steps(edges, edges, edges, 0)


def assert_on_time(edges, ideal_us, steps_per_chunk):
    """Every interval and every step against the ideal.

    An interval is within 2 us of one of the two whole microseconds around the ideal. No step is
    early, and none later than a quarter of a microsecond for each step of a chunk: so much, and
    4 us for the recorder and for whole microseconds, is the spread of the lateness of all steps.
    """
    low_us, high_us = int(ideal_us // 1) - 2, int(-(-ideal_us // 1)) + 2
    for interval_ns, _ in edges.intervals_ns():
        assert low_us - 0.5 <= interval_ns / 1000 <= high_us + 0.5
    lateness_us = [t_ns / 1000 - float(n * ideal_us) for n, t_ns in enumerate(edges.times_ns())]
    assert max(lateness_us) - min(lateness_us) <= steps_per_chunk / 4 + 4
