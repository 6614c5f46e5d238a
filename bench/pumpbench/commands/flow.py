# SPDX-License-Identifier: MIT
"""The flow of the last minutes, from volumes that a pump has answered, and its chart as text.

Times in s, volumes in mL, flows in mL/d.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence

DAY_S = 86400
COLUMN_S = 5  # time of a column of the chart
MEAN_S = 30  # a flow is the mean over this time: a slow pump makes one step in many seconds
KEPT_S = 1200
_BLOCKS = " ▁▂▃▄▅▆▇█"


class Flow:
    """Volumes by the pump's own clock; those before a reset of the pump are dropped."""

    def __init__(self) -> None:
        self._times_s: list[float] = []
        self._volumes_ml: list[float] = []

    def add(self, at_s: float, volume_ml: float) -> None:
        """Add the volume delivered by a time; an earlier time shows that the pump was reset."""
        if self._times_s and at_s <= self._times_s[-1]:
            self._times_s.clear()
            self._volumes_ml.clear()
        self._times_s.append(at_s)
        self._volumes_ml.append(volume_ml)
        old = bisect_right(self._times_s, at_s - KEPT_S)
        del self._times_s[:old], self._volumes_ml[:old]

    def columns(self, count: int) -> list[float | None]:
        """The flow at the end of each of the last `count` columns; None before any volume."""
        if not self._times_s:
            return [None] * count
        end_s = self._times_s[-1]
        return [self._flow_ml_d(end_s - COLUMN_S * back) for back in range(count - 1, -1, -1)]

    def _flow_ml_d(self, at_s: float) -> float | None:
        """The mean flow over `MEAN_S`, or less at the beginning, before a time."""
        from_s = max(at_s - MEAN_S, self._times_s[0])
        if at_s - from_s < COLUMN_S:
            return None
        return (self._volume_ml(at_s) - self._volume_ml(from_s)) / (at_s - from_s) * DAY_S

    def _volume_ml(self, at_s: float) -> float:
        """The volume at a time, interpolated linearly."""
        after = min(bisect_right(self._times_s, at_s), len(self._times_s) - 1)
        (t0, t1), (v0, v1) = (
            row[after - 1 : after + 1] for row in (self._times_s, self._volumes_ml)
        )
        return v0 + (v1 - v0) * (at_s - t0) / (t1 - t0)


def top_of(flows: Sequence[float | None]) -> float:
    """The end of an axis for the flows: 1, 2 or 5 times a power of ten, or 1 without a flow."""
    most = max((flow for flow in flows if flow is not None), default=0)
    if most <= 0:
        return 1
    power = 10 ** math.floor(math.log10(most))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= most * 0.999)


def chart(flows: Sequence[float | None], height: int) -> list[str]:
    """Rows of bars, the top one first; bars are in eighths of a row, a dot is no flow known."""
    top = top_of(flows)
    eighths = [None if flow is None else round(flow / top * height * 8) for flow in flows]
    return ["".join(_cell(bar, row) for bar in eighths) for row in range((height - 1) * 8, -1, -8)]


def _cell(bar: int | None, below: int) -> str:
    """A bar's part of a row that begins `below` eighths above the axis."""
    if bar is None:
        return " " if below else "·"
    return _BLOCKS[min(max(bar - below, 0), 8)]
