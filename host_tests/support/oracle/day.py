# SPDX-License-Identifier: MIT
"""The oracle's own account of 24 hours: what was and what will be given, and the rules on it.

Regular drug is kept as pieces (begin us, end us, ng/us), extra boluses as what counts of them.
Every window that can be the richest one is looked at: brute force over all breakpoints.
"""

from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise

from host_tests.support.oracle.content import DAY_US
from host_tests.support.oracle.sources import all_pieces


class Sum:
    """The running sum of pieces that may overlap."""

    def __init__(self, pieces):
        slopes = {}
        for begin, end, rate in pieces:
            if begin < end:
                slopes[begin] = slopes.get(begin, 0) + rate
                slopes[end] = slopes.get(end, 0) - rate
        self.instants = sorted(slopes)
        self._sums, self._slopes = [], []
        total = slope = Fraction(0)
        for t_us, next_us in pairwise([*self.instants, None]):
            slope += slopes[t_us]
            self._sums.append(total)
            self._slopes.append(slope)
            total += slope * (next_us - t_us) if next_us is not None else 0

    def by(self, t_us):
        i = bisect_right(self.instants, t_us) - 1
        if i < 0:
            return Fraction(0)
        return self._sums[i] + self._slopes[i] * (t_us - self.instants[i])

    def day(self, end_us):
        """In the 24 h that end then."""
        return self.by(end_us) - self.by(end_us - DAY_US)

    def richest(self, first_us, last_us):
        """The most in any 24 h that end in an interval, and when."""
        ends = {first_us, last_us, *self.instants, *[t + DAY_US for t in self.instants]}
        return max((self.day(t), t) for t in ends if first_us <= t <= last_us)


def exceeds(planned, without, limit_ng, now_us, last_us, margin_ng):
    """Whether some 24 h hold more than a limit, and more than the same 24 h without the plan.

    True, False, or None: too close to say, or within what an estimate may refuse.
    """
    least_ng, found = limit_ng * Fraction(99, 100) - margin_ng, False
    ends = {now_us, last_us}
    for line in (planned, without):
        ends |= {t for at in line.instants for t in (at, at + DAY_US) if now_us <= t <= last_us}
    clear_before = None
    for t_us in sorted(ends):
        day_ng, gain_ng = planned.day(t_us), planned.day(t_us) - without.day(t_us)
        if day_ng > limit_ng + margin_ng and gain_ng > margin_ng:
            return True
        clear = {
            name
            for name, is_so in (("little", day_ng < least_ng), ("less", gain_ng < -margin_ng))
            if is_so
        }
        if not clear or (clear_before is not None and not clear & clear_before):
            found = None
        clear_before = clear
    return found


def drug(source, begin_us, end_us):
    """What a source gives, as pieces in nanograms."""
    pieces = all_pieces(source, begin_us, end_us)
    return [(a, b, rate * source.ng_ml / 10**6) for a, b, rate in pieces]


class Extra:
    """A bolus."""

    def __init__(self, begin_us, duration_us, ng):
        self.begin_us, self.end_us, self.ng = begin_us, begin_us + duration_us, ng

    def pieces(self):
        if self.end_us <= self.begin_us:
            return []
        return [(self.begin_us, self.end_us, Fraction(self.ng, 1) / (self.end_us - self.begin_us))]


class Window:
    """What was regular, and what was extra."""

    def __init__(self):
        self.pieces = []
        self.extras = []
        self._since_us, self._source = Fraction(0), None

    def open(self, at_us, source):
        """From then on that source, or None; what was before has ended."""
        if self._source:
            self.pieces += drug(self._source, self._since_us, at_us)
        self._since_us, self._source = at_us, source

    def drop_last(self):
        """Nothing regular is in force: what was opened last is to be opened later."""
        self._source = None

    def planned(self, now_us, instead=None, dose=None):
        """Everything that went out and will.

        instead: another source from now on. dose: an Extra besides.
        """
        source = instead or self._source
        pieces = self._past(now_us) + self._doses() + (dose.pieces() if dose else [])
        if source:
            begin_us = now_us if instead else max(now_us, self._since_us)
            pieces = pieces + drug(source, begin_us, now_us + 4 * DAY_US)
        return Sum(pieces)

    def ahead(self, now_us, instead=None, dose=None):
        """The same as pieces, without what went out before now."""
        source = instead or self._source
        pieces = self._doses() + (dose.pieces() if dose else [])
        if source:
            begin_us = now_us if instead else max(now_us, self._since_us)
            pieces = pieces + drug(source, begin_us, now_us + 4 * DAY_US)
        return [(max(a, now_us), b, rate) for a, b, rate in pieces if b > now_us]

    def peak(self, now_us):
        """The richest 24 h that end from now on until in 24 h."""
        return self.planned(now_us).richest(now_us, now_us + DAY_US)[0]

    def as_given(self, now_us):
        """Everything as it went out: what no limit may be exceeded by."""
        return Sum(self._past(now_us) + self._doses())

    def _doses(self):
        return [piece for extra in self.extras for piece in extra.pieces()]

    def _past(self, now_us):
        if not self._source:
            return self.pieces
        return self.pieces + drug(self._source, self._since_us, now_us)


class Allowance:
    """When the patient may have the next bolus."""

    def __init__(self):
        self.starts_us = []
        self.not_given = 0

    def wait_us(self, now_us, lockout_us, maximum):
        """How long until the next: by the lockout, and by the maximum."""
        starts = self.starts_us
        locked = starts[-1] + lockout_us - now_us if starts else 0
        full = starts[-maximum] + DAY_US - now_us if len(starts) >= maximum > 0 else 0
        return max(locked, 0), max(full, 0)
