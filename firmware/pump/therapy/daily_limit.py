# SPDX-License-Identifier: MIT
"""LIMit:DAY: checks the drug of any 24 h, already delivered or planned, against the limit.

A plan is refused if some 24 h would have more drug than the limit, and more than the same 24 h
without the plan. All 24 h are checked that end between now and a day after the last change of the
plan. Drug already delivered is known to a portion of `daily_past`, the plan exactly: a plan within
a 100th below the limit may be refused, too, but none that exceeds it is allowed.

Two bounds keep the past from being overstated. The drug of one regular therapy, however often it
was stopped and started, is in any 24 h at most that of its richest 24 h: a therapy whose day is
the limit can always start again. And it was delivered at its highest rate at most.

Instants are on the monotonic clock, drug in femtograms. Pure.
"""

from micropython import const

from pump.therapy.daily_past import DOSES, THERAPY, DailyPast
from pump.therapy.plan import EARLY, LATE, ROUNDING_FG, Plan, Walk, gains
from pump.units import DAY_US

_FG_PER_NG = const(1_000_000)
_NEARLY = const(200)  # amounts that differ by a 200th count as equal
_ALL_NG = const(1_000_000_000_000)  # more than any limit: 1 kg
_DRIFT_US = const(60_000_000)  # a day pattern moved by the clock by more than this is another
_NONE = (0, None, None, 0)


class Pattern:
    """One regular therapy, whenever it runs.

    key: checksum of its content. epoch_us: of the wall clock that places a day pattern, or None.
    day_fg: its most drug in any 24 h. rate_fg_d: its highest rate in femtograms a day.
    """

    def __init__(self, key, epoch_us, day_fg, rate_fg_d):
        self.key = key
        self.epoch_us = epoch_us
        self.day_fg = day_fg
        self.rate_fg_d = rate_fg_d


