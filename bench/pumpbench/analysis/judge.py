# SPDX-License-Identifier: MIT
"""The judge of step edges: the counts, and each step against its exact ideal time. Pure.

The ideal period is a Fraction of microseconds. Step n is due n periods after the start. The pins
do not show when the board took the order to start, so the start is assumed at the latest instant
for which no step is early: all steps are judged against each other.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import ModuleType, SimpleNamespace
from typing import NamedTuple

from pumpbench.analysis import reservoir_log
from pumpbench.analysis.reservoir_log import Level
from pumpbench.plant.edges import Edges

US_PER_DAY = 86_400_000_000
LIMIT_US = 2  # an interval may be this far outside the two whole microseconds around the ideal
# Limits of a chunk of the firmware's planner, in time and steps; one of MANY_STEPS or more takes
# in the rest of an interval.
CHUNK_US = 800_000
CHUNK_STEPS = 4095
MANY_STEPS = 640
# The first step after a start waits for the motor's shortest interval, 50 us, even if less is left
# of its own; 4 us are for rounding to whole microseconds, by the firmware and the recorder.
START_US = 54


class Steps(NamedTuple):
    """The pump's counts of one delivery, as in `DELivery:STEPs?`."""

    commanded: int
    emitted: int
    witness: int
    queued: int


class Deviation(NamedTuple):
    """Delivered minus due, in steps, around one step or a group of them."""

    t_s: float  # time of the first step of the group
    low: float  # the lowest, right before a step; -1 if it is on time
    high: float  # the highest, right after a step; 0 if it is on time


@dataclass(frozen=True)
class Judgement:
    """The edges of one constant rate. A positive error is a long interval, or a late step."""

    ideal_us: Fraction
    edges: int
    errors_us: tuple[tuple[Fraction, int], ...]  # (interval minus ideal, count), ascending
    earliest_us: Fraction  # lateness of the earliest step, against a schedule through the first
    latest_us: Fraction
    last_us: Fraction

    @property
    def worst_error_us(self) -> Fraction:
        """The interval error furthest from zero, with its sign."""
        return max((error for error, _ in self.errors_us), key=abs, default=Fraction(0))

    @property
    def beyond_us(self) -> Fraction:
        """How far the worst interval is outside the two whole microseconds around the ideal."""
        low_us, high_us = self.ideal_us // 1, -(-self.ideal_us // 1)
        intervals = [self.ideal_us + error for error, _ in self.errors_us]
        outside = [max(low_us - us, us - high_us) for us in intervals]
        return max([Fraction(0), *outside])

    @property
    def spread_us(self) -> Fraction:
        """Lateness of the latest step minus that of the earliest."""
        return self.latest_us - self.earliest_us

    @property
    def due_steps(self) -> Fraction:
        """Steps due from the start to the last edge."""
        return self.edges + (self.last_us - self.earliest_us) / self.ideal_us

    @property
    def spread_limit_us(self) -> Fraction:
        """The limit of spread_us: a quarter of a microsecond for each step of a chunk; with long
        chunks, also the interval that the first one begins with."""
        steps = min(CHUNK_US / self.ideal_us, Fraction(CHUNK_STEPS))
        first_us = self.ideal_us if steps >= MANY_STEPS - 1 else Fraction(0)
        return max(steps / 4, first_us) + START_US

    def problems(self) -> list[str]:
        """Steps and intervals beyond their limits, a sentence each."""
        found = []
        if not self.edges:
            found.append("no step arrived")
        if self.beyond_us > LIMIT_US:
            error = float(self.worst_error_us)
            found.append(f"an interval is {error:+.3f} us from the ideal {float(self.ideal_us)}")
        if self.spread_us > self.spread_limit_us:
            found.append(f"the steps' lateness differs by {float(self.spread_us):.3f} us")
        return found


