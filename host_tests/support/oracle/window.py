# SPDX-License-Identifier: MIT
"""What falls into 24 h, by brute force: every instant where a rate changes, in whole numbers.

A schedule is a plain description; `built` makes the real one of it, and the oracle reads the
description alone. It lays the rates of all stretches on one line of time, adds them up from the
left, and looks at every window that begins or ends where a rate changes.

    ("constant", rate)   ("dose", amount, duration_us)   ("then", first, duration_us, after)
    ("cycle", pieces, phase_us)
"""

from bisect import bisect_right
from fractions import Fraction
from itertools import accumulate, pairwise
from math import lcm

from pump.kinds import BRIDGE
from pump.therapy.cycle import Cycle
from pump.therapy.schedule import Constant, Dose, Sequence

DAY_US = 86_400_000_000
FINE_PER_NG = DAY_US * 10**6


def pieces_of(description, from_us, to_us):
    """(start_us, end_us, units per us) of all that a schedule does from from_us to to_us."""
    kind, *content = description
    if kind == "constant":
        yield from_us, to_us, Fraction(content[0])
    elif kind == "dose":
        amount, duration_us = content
        yield 0, duration_us, Fraction(amount, duration_us)
    elif kind == "then":
        first, duration_us, after = content
        for start_us, end_us, rate in pieces_of(first, 0, duration_us):
            yield start_us, min(end_us, duration_us), rate
        for start_us, end_us, rate in pieces_of(after, from_us - duration_us, to_us - duration_us):
            yield start_us + duration_us, end_us + duration_us, rate
    else:
        pieces, phase_us = content
        cycle_us = sum(duration_us for duration_us, _, _ in pieces)
        start_us = max(from_us + phase_us, 0) // cycle_us * cycle_us - phase_us
        while start_us < to_us:
            for duration_us, amount, _ in pieces:
                yield start_us, start_us + duration_us, Fraction(amount, duration_us)
                start_us += duration_us


def built(description):
    kind, *content = description
    if kind == "constant":
        return Constant(*content)
    if kind == "dose":
        return Dose(BRIDGE, *content)
    if kind == "then":
        first, duration_us, after = content
        return Sequence(built(first), duration_us, built(after))
    return Cycle(*content)


class Line:
    """The drug given by each instant from a day before now to a day after, exactly.

    In parts of a nanogram such that every sum is a whole number.
    """

    def __init__(self, stretches, now_us):
        self.now_us = now_us
        pieces = list(self._pieces(stretches))
        self._parts = lcm(*(rate.denominator for _, _, rate in pieces))
        changes = {now_us - DAY_US: 0, now_us + DAY_US: 0}
        for start_us, end_us, rate in pieces:
            change = int(rate * self._parts)
            changes[start_us] = changes.get(start_us, 0) + change
            changes[end_us] = changes.get(end_us, 0) - change
        self.instants = sorted(changes)
        self._rates = list(accumulate(changes[instant] for instant in self.instants))
        spans_us = [b - a for a, b in pairwise(self.instants)]
        given = [rate * span_us for rate, span_us in zip(self._rates, spans_us, strict=False)]
        self._sums = [0, *accumulate(given)]

    def _pieces(self, stretches):
        for from_us, to_us, description, ng_ml in stretches:
            first_us = max(from_us, self.now_us - DAY_US)
            last_us = min(to_us, self.now_us + DAY_US)
            spans = pieces_of(description, first_us - from_us, last_us - from_us)
            for start_us, end_us, rate in spans:
                start_us = max(start_us + from_us, first_us)
                end_us = min(end_us + from_us, last_us)
                if start_us < end_us:
                    yield start_us, end_us, rate * ng_ml / FINE_PER_NG

    def window_ng(self, end_us, span_us=DAY_US):
        """What falls into a window that ends then."""
        return Fraction(self._by(end_us) - self._by(end_us - span_us), self._parts)

    def peak_ng(self):
        ends = {self.now_us, *(instant for instant in self.instants if instant >= self.now_us)}
        ends |= {instant + DAY_US for instant in self.instants if instant <= self.now_us}
        most = max(self._by(end_us) - self._by(end_us - DAY_US) for end_us in ends)
        return Fraction(most, self._parts)

    def _by(self, instant):
        index = bisect_right(self.instants, instant) - 1
        return self._sums[index] + self._rates[index] * (instant - self.instants[index])


class Oracle:
    """What `Window` is to answer, from everything that ever happened."""

    def __init__(self):
        self.stretches = []  # [from_us, to_us, description, ng_ml]
        self.extras = []  # [end_us, dose_ng]

    def open(self, at_us, description, ng_ml):
        self.close(at_us)
        self.stretches.append([at_us, 10**18, description, ng_ml])

    def close(self, at_us):
        self.stretches = [stretch[:] for stretch in self.stretches if stretch[0] < at_us]
        for stretch in self.stretches:
            stretch[1] = min(stretch[1], at_us)

    def add(self, at_us, duration_us, dose_ng):
        self.extras.append([at_us + duration_us, dose_ng])

    def cut(self, at_us, given_ng):
        self.extras[-1] = [at_us, given_ng]

    def extras_ng(self, now_us):
        return sum(dose_ng for end_us, dose_ng in self.extras if end_us > now_us - DAY_US)

    def line(self, now_us, instead=()):
        """As opened, or as if these rows had been opened as well."""
        other = Oracle()
        other.stretches = self.stretches
        for row in instead:
            other.open(*row)
        return Line(other.stretches, now_us)
