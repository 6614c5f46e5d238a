# SPDX-License-Identifier: MIT
"""LIMit:DAY: whether a plan brings more drug than that into some 24 h, past and plan together.

A plan is refused where some 24 h would hold more than the limit and more than the same 24 h would
hold without it. All 24 h are looked at that end from now on until a day after the last change of
the plan. What went out is known as `daily_past` keeps it, the plan exactly; so a plan may be
refused, too, that comes as close to the limit as a 100th of it. None that exceeds it is let
through.

Two things are never overstated. The drug of one regular therapy, however often it was stopped and
started, is in no 24 h more than in its richest 24 h; so a therapy whose day is the limit can
always start again. And it went out no faster than at its highest rate.

Instants are on the monotonic clock, drug in femtograms. Pure.
"""

from micropython import const

from pump.therapy.daily_past import DOSES, THERAPY, DailyPast
from pump.therapy.plan import EARLY, LATE, ROUNDING_FG, Plan, Walk, gains
from pump.units import DAY_US

_FG_PER_NG = const(1_000_000)
_NEARLY = const(200)  # a 200th more is nearly the same
_ALL_NG = const(1_000_000_000_000)  # more than any limit: 1 kg
_DRIFT_US = const(60_000_000)  # a day pattern that clocks have moved by this is another one
_NONE = (0, None, None, 0)


class Pattern:
    """One regular therapy, whenever it runs.

    key: a number; the same content, the same key. epoch_us: of the wall clock that places a day
    pattern, or None. day_fg: the most of it in any 24 h; rate_fg_d: the highest rate, a day.
    """

    def __init__(self, key, epoch_us, day_fg, rate_fg_d):
        self.key = key
        self.epoch_us = epoch_us
        self.day_fg = day_fg
        self.rate_fg_d = rate_fg_d