class DailyLimit:
    """The drug delivered in the last 24 h, and the check of a plan against a limit."""

    def __init__(self):
        self._past = DailyPast()
        self._counted = (0, 0)  # drug of each lane since power-up, at the last `note`
        self._pattern = _NONE  # the regular therapy's key, epoch_us, rate_fg_d or None, stray fg
        self._is_going = False  # regular therapy is delivered
        self._next = None  # (instant, Pattern) of a change of the regular therapy to come
        self._noted_us = 0
        self._worst_us = 0  # until then any limit counts as used up

    def is_empty(self):
        """True if no drug is known to have been delivered."""
        return self._past.is_empty() and not self._worst_us

    def note(self, now_us, dosed):
        """Note the drug delivered by now. dosed: fg (regular, other) since power-up."""
        therapy_fg, doses_fg = [now - then for now, then in zip(dosed, self._counted)]
        if self._next is not None and now_us >= self._next[0]:
            at_us, pattern = self._next
            before_fg = self._most_fg(at_us - self._noted_us, therapy_fg)
            therapy_fg -= before_fg
            self._past.add(THERAPY, before_fg, now_us)
            self._turn(pattern)
            self._next = None
        if therapy_fg:
            self._past.add(THERAPY, therapy_fg, now_us)
        if doses_fg:
            self._past.add(DOSES, doses_fg, now_us)
        self._counted, self._noted_us = dosed, now_us  # last: an error above understates nothing
        self._past.forget(now_us)

    def recover(self, lane, drug_fg, now_us):
        """Add drug delivered before a reset, at an unknown instant, as if delivered now."""
        self._past.add(lane, drug_fg, now_us)

    def follow(self, at_us, pattern):
        """Set the Pattern of the regular therapy from at_us on; at_us is not before `note`."""
        if not self._is_going:
            self._is_going = True
            self._turn(pattern)
            return
        if self._next is not None:  # two in a row: drug until then counts for neither
            self._past.blend()
            self._pattern = _NONE
        self._next = (at_us, pattern)

    def stop(self):
        """The regular therapy has ended, and a change to come is dropped. `note` first."""
        self._is_going = False
        self._next = None

    def stray(self, drug_fg):
        """Count drug of a dose that was cut short, delivered with the regular therapy."""
        key, epoch_us, rate_fg_d, stray_fg = self._pattern
        self._pattern = key, epoch_us, rate_fg_d, stray_fg + drug_fg

    def assume_worst(self, now_us):
        """Count any limit as used up for 24 h: the drug delivered is not known."""
        self._past, self._pattern = DailyPast(), _NONE
        self._worst_us = now_us + DAY_US

    def excess_ng(
        self, rows, limit_ng, *, step_fg, now_us, last_us, carry_fg, instead_of=None, **known
    ):
        """The most drug of any 24 h, in ng, if a plan exceeds the limit; else 0. `note` first.

        rows: the plan, see `plan`; from last_us on it is one regular therapy. step_fg: the drug of
        a step; the limit is rounded down to whole steps. carry_fg: the due fraction of a step, not
        yet delivered. instead_of: the rows of the delivery without the plan; None: none. known:
        arguments of `_is_known`.
        """
        if now_us < self._worst_us:
            return _ALL_NG
        limit_fg = limit_ng * _FG_PER_NG // step_fg * step_fg + ROUNDING_FG
        if self._is_known(limit_fg, carry_fg, **known):
            return 0
        plan, to_us = Plan(rows, now_us), max(last_us, now_us) + DAY_US
        peak_fg = self._peak_fg(plan, _whole(plan, to_us), to_us, limit_fg, carry_fg)
        if peak_fg and instead_of is not None:
            pieces = gains(plan, Plan(instead_of, now_us), to_us)
            peak_fg = self._peak_fg(plan, pieces, to_us, limit_fg, carry_fg)
        return max(peak_fg // _FG_PER_NG, limit_ng + 1) if peak_fg else 0

    def to_record(self):
        """The content that has to survive a reset, as a list."""
        return [self._past.to_record(), list(self._pattern), self._worst_us]

    def from_record(self, record):
        """Restore the content from a record of `to_record`."""
        past, pattern, worst_us = record
        self._past.from_record(past)
        self._pattern, self._worst_us = tuple(pattern), worst_us

    def _most_fg(self, span_us, drug_fg):
        """The part of drug_fg that the present pattern can have delivered in span_us at most."""
        rate_fg_d = self._pattern[2]
        if rate_fg_d is None:
            return drug_fg
        return min(drug_fg, -(-span_us * rate_fg_d // DAY_US))

    def _turn(self, pattern):
        """Set the present pattern: another one, or the same one by another clock."""
        key, epoch_us, _, stray_fg = self._pattern
        drift_us = _apart_us(epoch_us, pattern.epoch_us)
        if key != pattern.key or drift_us > _DRIFT_US:
            self._past.blend()
            drift_us = stray_fg = 0
        stray_fg += drift_us * pattern.rate_fg_d // DAY_US
        epoch_us = epoch_us if pattern.epoch_us is None else pattern.epoch_us
        self._pattern = pattern.key, epoch_us, pattern.rate_fg_d, stray_fg

    def _is_known(self, limit_fg, carry_fg, pattern=None, dose_fg=0):
        """True if the plan is within the limit by the day of its one regular pattern.

        pattern: the Pattern of the plan, apart from dose_fg; None: it has more than one.
        """
        if pattern is None or self._next is not None:
            return False
        key, epoch_us, _, stray_fg = self._pattern
        most_fg = self._past.drug_fg(DOSES) + dose_fg + pattern.day_fg
        if key != pattern.key:
            return most_fg + carry_fg + self._past.drug_fg(THERAPY) <= limit_fg
        drift_us = _apart_us(epoch_us, pattern.epoch_us)
        return most_fg + stray_fg - (-drift_us * pattern.rate_fg_d // DAY_US) <= limit_fg

    def _peak_fg(self, plan, pieces, to_us, limit_fg, carry_fg):
        """The most drug of 24 h that end in the given pieces of a plan; 0: within the limit.

        pieces: (from_us, piece), in order.
        """
        left = _Left(self._past, self._pattern, plan, to_us, carry_fg)
        most_fg = limit_fg - left.held_fg
        if plan.drug_fg(to_us) <= most_fg:
            return 0
        peak_fg = 0
        for from_us, (end_us, from_fg, end_fg) in pieces:
            at_us, at_fg, span_us, more_fg = from_us, from_fg, end_us - from_us, end_fg - from_fg
            while at_us < end_us:
                left.move(at_us)
                if end_fg - left.drug_fg(at_us) <= most_fg:
                    break  # within the limit even if no more drug leaves
                cut_us = min(end_us, left.until_us)
                cut_fg = from_fg + more_fg * (cut_us - from_us) // span_us
                day_fg = max(at_fg - left.drug_fg(at_us), cut_fg - left.drug_fg(cut_us))
                if day_fg > most_fg:
                    peak_fg = max(peak_fg, day_fg + left.held_fg)
                at_us, at_fg = cut_us, cut_fg
        return peak_fg


class _Left:
    """The drug that has left the moving window of 24 h by an instant; instants only increase.

    held_fg: the drug in the window now. It leaves in portions, one or two at once; that of a
    therapy delivered for a day at its highest rate, or nearly, leaves at that rate. After all of
    the past the drug of the plan leaves.
    """

    def __init__(self, past, pattern, plan, to_us, carry_fg):
        doses_fg, therapy_fg = past.drug_fg(DOSES), past.drug_fg(THERAPY) + carry_fg
        _, _, rate_fg_d, stray_fg = pattern
        self._past = past
        self._plan = plan
        self._to_us = to_us
        self._rate_fg_d = 0
        self._lanes = (THERAPY, DOSES)
        if rate_fg_d is not None and rate_fg_d + stray_fg <= therapy_fg + therapy_fg // _NEARLY:
            therapy_fg, self._rate_fg_d, self._lanes = rate_fg_d + stray_fg, rate_fg_d, (DOSES,)
        self.held_fg = doses_fg + therapy_fg
        self._index = 0  # of the first portion that has not left
        self._portions_fg = 0  # drug of the portions that have left
        self._last_us = plan.now_us + DAY_US  # the last of the past leaves then
        self._follows: "Walk" = None  # pyright: ignore[reportAttributeAccessIssue]
        self.until_us = plan.now_us

    def move(self, t_us):
        """Move on to t_us; `drug_fg` is valid from there to until_us, which is later."""
        if t_us < self.until_us:
            return
        if t_us < self._last_us:
            self._index, count, until_us = self._past.left(self._index, t_us, self._lanes)
            self._portions_fg += count * self._past.portion_fg
            self.until_us = self._last_us if until_us is None else min(until_us, self._last_us)
            return
        if self._follows is None:
            pieces = self._plan.pieces(self._to_us - DAY_US, LATE)
            self._follows = Walk(pieces, self._plan.now_us)
        while self._follows.to_us + DAY_US <= t_us:
            self._follows.go_on()
        self.until_us = self._follows.to_us + DAY_US

    def drug_fg(self, t_us):
        """The drug that has left by an instant, at most a portion too low."""
        if self._follows is not None:
            return self.held_fg + self._follows.drug_fg(t_us - DAY_US)
        if not self._rate_fg_d:
            return self._portions_fg
        return self._portions_fg + self._rate_fg_d * (t_us - self._plan.now_us) // DAY_US


def _whole(plan, to_us):
    """Yield (from_us, piece) for all pieces of a plan up to to_us."""
    from_us = plan.now_us
    for piece in plan.pieces(to_us, EARLY):
        yield from_us, piece
        from_us = piece[0]


def _apart_us(first_us, second_us):
    """The difference of two clocks' epochs in microseconds; 0 if either is None."""
    return 0 if None in (first_us, second_us) else abs(first_us - second_us)