@dataclass(frozen=True)
class Piece:
    """One delivery at a constant rate on one target, with all of its counts."""

    title: str
    target: str
    steps: Steps
    judgement: Judgement
    delivered_ml: Fraction  # its volume in the beaker
    step_ml: Fraction
    curve: list[tuple[float, int]]
    deviations: list[Deviation]
    trace: Edges  # the edges themselves
    levels: Sequence[Level] = ()  # of the reservoir, if it was asked

    @property
    def programmed_ml(self) -> Fraction:
        """The volume due from the start to the last step."""
        return self.judgement.due_steps * self.step_ml

    def problems(self) -> list[str]:
        """Disagreements of counts, volumes and times, a sentence each."""
        edges = self.judgement.edges
        found = self.judgement.problems()
        if self.steps != Steps(edges, edges, edges, 0):
            commanded, emitted, witness, queued = self.steps
            found.append(
                f"{commanded} steps commanded, {emitted} emitted, {witness} witnessed, "
                f"{queued} still queued, {edges} edges on the pin"
            )
        if self.delivered_ml != edges * self.step_ml:
            expected, held = float(edges * self.step_ml), float(self.delivered_ml)
            found.append(f"{edges} steps are {expected:.6f} mL, the beaker has {held:.6f} mL")
        return found + reservoir_log.problems(self.levels, self.step_ml)


def step_volume_ml(board: ModuleType | SimpleNamespace) -> Fraction:
    """The volume of one step of the board's pump."""
    pump = board.PUMP
    steps_per_rev = pump["full_steps"] * pump["microsteps"]
    return Fraction(pump["pl_per_rev"], steps_per_rev * 1_000_000_000)


def judge(edges: Edges, ideal_us: Fraction) -> Judgement:
    """Judge every interval and every step, exactly. A run of equal intervals has the extremes of
    the lateness at its ends, so the cost does not grow with the number of edges."""
    errors_us: Counter[Fraction] = Counter()
    late_us = earliest_us = latest_us = Fraction(0)
    for interval_ns, count in edges.intervals_ns():
        error_us = Fraction(interval_ns, 1000) - ideal_us
        errors_us[error_us] += count
        late_us += error_us * count
        earliest_us, latest_us = min(earliest_us, late_us), max(latest_us, late_us)
    ascending = tuple(sorted(errors_us.items()))
    return Judgement(ideal_us, edges.count, ascending, earliest_us, latest_us, late_us)


def curve(edges: Edges, judgement: Judgement, most: int = 400) -> list[tuple[float, int]]:
    """(seconds since the start, steps made) at up to `most` instants, and at the last step."""
    every = -(-edges.count // most) or 1
    points = [(0.0, 0)]
    for n, t_us in enumerate(_since_start_us(edges, judgement), 1):
        if n % every == 0 or n == edges.count:
            points.append((float(t_us) / 1e6, n))
    return points


def deviations(edges: Edges, judgement: Judgement, most: int = 400) -> list[Deviation]:
    """Delivered minus due, around every step, or around groups of steps: `most` at most."""
    every = -(-edges.count // most) or 1
    found: list[Deviation] = []
    ideal_us = judgement.ideal_us
    for n, t_us in enumerate(_since_start_us(edges, judgement), 1):
        after = float(n - t_us / ideal_us)
        if (n - 1) % every == 0:
            found.append(Deviation(float(t_us) / 1e6, after - 1, after))
        else:
            t_s, low, high = found[-1]
            found[-1] = Deviation(t_s, min(low, after - 1), max(high, after))
    return found


def lateness_us(edges: Edges, judgement: Judgement) -> Iterator[tuple[float, float]]:
    """Yield (seconds since the start, lateness in microseconds) of every step; never below 0.

    Computed in integers up to the last division, for speed: a day has 200 000 steps.
    """
    ideal_us = judgement.ideal_us
    first_us = ideal_us - judgement.earliest_us
    scale = 1000 * ideal_us.denominator * first_us.denominator
    ideal, first = int(ideal_us * scale), int(first_us * scale)
    first_ns = None
    for n, t_ns in enumerate(edges.times_ns(), 1):
        first_ns = t_ns if first_ns is None else first_ns
        since = (t_ns - first_ns) * (scale // 1000) + first
        yield since / scale / 1e6, (since - n * ideal) / scale


def _since_start_us(edges: Edges, judgement: Judgement) -> Iterator[Fraction]:
    first_us = judgement.ideal_us - judgement.earliest_us
    first_ns = None
    for t_ns in edges.times_ns():
        first_ns = t_ns if first_ns is None else first_ns
        yield Fraction(t_ns - first_ns, 1000) + first_us
