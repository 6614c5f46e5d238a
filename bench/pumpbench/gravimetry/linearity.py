# SPDX-License-Identifier: MIT
"""Linearity: the distances of the measured rates from a straight line through all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 3  # rates: two are always on a line


@dataclass(frozen=True)
class Linearity:
    """Rates in mL/h. The line is slope * set + offset, by least squares.

    off_line_pct: of each rate, its distance from the line in percent of the greatest set rate.
    """

    set_ml_h: tuple[float, ...]
    measured_ml_h: tuple[float, ...]
    slope: float
    offset_ml_h: float

    @property
    def off_line_pct(self) -> tuple[float, ...]:
        pairs = zip(self.set_ml_h, self.measured_ml_h, strict=True)
        return tuple(
            100 * (measured - self.slope * rate - self.offset_ml_h) / max(self.set_ml_h)
            for rate, measured in pairs
        )

    @property
    def worst_pct(self) -> float:
        return max(self.off_line_pct, key=abs)


def linearity(rates: Sequence[tuple[float, float]]) -> Linearity:
    """The Linearity of (set, measured) rates in mL/h; ValueError for fewer than 3 set rates."""
    if len({rate for rate, _ in rates}) < FEWEST:
        raise ValueError(f"linearity takes {FEWEST} different rates at least")
    set_ml_h, measured_ml_h = zip(*sorted(rates), strict=True)
    if not np.isfinite(set_ml_h + measured_ml_h).all() or set_ml_h[0] <= 0:
        raise ValueError("a rate is no number above 0")
    slope, offset_ml_h = np.polyfit(set_ml_h, measured_ml_h, 1)
    return Linearity(set_ml_h, measured_ml_h, float(slope), float(offset_ml_h))
