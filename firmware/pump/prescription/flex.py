# SPDX-License-Identifier: MIT
"""Flex: rates by day of the week and time of day, kept as they were programmed.

A step runs on its days from its time until the next step of that day, or midnight; a step with an
explicit end runs until that. Time that no step covers has the prescription's rate: from midnight
to the first step of a day, and after an explicit end. No step runs past midnight.

Days are a mask, bit 0 Monday to bit 6 Sunday; times are minutes since midnight, 1440 the end of a
day. Pure data, edited by the console; the limits of the pump are not checked here.

A board keeps two weeks of up to 175 steps, so a step is two integers: its window, in 30 bits,
which are stored without heap memory and sort by time, and the amount of its rate.
"""

import binascii

from micropython import const

from pump.faults import FLEX_CONFLICT, Refused
from pump.prescription.conversion import rate_nl_d
from pump.units import NG_D, NL_D

MAX_A_DAY = const(25)  # rates a day: one an hour, and one before; bounds the memory of a week
DAY_MIN = const(1440)
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MASKS = {"ALL": 0x7F, "WD": 0x1F, "WE": 0x60}
for _day, _name in enumerate(WEEKDAYS):
    MASKS[_name] = 1 << _day

_FROM = const(19)  # shift of from_min in a window, 11 bits; the highest, so that windows sort
_DAYS = const(12)  # the mask, 7 bits
_TO = const(1)  # to_min or 0, 11 bits; the lowest bit is 1 for a rate in drug
_MINUTE = const(0x7FF)


class Flex:
    """Steps are tuples (days, from_min, to_min or 0, (rate unit, amount)), sorted by time."""

    def __init__(self, steps=()):
        self._windows = [_window(*step) for step in steps]
        self._amounts = [step[3][1] for step in steps]
        self._kept = {}  # name -> (made_for, result), see `kept`

    @property
    def count(self):
        """The number of steps."""
        return len(self._windows)

    @property
    def steps(self):
        """All steps: a list that takes many times the memory of the integers kept."""
        return [self.step(index) for index in range(self.count)]

    def is_daily(self):
        """True if every step is for all days."""
        return all(window >> _DAYS & 0x7F == 0x7F for window in self._windows)

    def step(self, index):
        """One step, by its index."""
        window = self._windows[index]
        to_min = window >> _TO & _MINUTE
        return window >> _DAYS & 0x7F, window >> _FROM, to_min, self._rate(index)

    def to_record(self):
        """All steps as [windows, amounts]."""
        return [self._windows, self._amounts]

    def from_record(self, record):
        """Restore the steps from a record of `to_record`."""
        self._windows, self._amounts = record

    def copy(self):
        """Another Flex with the same steps and results."""
        other = Flex()
        other._windows = self._windows[:]
        other._amounts = self._amounts[:]
        other._kept.update(self._kept)
        return other

    def kept(self, what, made_for, make):
        """The result of `make()`, kept as `what` while steps and `made_for` stay the same.

        Going through a week takes a board long, and leaves much garbage. A copy shares results.
        """
        if what not in self._kept or self._kept[what][0] != made_for:
            self._kept[what] = made_for, make()
        return self._kept[what][1]

    def crc(self):
        """A checksum of the steps; 0 without any."""
        return self.kept("crc", None, self._make_crc)

    def clear(self):
        """Drop all steps."""
        self._windows = []
        self._amounts = []
        self._kept = {}

    def add(self, days, from_min, rate, to_min=None):
        """Add a step. Raise Refused FLEX_CONFLICT, and change nothing, if it overlaps another."""
        if to_min is not None:
            _require_length(days, from_min, to_min)
        to_min = to_min or 0
        at, added = 0, _window(days, from_min, to_min, rate)
        for index, window in enumerate(self._windows):
            if window >> _DAYS & days:
                _require_apart(days, from_min, to_min, self.step(index))
            at += window < added  # `sort` takes quadratic time for nearly sorted lists
        count = self.count
        try:
            self._windows.insert(at, added)
            self._amounts.insert(at, rate[1])
            self._require_few(days)
        except Exception:  # too many rates, or no memory
            for numbers in (self._windows, self._amounts):
                if len(numbers) > count:
                    numbers.pop(at)
            raise
        self._kept = {}

    def segments(self, day, fill_nl_d, ng_ml):
        """Yield (from_min, to_min, nl_d) of weekday 0..6, from 0 to 1440 without gaps."""
        bit = 1 << _DAYS + day
        indexes = [index for index, window in enumerate(self._windows) if window & bit]
        at_min = 0
        for nth, index in enumerate(indexes):
            window = self._windows[index]
            from_min, to_min = window >> _FROM, window >> _TO & _MINUTE
            if at_min < from_min:
                yield at_min, from_min, fill_nl_d
            is_last = nth + 1 == len(indexes)
            at_min = to_min or (DAY_MIN if is_last else self._windows[indexes[nth + 1]] >> _FROM)
            yield from_min, at_min, rate_nl_d(self._rate(index), ng_ml)
        if at_min < DAY_MIN:
            yield at_min, DAY_MIN, fill_nl_d

    def _require_few(self, days):
        """Raise Refused FLEX_CONFLICT if one of these days has more than MAX_A_DAY rates."""
        for day, name in enumerate(WEEKDAYS):
            if days >> day & 1 and sum(1 for _ in self.segments(day, 1, 1)) > MAX_A_DAY:
                raise Refused(FLEX_CONFLICT, "more than %d rates on %s" % (MAX_A_DAY, name))

    def _rate(self, index):
        return (NG_D if self._windows[index] & 1 else NL_D), self._amounts[index]

    def _make_crc(self):
        crc = 0
        for step in zip(self._windows, self._amounts):
            crc = binascii.crc32(repr(step).encode(), crc)
        return crc