class DailyLimit:
    """What went out in the last 24 h, and what it leaves of a limit."""

    def __init__(self):
        self._past = DailyPast()
        self._counted = (0, 0)  # since power-up, of each lane
        self._pattern = _NONE  # key, epoch_us, rate_fg_d or None, stray fg: of what is regular
        self._is_going = False  # regular therapy goes out
        self._next = None  # (instant, Pattern) of the one that follows what goes out then
        self._noted_us = 0
        self._worst_us = 0  # until then, as if all that any limit allows had been given

    def is_empty(self):
        """True when nothing is known to have gone out."""
        return self._past.is_empty() and not self._worst_us

    def note(self, now_us, dosed):
        """What has gone out by now. dosed: fg (regular, other) since power-up."""
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
        self._counted, self._noted_us = dosed, now_us  # at last: never less than went out
        self._past.forget(now_us)

    def recover(self, lane, drug_fg, now_us):
        """A reset has hidden when this went out: as if it were just now."""
        self._past.add(lane, drug_fg, now_us)

    def follow(self, at_us, pattern):
        """The regular therapy is this one from at_us on, which is not before the last `note`."""
        if not self._is_going:
            self._is_going = True
            self._turn(pattern)
            return
        if self._next is not None:  # two in a row: what goes out until then is of neither
            self._past.blend()
            self._pattern = _NONE
        self._next = (at_us, pattern)

    def stop(self):
        """Nothing regular goes out any more; what was to begin later does not. `note` first."""
        self._is_going = False
        self._next = None

    def stray(self, drug_fg):
        """So much of a dose that was cut short goes out with the regular therapy."""
        key, epoch_us, rate_fg_d, stray_fg = self._pattern
        self._pattern = key, epoch_us, rate_fg_d, stray_fg + drug_fg

    def assume_worst(self, now_us):
        """What was given is not known: as if it were all that any limit allows, just now."""
        self._past, self._pattern = DailyPast(), _NONE
        self._worst_us = now_us + DAY_US

    def excess_ng(
        self, rows, limit_ng, *, step_fg, now_us, last_us, owed_fg, instead_of=None, **known
    ):
        """The drug of some 24 h that a plan brings above the limit; 0: of none. `note` first.

        rows: the plan, see `plan`; from last_us on it is one regular therapy. step_fg: the drug of
        a step, of which a limit is so many whole ones. owed_fg: what is due of one and not yet
        out. instead_of: the rows of what goes on without the plan, None: nothing does. known: as
        `_is_known` has it.
        """
        if now_us < self._worst_us:
            return _ALL_NG
        limit_fg = limit_ng * _FG_PER_NG // step_fg * step_fg + ROUNDING_FG
        if self._is_known(limit_fg, owed_fg, **known):
            return 0
        plan, to_us = Plan(rows, now_us), max(last_us, now_us) + DAY_US
        peak_fg = self._peak_fg(plan, _whole(plan, to_us), to_us, limit_fg, owed_fg)
        if peak_fg and instead_of is not None:
            pieces = gains(plan, Plan(instead_of, now_us), to_us)
            peak_fg = self._peak_fg(plan, pieces, to_us, limit_fg, owed_fg)
        return max(peak_fg // _FG_PER_NG, limit_ng + 1) if peak_fg else 0

    def to_record(self):
        """What has to survive a reset, as a list."""
        return [self._past.to_record(), list(self._pattern), self._worst_us]

    def from_record(self, record):
        """Go on from what `to_record` answered."""
        past, pattern, worst_us = record
        self._past.from_record(past)
        self._pattern, self._worst_us = tuple(pattern), worst_us

    def _most_fg(self, span_us, drug_fg):
        """Up to so much drug, as far as the present pattern can have given it in a time."""
        rate_fg_d = self._pattern[2]
        if rate_fg_d is None:
            return drug_fg
        return min(drug_fg, -(-span_us * rate_fg_d // DAY_US))

    def _turn(self, pattern):
        """Another pattern begins, or the same one by another clock."""
        key, epoch_us, _, stray_fg = self._pattern
        drift_us = _apart_us(epoch_us, pattern.epoch_us)
        if key != pattern.key or drift_us > _DRIFT_US:
            self._past.blend()
            drift_us = stray_fg = 0
        stray_fg += drift_us * pattern.rate_fg_d // DAY_US
        epoch_us = epoch_us if pattern.epoch_us is None else pattern.epoch_us
        self._pattern = pattern.key, epoch_us, pattern.rate_fg_d, stray_fg

    def _is_known(self, limit_fg, owed_fg, pattern=None, dose_fg=0):
        """Whether it is within the limit for sure: all that is regular is of one pattern.

        pattern: the Pattern of the plan, but for dose_fg; None: it is of more than one.
        """
        if pattern is None or self._next is not None:
            return False
        key, epoch_us, _, stray_fg = self._pattern
        most_fg = self._past.drug_fg(DOSES) + dose_fg + pattern.day_fg
        if key != pattern.key:
            return most_fg + owed_fg + self._past.drug_fg(THERAPY) <= limit_fg
        drift_us = _apart_us(epoch_us, pattern.epoch_us)
        return most_fg + stray_fg - (-drift_us * pattern.rate_fg_d // DAY_US) <= limit_fg

    def _peak_fg(self, plan, pieces, to_us, limit_fg, owed_fg):
        """The drug of the fullest 24 h that end in some pieces of a plan; 0: within the limit.

        pieces: (from_us, piece), in order.
        """
        left = _Left(self._past, self._pattern, plan, to_us, owed_fg)
        most_fg = limit_fg - left.held_fg
        if plan.drug_fg(to_us) <= most_fg:
            return 0
        peak_fg = 0
        for from_us, (end_us, from_fg, end_fg) in pieces:
            at_us, at_fg, span_us, more_fg = from_us, from_fg, end_us - from_us, end_fg - from_fg
            while at_us < end_us:
                left.move(at_us)
                if end_fg - left.drug_fg(at_us) <= most_fg:
                    break  # within the limit whatever leaves meanwhile
                cut_us = min(end_us, left.until_us)
                cut_fg = from_fg + more_fg * (cut_us - from_us) // span_us
                day_fg = max(at_fg - left.drug_fg(at_us), cut_fg - left.drug_fg(cut_us))
                if day_fg > most_fg:
                    peak_fg = max(peak_fg, day_fg + left.held_fg)
                at_us, at_fg = cut_us, cut_fg
        return peak_fg


class _Left:
    """What has left the 24 h by an instant, while they move on; asked for later and later ones.

    Portion by portion, or two at once. held_fg: what they hold now. A therapy that has gone on
    for a day at its highest rate, or nearly, leaves as evenly as it came. Once all of the past has
    left, what went out of the plan follows.
    """

    def __init__(self, past, pattern, plan, to_us, owed_fg):
        doses_fg, therapy_fg = past.drug_fg(DOSES), past.drug_fg(THERAPY) + owed_fg
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
        self._portions_fg = 0  # what has
        self._last_us = plan.now_us + DAY_US  # then the last of the past leaves
        self._follows: "Walk" = None  # pyright: ignore[reportAttributeAccessIssue]
        self.until_us = plan.now_us

    def move(self, t_us):
        """On to an instant; `drug_fg` answers from there to until_us, which is later."""
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
        """What has left by an instant, or a portion less."""
        if self._follows is not None:
            return self.held_fg + self._follows.drug_fg(t_us - DAY_US)
        if not self._rate_fg_d:
            return self._portions_fg
        return self._portions_fg + self._rate_fg_d * (t_us - self._plan.now_us) // DAY_US


def _whole(plan, to_us):
    """All pieces of a plan up to an instant, and where each begins."""
    from_us = plan.now_us
    for piece in plan.pieces(to_us, EARLY):
        yield from_us, piece
        from_us = piece[0]


def _apart_us(first_us, second_us):
    """How far two clocks are apart; 0 where either is not known."""
    return 0 if None in (first_us, second_us) else abs(first_us - second_us)
