# SPDX-License-Identifier: MIT
"""The level of the reservoir over a delivery: by the pump's answers, and by the beaker.

Volumes are in mL, differences in nL. Nothing here changes a delivery.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from pumpbench.plant.plant import Beaker

QUERY = "RES:VOL?"
ANSWER_NL = 1  # the last digit of an answer


class Level(NamedTuple):
    """One answer, and the true volume left when it came."""

    hour: float
    answered_ml: Fraction
    true_ml: Fraction

    @property
    def off_nl(self) -> Fraction:
        """Answered minus true volume."""
        return (self.answered_ml - self.true_ml) * 1_000_000


class ReservoirLog:
    """The levels of one delivery, from a reservoir that holds `filled_ml` now.

    ask: sends a query to the pump and returns its answer.
    """

    def __init__(self, ask: Callable[[str], str], beaker: Beaker, filled_ml: int) -> None:
        self.levels: list[Level] = []
        self._ask = ask
        self._beaker = beaker
        self._full_ml = filled_ml + beaker.volume_ml

    def look(self, hour: float) -> None:
        """Ask for the level, and read the true one when the answer has come."""
        answered_ml = Fraction(self._ask(QUERY))
        self.levels.append(Level(hour, answered_ml, self._full_ml - self._beaker.volume_ml))


def worst(levels: Sequence[Level]) -> Level | None:
    """The level with the largest error, or None without any."""
    return max(levels, key=lambda level: abs(level.off_nl), default=None)


def limit_nl(step_ml: Fraction) -> Fraction:
    """The limit of an answer's error: one step made while it was sent, and its last digit."""
    return step_ml * 1_000_000 + ANSWER_NL


def problems(levels: Sequence[Level], step_ml: Fraction) -> list[str]:
    """A sentence about the worst answer, if it is beyond the limit."""
    level = worst(levels)
    if level is None or abs(level.off_nl) <= limit_nl(step_ml):
        return []
    answered_ml, true_ml = float(level.answered_ml), float(level.true_ml)
    return [
        f"at {level.hour:.2f} h the pump says {answered_ml:.6f} mL are left, "
        f"the beaker leaves {true_ml:.6f} mL"
    ]