def days_text(days):
    """The name of a mask, as programmed: `WD`; `MON TUE` for one without a name."""
    for name, mask in MASKS.items():
        if mask == days:
            return name
    return " ".join([name for day, name in enumerate(WEEKDAYS) if days >> day & 1])


def clock_text(minute):
    """Minutes since midnight as `HH:MM`."""
    return "%02d:%02d" % divmod(minute, 60)


def _window(days, from_min, to_min, rate):
    """A step without the amount of its rate, as one integer of 30 bits."""
    return from_min << _FROM | days << _DAYS | to_min << _TO | (rate[0] == NG_D)


def _require_length(days, from_min, to_min):
    """Raise Refused FLEX_CONFLICT unless a window ends after it begins."""
    if to_min > from_min:
        return
    window = "%s %s" % (days_text(days), _window_text(from_min, to_min))
    if to_min == from_min:
        raise Refused(FLEX_CONFLICT, window + " is a window of zero length")
    raise Refused(FLEX_CONFLICT, window + " ends before it begins; split it at midnight")


def _require_apart(days, from_min, to_min, other):
    """Raise Refused FLEX_CONFLICT if a step overlaps `other`, which shares a day with it."""
    other_days, other_from_min, other_to_min, _ = other
    day = days_text(_first(days & other_days))
    if from_min == other_from_min:
        detail = "a window of zero length: %s has a step at %s" % (day, clock_text(from_min))
        raise Refused(FLEX_CONFLICT, detail)
    if from_min < other_from_min < to_min or other_from_min < from_min < other_to_min:
        windows = sorted([(from_min, to_min), (other_from_min, other_to_min)])
        first, second = [_window_text(*window) for window in windows]
        detail = "windows overlap on %s: %s and %s" % (day, first, second)
        raise Refused(FLEX_CONFLICT, detail)


def _first(days):
    """The first day of a mask, as a mask."""
    return days & -days


def _window_text(from_min, to_min):
    """`06:00-10:00`, or `06:00` without an end."""
    text = clock_text(from_min)
    return "%s-%s" % (text, clock_text(to_min)) if to_min else text
