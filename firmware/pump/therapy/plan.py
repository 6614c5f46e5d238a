# SPDX-License-Identifier: MIT
"""A plan: the delivery from now on, as rows (at_us, schedule, ng_ml), each until the next.

A schedule counts time from its own at_us on, which may lie in the past. Drug is in femtograms, as
in `daily_past`, instants are on the monotonic clock. Pure.

`pieces` of a plan are (to_us, from_fg, to_fg), without a gap: the drug due rises linearly from the
end of the piece before to to_us. A rate that changes too often to compute each change is replaced
by steps about a quarter of an hour apart, EARLY or LATE by that.
"""

from collections import namedtuple

from micropython import const

from pump.units import DAY_US

EARLY = const(1)
LATE = const(2)

ROUNDING_FG = const(16)  # the most by which rounded sums of rows are too high

# ng_ml: the concentration of the delivery from at_us on
PlanRow = namedtuple("PlanRow", ("at_us", "schedule", "ng_ml"))

_SHORT_US = const(864_000_000)  # a hundredth of a day
_FOREVER_US = const(1 << 62)


class Plan:
    """rows: sorted by their instants; (): no delivery. Only the time from now_us on counts."""

    def __init__(self, rows, now_us):
        self.now_us = now_us
        self._rows = rows

    def drug_fg(self, t_us):
        """Drug due from now_us to t_us in femtograms, rounded up."""
        return sum([_Row(*span).drug_fg for span in self._spans(t_us)])

    def pieces(self, end_us, steps):
        """Pieces from now_us to end_us. steps: EARLY or LATE."""
        at_fg, last_us = 0, self.now_us
        for span in self._spans(end_us):
            if span[0] > last_us:
                yield span[0], at_fg, at_fg
            row, last_us = _Row(*span), span[1]
            for piece_us, from_fg, to_fg in row.pieces(steps):
                yield piece_us, at_fg + from_fg, at_fg + to_fg
            at_fg += row.drug_fg
        if last_us < end_us:
            yield end_us, at_fg, at_fg

    def _spans(self, end_us):
        """Yield (from_us, to_us, at_us, schedule, ng_ml) of the rows in force before end_us."""
        for index, (at_us, schedule, ng_ml) in enumerate(self._rows):
            from_us, to_us = max(at_us, self.now_us), end_us
            if index + 1 < len(self._rows):
                to_us = min(to_us, self._rows[index + 1][0])
            if from_us < to_us:
                yield from_us, to_us, at_us, schedule, ng_ml


class _Row:
    """A row from one instant to another. drug_fg: the drug due in it."""

    def __init__(self, from_us, to_us, at_us, schedule, ng_ml):
        self._from_us = from_us
        self._to_us = to_us
        self._at_us = at_us
        self._schedule = schedule
        self._ng_ml = ng_ml
        self._before = schedule.due(from_us - at_us)
        self.drug_fg = self._fg(schedule.due(to_us - at_us))

    def pieces(self, steps):
        """As `Plan.pieces`, with the drug counted from 0."""
        from_us, from_fg, to_us, at_us = self._from_us, 0, self._to_us, self._at_us
        for change_us, due in self._schedule.changes(from_us - at_us):
            change_us += at_us
            if change_us >= to_us:
                break
            if change_us - from_us < _SHORT_US:
                period_us = self._schedule.period_us(from_us - at_us)
                if period_us is not None and 1 < period_us <= _SHORT_US:
                    for piece in self._steps(from_us, from_fg, period_us, steps):
                        yield piece
                    return
            due_fg = self._fg(due)
            yield change_us, from_fg, due_fg
            from_us, from_fg = change_us, due_fg
        yield to_us, from_fg, self.drug_fg

    def _steps(self, from_us, from_fg, period_us, steps):
        """Pieces of the rest of the row, in which every period has the same drug."""
        span_us = -(-_SHORT_US // period_us) * period_us
        more_fg = self._fg(self._schedule.due(from_us + span_us - self._at_us)) - from_fg + 1
        while from_us < self._to_us:
            from_us, before_fg, from_fg = from_us + span_us, from_fg, from_fg + more_fg
            at_fg = from_fg if steps == EARLY else before_fg
            yield min(from_us, self._to_us), at_fg, at_fg

    def _fg(self, units):
        return -(-(units - self._before) * self._ng_ml // DAY_US)


class Walk:
    """A position in pieces, from now_us on. to_us: the end of the present piece."""

    def __init__(self, pieces, now_us):
        self._pieces = pieces
        self._from_us = self.to_us = now_us
        self._from_fg = self._more_fg = 0
        self.go_on()

    def go_on(self):
        """Move to the next piece; after the last one no more drug is due, for ever."""
        for to_us, from_fg, to_fg in self._pieces:
            self._from_us, self._from_fg, self._more_fg = self.to_us, from_fg, to_fg - from_fg
            self.to_us = to_us
            return
        self._from_us, self._from_fg, self._more_fg = self.to_us, self._from_fg + self._more_fg, 0
        self.to_us = _FOREVER_US

    def drug_fg(self, t_us):
        """Drug due by an instant of the present piece."""
        if not self._more_fg:
            return self._from_fg
        span_us = self.to_us - self._from_us
        return self._from_fg + self._more_fg * (t_us - self._from_us) // span_us


def gains(plan, other, end_us):
    """Yield (from_us, piece) of a plan while it has delivered more than the other plan.

    Pieces are cut where the other plan changes its rate, or where one overtakes the other.
    """
    mine = Walk(plan.pieces(end_us, EARLY), plan.now_us)
    theirs = Walk(other.pieces(end_us, EARLY), plan.now_us)
    at_us = plan.now_us
    while at_us < end_us:
        to_us = min(mine.to_us, theirs.to_us)
        from_fg, to_fg = mine.drug_fg(at_us), mine.drug_fg(to_us)
        before, after = from_fg - theirs.drug_fg(at_us), to_fg - theirs.drug_fg(to_us)
        if max(before, after) > ROUNDING_FG:
            cut_us, cut_fg = at_us, from_fg
            if before < 0:
                cut_us += (to_us - at_us) * -before // (after - before)
                cut_fg = mine.drug_fg(cut_us)
            yield cut_us, (to_us, cut_fg, to_fg)
        for walk in (mine, theirs):
            if walk.to_us == to_us:
                walk.go_on()
        at_us = to_us
