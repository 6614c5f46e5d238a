# SPDX-License-Identifier: MIT
"""A reading of a balance, the clock that it is taken by, and how fast a weight may change."""

import time
from decimal import Decimal
from typing import NamedTuple, Protocol


class Reading(NamedTuple):
    """time_s: since the first reading. grams: as many digits as the balance shows.

    is_stable: None where the balance does not tell.
    """

    time_s: float
    grams: Decimal
    is_stable: bool | None


class Steepest(NamedTuple):
    """The steepest that a weight may change from one reading to the next: more is a jump.

    step_g: at once, which a drop that falls off the tube may be. flow_g_h: on top of it.
    """

    step_g: float = 0.1
    flow_g_h: float = 100.0

    def limit_g(self, seconds: float) -> float:
        return self.step_g + self.flow_g_h * seconds / 3600


class Clock(Protocol):
    """The time that readings are taken at."""

    def now_s(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class WallClock:
    """The host's monotonic clock."""

    def now_s(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
