# SPDX-License-Identifier: MIT
"""Regular therapy as it should run from some instant on: its basal rate, and its periodic doses.

Instants in microseconds since power-up, rates in nanolitres a microsecond, as Fractions.
"""

from fractions import Fraction

from host_tests.support.oracle.content import DAY_US, HEAD, MINUTE_US, WEEK_US
from host_tests.support.oracle.pump import FOREVER, Span

WALL_US = 12_000  # how well the oracle knows when the pump took a setting of its clock


class Source:
    """Nothing at all; the others say more."""

    ng_ml = 0

    def pieces(self, begin_us, end_us):
        """The basal as (begin, end, nl/us), one after the other."""
        return [(begin_us, end_us, Fraction(0))]

    def doses(self, _begin_us, _end_us):
        """The periodic doses that begin in [begin, end): (Span of the begin, us, nl)."""
        return []


class Constant:
    """One rate, for ever."""

    def __init__(self, nl_d, ng_ml):
        self.ng_ml = ng_ml
        self._rate = Fraction(nl_d, DAY_US)

    def pieces(self, begin_us, end_us):
        return [(begin_us, end_us, self._rate)]

    def doses(self, _begin_us, _end_us):
        return []


class Week:
    """A week of rates, which began at monday_us."""

    def __init__(self, changes, monday_us, ng_ml, share=1):
        self.ng_ml = ng_ml
        self._share = share
        self._changes = changes  # (minute, nl_d)
        self._monday_us = monday_us

    def pieces(self, begin_us, end_us):
        found = []
        week_us = self._monday_us + (begin_us - self._monday_us) // WEEK_US * WEEK_US
        ends = [minute for minute, _ in self._changes[1:]] + [7 * 1440]
        while week_us < end_us:
            for (minute, nl_d), end in zip(self._changes, ends, strict=True):
                a = max(begin_us, week_us + minute * MINUTE_US)
                b = min(end_us, week_us + end * MINUTE_US)
                if a < b:
                    found.append((a, b, Fraction(nl_d, DAY_US) * self._share))
            week_us += WEEK_US
        return found

    def doses(self, _begin_us, _end_us):
        return []


class Periodic:
    """Doses on a grid, the first one interval after the grid was anchored, over a basal."""

    def __init__(self, nl_d, ng_ml, dose, grid):
        self.ng_ml = ng_ml
        self.grid = grid  # a list of one Span, shared by all sources on that grid
        self._nl, self._duration_us, self._interval_us = dose
        self._rate = Fraction(nl_d, DAY_US)

    def pieces(self, begin_us, end_us):
        return [(begin_us, end_us, self._rate)]

    def doses(self, begin_us, end_us):
        low, high = self.grid[0]
        middle = (low + high) / 2
        k = max(1, -((middle - begin_us) // self._interval_us))  # the first at begin or later
        found = []
        while middle + k * self._interval_us < end_us:
            t_us = k * self._interval_us
            found.append((Span(low + t_us, high + t_us), self._duration_us, self._nl))
            k += 1
        return found


def regular(p, *, monday_us, grid):
    """The prescription's regular therapy. monday_us: a Monday 00:00 of the wall clock, or None."""
    if p.mode == "FLEX" and monday_us is not None:
        return Week(p.week(), monday_us, p.ng_ml, share(p))
    if p.mode == "PERIODIC":
        ng, duration_us, interval_us = p.periodic
        dose = (p.volume_nl(ng) * share(p), duration_us, interval_us)
        return Periodic(int(p.basal_nl_d() * share(p)), p.ng_ml, dose, grid)
    return Constant(int(min(p.rates_nl_d()) * share(p)), p.ng_ml)


def share(p):
    """What of it is delivered: where its day is within a step of LIMit:DAY, whole steps."""
    day_ng = p.richest_ng()
    whole_ng = p.limit_day_ng // HEAD.step_ng(p.ng_ml) * HEAD.step_ng(p.ng_ml)
    return whole_ng / day_ng if 0 < whole_ng < day_ng else 1


def all_pieces(source, begin_us, end_us):
    """Basal and doses as (begin, end, nl/us); the doses overlap the basal."""
    found = source.pieces(begin_us, end_us)
    for begin, duration_us, nl in source.doses(begin_us, end_us):
        at_us = (begin.low + begin.high) / 2
        found.append((at_us, min(end_us, at_us + duration_us), Fraction(nl, duration_us)))
    return found


def rate_between(source, begin_us, end_us):
    """The least and the most basal rate in an interval, its ends taken generously."""
    around = source.pieces(begin_us - WALL_US, end_us + WALL_US)
    rates = [rate for _, _, rate in around]
    return Span(min(rates), max(rates))


def change_after(source, t_us):
    """The next instant at which the basal surely has its next rate, or may begin to have it."""
    if not isinstance(source, Week):
        return FOREVER
    pieces = source.pieces(t_us - 2 * WALL_US, t_us + WEEK_US)
    ends = [end + off for _, end, _ in pieces for off in (-WALL_US, WALL_US)]
    return min([end for end in ends if end > t_us], default=FOREVER)
