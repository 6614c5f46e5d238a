# SPDX-License-Identifier: MIT
"""Steps captured by an analyser, against those of a constant rate. Times are of its clock.

Each edge is numbered from the one before it, so that a drift of the clock loses no step. The drift
is fitted by least squares and removed; the result is judged as for the simulated boards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from pumpbench.analysis.captures import Capture
from pumpbench.analysis.judge import LIMIT_US, Judgement, judge
from pumpbench.analysis.levels import CaptureMistake, at_s
from pumpbench.hil.results import Figure
from pumpbench.plant.edges import Edges

if TYPE_CHECKING:
    import numpy

CLOCKS_PPM = 200  # limit of the drift between two crystals, at different temperatures
LEAST_STEPS = 3  # two intervals: a single one has nothing to be compared with
ROUNDED_US = 0.002  # error of an interval with both ends rounded to whole nanoseconds
_BAD_PPM = 1000  # an interval with a larger error is not used for the clock


class Gap(NamedTuple):
    """Missing steps after a time."""

    after_ns: int
    steps: int


class Numbered(NamedTuple):
    """The edges that are steps, with their numbers from 0; other edges; missing steps."""

    times_ns: list[int]
    numbers: list[int]
    extra_ns: list[int]
    gaps: list[Gap]


@dataclass(frozen=True)
class Comparison:
    """The steps captured, against those due from the first edge to the last."""

    capture: Capture
    numbered: Numbered
    scale: Fraction  # seconds of the analyser in a second of the pump
    judgement: Judgement

    @property
    def drift_ppm(self) -> float:
        """The difference of the analyser's clock from the pump's in ppm; above 0: it is faster."""
        return float(self.scale - 1) * 1e6

    @property
    def due(self) -> int:
        return self.numbered.numbers[-1] + 1 if self.numbered.numbers else 0

    @property
    def missing(self) -> int:
        return sum(gap.steps for gap in self.numbered.gaps)

    def figures(self) -> list[Figure]:
        """All figures, with their limits."""
        judged, edges_ns = self.judgement, self.capture.edges_ns
        sample_us = float(self.capture.sample_ns) / 1000 + ROUNDED_US
        spread_most_us = float(judged.spread_limit_us) + sample_us
        drift_most_ppm = CLOCKS_PPM
        if len(edges_ns) > 1:  # the last step may be that late, and the first on time
            drift_most_ppm += spread_most_us / (edges_ns[-1] - edges_ns[0]) * 1e9
        most_ppm = round(drift_most_ppm, 1)
        found = [
            Figure("steps due", self.due),
            Figure("steps seen", len(edges_ns), least=1),
            Figure("missing", self.missing, most=0),
            Figure("extra", len(self.numbered.extra_ns), most=0),
            Figure("glitches", len(self.capture.glitches_ns), most=0),
            Figure("worst interval, from ideal", round(float(judged.worst_error_us), 3), "us"),
            Figure(
                "beyond whole microseconds",
                round(float(judged.beyond_us), 3),
                "us",
                most=round(LIMIT_US + sample_us, 3),
            ),
            Figure(
                "lateness of the steps differs by",
                round(float(judged.spread_us), 3),
                "us",
                most=round(spread_most_us, 3),
            ),
            Figure(
                "clock drift",
                round(self.drift_ppm, 2) + 0.0,
                "ppm",
                least=-most_ppm,
                most=most_ppm,
            ),
        ]
        if edges_ns:
            found += [
                Figure("first edge", edges_ns[0] / 1e9, "s"),
                Figure("last edge", edges_ns[-1] / 1e9, "s"),
            ]
        return found

    def remarks(self) -> list[str]:
        """Where glitches, other edges and missing steps are, a sentence each."""
        found = [
            f"{gap.steps} missing after {at_s(gap.after_ns)}." for gap in self.numbered.gaps[:5]
        ]
        found += [f"One too many at {at_s(t_ns)}." for t_ns in self.numbered.extra_ns[:5]]
        found += [f"A glitch at {at_s(t_ns)}." for t_ns in self.capture.glitches_ns[:5]]
        if self.capture.edges_ns:
            ideal_ns = float(self.judgement.ideal_us * 1000)
            before_ns = self.capture.edges_ns[0] - self.capture.first_ns
            after_ns = self.capture.last_ns - self.capture.edges_ns[-1]
            why = "the pump did not deliver then, or steps are missing"
            if before_ns > 1.5 * ideal_ns:
                found.append(f"No step in the first {at_s(before_ns)}: {why}.")
            if after_ns > 1.5 * ideal_ns:
                found.append(f"No step in the last {at_s(after_ns)}: {why}.")
        return found


def compare(capture: Capture, ideal_us: Fraction) -> Comparison:
    """The edges of a capture against steps that are `ideal_us` apart."""
    count = len(capture.edges_ns)
    if 0 < count < LEAST_STEPS:
        least_s = float(ideal_us) * LEAST_STEPS / 1e6
        text = f"The capture has too few steps, {count}: it takes {LEAST_STEPS} to compare"
        raise CaptureMistake(f"{text}, {least_s:.3g} s or more.")
    numbered = number(capture.edges_ns, float(ideal_us * 1000))
    scale = _scale(numbered, ideal_us, float(capture.sample_ns)) if count else Fraction(1)
    judgement = judge(_rescaled(capture.edges_ns, scale), ideal_us)
    return Comparison(capture, numbered, scale, judgement)


def number(edges_ns: Sequence[int], ideal_ns: float) -> Numbered:
    """Number each edge as the step due nearest to it, counted from the edge before."""
    numbered = Numbered(list(edges_ns[:1]), [0] if edges_ns else [], [], [])
    at = 1
    while at < len(edges_ns):
        last_ns = numbered.times_ns[-1]
        ahead = max(1, round((edges_ns[at] - last_ns) / ideal_ns))
        due_ns = last_ns + ahead * ideal_ns
        end = at + 1
        while end < len(edges_ns) and edges_ns[end] < due_ns + ideal_ns / 2:
            end += 1
        near = edges_ns[at:end]
        step_ns = min(near, key=lambda t_ns: abs(t_ns - due_ns))
        numbered.extra_ns.extend(t_ns for t_ns in near if t_ns != step_ns)
        if ahead > 1:
            numbered.gaps.append(Gap(last_ns, ahead - 1))
        numbered.times_ns.append(step_ns)
        numbered.numbers.append(numbered.numbers[-1] + ahead)
        at = end
    return numbered


def _scale(numbered: Numbered, ideal_us: Fraction, sample_ns: float) -> Fraction:
    """Seconds of the analyser in a second of the pump, by least squares over the steps."""
    import numpy

    times_ns = numpy.array(numbered.times_ns, dtype="int64")
    times_ns = (times_ns - times_ns[0]).astype(float)
    numbers = numpy.array(numbered.numbers, dtype=float)
    is_good = _are_good(times_ns, numbers, sample_ns)
    if is_good.sum() < LEAST_STEPS:
        is_good[:] = True
    slope_ns = numpy.polyfit(numbers[is_good], times_ns[is_good], 1)[0]
    return Fraction(float(slope_ns)) / (ideal_us * 1000)


def _are_good(
    times_ns: "numpy.ndarray", numbers: "numpy.ndarray", sample_ns: float
) -> "numpy.ndarray":
    """For each step, whether an interval beside it is near the median: not for misplaced steps."""
    import numpy

    intervals_ns = numpy.diff(times_ns) / numpy.diff(numbers)
    usual_ns = numpy.median(intervals_ns)
    most_ns = LIMIT_US * 1000 + 2 * sample_ns + usual_ns * _BAD_PPM / 1e6
    is_usual = abs(intervals_ns - usual_ns) <= most_ns
    return numpy.append(is_usual, False) | numpy.insert(is_usual, 0, False)


def _rescaled(edges_ns: Sequence[int], scale: Fraction) -> Edges:
    """The edges, converted to the pump's time."""
    edges = Edges()
    for t_ns in edges_ns:
        edges.add(round((t_ns - edges_ns[0]) / float(scale)))
    return edges
