# SPDX-License-Identifier: MIT
"""A reading of a balance, the clock for its time, and the limit of changes between readings."""

import time
from decimal import Decimal
from typing import NamedTuple, Protocol


class Reading(NamedTuple):
    """time_s: since the first reading. grams: as many digits as the balance shows.

    is_stable: None if the balance does not tell.
    """

    time_s: float
    grams: Decimal
    is_stable: bool | None


class Steepest(NamedTuple):
    """The limit of the change from one reading to the next; a larger one is a jump.

    step_g: a sudden change, such as a drop that falls off the tube. flow_g_h: added for the time
    between.
    """

    step_g: float = 0.1
    flow_g_h: float = 100.0

    def limit_g(self, seconds: float) -> float:
        return self.step_g + self.flow_g_h * seconds / 3600


class Clock(Protocol):
    """The clock that readings are timed by."""

    def now_s(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class WallClock:
    """The host's monotonic clock."""

    def now_s(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
