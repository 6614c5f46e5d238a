# SPDX-License-Identifier: MIT
"""The drug that came out, step by step as the pin showed it; and the most of it in any 24 h.

Nothing here comes from what was ordered, but for the concentration in the head. Microseconds since
power-up and nanograms, as floats: there are millions of steps.
"""

from bisect import bisect_left
from itertools import pairwise

from host_tests.support.oracle.content import DAY_US

SHORT_US = 20_000  # two edges of a day apart may be that much less: chunks are rounded
MANY = 100_000  # edges; of more only those are looked at that begin or end a train


class Edges:
    """Trains of edges, as (first, period, count, drug of a step), in order."""

    def __init__(self):
        self._trains = []
        self._firsts = []
        self._sums = []  # of drug before each train
        self._total_ng = 0.0
        self._count = 0

    def add(self, first_us, period_us, count, step_ng):
        """A train came."""
        self._trains.append((float(first_us), float(period_us), count, float(step_ng)))
        self._firsts.append(float(first_us))
        self._sums.append(self._total_ng)
        self._total_ng += count * float(step_ng)
        self._count += count

    def before(self, t_us):
        """The drug of all edges before an instant."""
        at = bisect_left(self._firsts, t_us) - 1
        if at < 0:
            return 0.0
        first_us, period_us, count, step_ng = self._trains[at]
        if period_us:
            count = min(count, int(-(-(t_us - first_us) // period_us)))
        return self._sums[at] + count * step_ng

    def richest(self, begin_us, end_us):
        """The most in any 24 h that end on an edge in an interval; what may be missed of it."""
        day_us = DAY_US - SHORT_US
        most_ng = self.before(end_us) - self.before(end_us - day_us)
        for t_us in self._ends(begin_us, end_us, day_us):
            most_ng = max(most_ng, self.before(t_us + 0.5) - self.before(t_us - day_us))
        missed = 0 if self._count <= MANY else 2
        return most_ng, missed * max([train[3] for train in self._trains], default=0)

    def pieces(self, begin_us):
        """The same as rates from an instant on: (begin, end, ng/us), ending on an edge."""
        found = []
        for first_us, period_us, count, step_ng in self._trains:
            last_us = first_us + (count - 1) * period_us
            if last_us > begin_us:
                period_us = period_us or 1_000
                found.append((first_us - period_us, last_us, step_ng / period_us))
        return found

    def _ends(self, begin_us, end_us, day_us):
        """Where the richest 24 h can end: on an edge, or just before one leaves."""
        for first_us, period_us, count, _ in self._trains:
            last_us = first_us + (count - 1) * period_us
            if self._count <= MANY:
                if begin_us <= last_us and first_us < end_us:
                    for index in range(count):
                        if begin_us <= first_us + index * period_us < end_us:
                            yield first_us + index * period_us
                continue
            for t_us in (first_us, last_us, first_us + day_us, last_us + day_us):
                if begin_us <= t_us < end_us:
                    yield t_us


def day_ng(pieces, begin_us, end_us):
    """The most drug of pieces, overlapping or not, in any 24 h that end in an interval."""
    slopes = {}
    for start_us, stop_us, rate in pieces:
        if start_us < stop_us:
            slopes[float(start_us)] = slopes.get(float(start_us), 0.0) + float(rate)
            slopes[float(stop_us)] = slopes.get(float(stop_us), 0.0) - float(rate)
    instants, sums, total, slope = sorted(slopes), [], 0.0, 0.0
    for t_us, next_us in pairwise([*instants, None]):
        sums.append(total)
        slope += slopes[t_us]
        total += slope * (next_us - t_us) if next_us is not None else 0.0

    def by(t_us):
        at = bisect_left(instants, t_us)
        if at in (0, len(instants)):
            return sums[-1] if at and sums else 0.0
        part = (t_us - instants[at - 1]) / (instants[at] - instants[at - 1])
        return sums[at - 1] + part * (sums[at] - sums[at - 1])

    ends = {float(begin_us), float(end_us), *instants, *[t_us + DAY_US for t_us in instants]}
    return max(by(t_us) - by(t_us - DAY_US) for t_us in ends if begin_us <= t_us <= end_us)
