# SPDX-License-Identifier: MIT
"""Recorder of the rising edges of one pin, kept as trains so that 10**8 of them fit in memory.

A train is `count` edges, `period_ns` apart. Times are integer nanoseconds since power-up. Edges
are added in order of time.
"""

from bisect import bisect_right
from collections.abc import Iterator
from copy import deepcopy


class Edges:
    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Drop all edges."""
        self.count = 0
        self.last_ns: int | None = None
        self._first_ns: list[int] = []
        self._period_ns: list[int] = []
        self._counts: list[int] = []
        self._before: list[int] = []  # number of edges before each train

    def copy(self) -> "Edges":
        """A copy, to which later edges are not added."""
        return deepcopy(self)

    def add(self, first_ns: int, period_ns: int = 0, count: int = 1) -> None:
        """Append a train; if it continues the last one, that is extended."""
        if count < 1:
            return
        if count > 1 and period_ns < 1:
            raise ValueError(f"{count} edges need a period of at least 1 ns, not {period_ns}")
        last_ns = self.last_ns
        if last_ns is not None and first_ns < last_ns:
            raise ValueError(f"edge at {first_ns} ns comes before the last, {last_ns} ns")
        if last_ns is None or not self._extend(first_ns - last_ns, period_ns, count):
            self._append(first_ns, period_ns, count)
        self.count += count
        self.last_ns = first_ns + (count - 1) * period_ns

    def _append(self, first_ns: int, period_ns: int, count: int) -> None:
        self._first_ns.append(first_ns)
        self._period_ns.append(period_ns if count > 1 else 0)
        self._counts.append(count)
        self._before.append(self.count)

    def _extend(self, gap_ns: int, period_ns: int, count: int) -> bool:
        if gap_ns < 1 or (count > 1 and period_ns != gap_ns):
            return False
        if self._counts[-1] > 1 and self._period_ns[-1] != gap_ns:
            return False
        self._period_ns[-1] = gap_ns
        self._counts[-1] += count
        return True

    def times_ns(self) -> Iterator[int]:
        """Yield the time of each edge."""
        for first_ns, period_ns, count in self._trains():
            for n in range(count):
                yield first_ns + n * period_ns

    def intervals_ns(self) -> Iterator[tuple[int, int]]:
        """Yield the intervals between edges as (interval_ns, number in a row)."""
        run_ns, run_count, last_ns = 0, 0, None
        for first_ns, period_ns, count in self._trains():
            pieces = [(period_ns, count - 1)]
            if last_ns is not None:
                pieces.insert(0, (first_ns - last_ns, 1))
            last_ns = first_ns + (count - 1) * period_ns
            for interval_ns, many in pieces:
                if many and interval_ns != run_ns and run_count:
                    yield run_ns, run_count
                    run_count = 0
                if many:
                    run_ns, run_count = interval_ns, run_count + many
        if run_count:
            yield run_ns, run_count

    def count_until(self, t_ns: int) -> int:
        """The number of edges at or before `t_ns`."""
        i = bisect_right(self._first_ns, t_ns) - 1
        if i < 0:
            return 0
        period_ns, count = self._period_ns[i], self._counts[i]
        if count > 1:
            count = min(count, (t_ns - self._first_ns[i]) // period_ns + 1)
        return self._before[i] + count

    def _trains(self) -> Iterator[tuple[int, int, int]]:
        return zip(self._first_ns, self._period_ns, self._counts, strict=True)
