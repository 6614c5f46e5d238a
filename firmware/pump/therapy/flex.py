# SPDX-License-Identifier: MIT
"""Flex: rates by day of the week and time of day, kept as they were programmed.

A step runs on its days from its time until the next step of that day, or midnight; a step with an
explicit end runs until that. What no step covers is filled with the prescription's rate: from
midnight to the first step of a day, and after an explicit end. Days never run into each other.

Days are a mask, bit 0 Monday to bit 6 Sunday; times are minutes since midnight, 1440 the end of a
day. Pure data, edited by the console; whether the pump can give the rates is not known here.
"""

import binascii

from micropython import const

from pump.faults import FLEX_CONFLICT, Refused
from pump.therapy.conversion import rate_nl_d

MAX_A_DAY = const(25)  # rates: one for every hour, and one before; bounds the memory of a week
DAY_MIN = const(1440)
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MASKS = {"ALL": 0x7F, "WD": 0x1F, "WE": 0x60}
for _day, _name in enumerate(WEEKDAYS):
    MASKS[_name] = 1 << _day


class Flex:
    """steps: tuples (days, from_min, to_min or 0, (rate unit, amount)), in order of time."""

    def __init__(self, steps=()):
        self.steps = list(steps)
        self._kept = {}  # what -> (what it was made for, what was made of the steps)

    def copy(self):
        """Another one with the same steps."""
        other = Flex(self.steps)
        other._kept.update(self._kept)
        return other

    def kept(self, what, made_for, make):
        """What `make()` makes of the steps: made once for the same, until the steps change.

        A week takes a board long to go through, and leaves much garbage; a copy shares it.
        """
        if what not in self._kept or self._kept[what][0] != made_for:
            self._kept[what] = made_for, make()
        return self._kept[what][1]

    def crc(self):
        """A checksum of the steps; 0 without any."""
        return self.kept("crc", None, self._make_crc)

    def clear(self):
        """Drop all steps."""
        self.steps = []
        self._kept = {}

    def add(self, days, from_min, rate, to_min=None):
        """Add a step; Refused FLEX_CONFLICT, and nothing is changed, where it meets another."""
        if to_min is not None:
            _need_length(days, from_min, to_min)
        to_min = to_min or 0
        for step in self.steps:
            if step[0] & days:
                _need_apart(days, from_min, to_min, step)
        at = 0  # `sort` takes quadratic time for what is nearly sorted
        while at < len(self.steps) and _order(self.steps[at]) < (from_min, days):
            at += 1
        self.steps.insert(at, (days, from_min, to_min, rate))
        for day, name in enumerate(WEEKDAYS):
            if days >> day & 1 and len(self.segments(day, 1, 1)) > MAX_A_DAY:
                self.steps.pop(at)
                raise Refused(FLEX_CONFLICT, "more than %d rates on %s" % (MAX_A_DAY, name))
        self._kept = {}

    def segments(self, day, fill_nl_d, ng_ml):
        """[(from_min, to_min, nl_d)] of weekday 0..6, from 0 to 1440 without gap or overlap."""
        steps = [step for step in self.steps if step[0] >> day & 1]
        found = []
        at_min = 0
        for index, (_, from_min, to_min, rate) in enumerate(steps):
            if at_min < from_min:
                found.append((at_min, from_min, fill_nl_d))
            is_last = index + 1 == len(steps)
            at_min = to_min or (DAY_MIN if is_last else steps[index + 1][1])
            found.append((from_min, at_min, rate_nl_d(rate, ng_ml)))
        if at_min < DAY_MIN:
            found.append((at_min, DAY_MIN, fill_nl_d))
        return found

    def _make_crc(self):
        crc = 0
        for step in self.steps:
            crc = binascii.crc32(repr(step).encode(), crc)
        return crc


def days_text(days):
    """The name of a mask, as it is programmed: `WD`; `MON TUE` for one without a name."""
    for name, mask in MASKS.items():
        if mask == days:
            return name
    return " ".join([name for day, name in enumerate(WEEKDAYS) if days >> day & 1])


def clock_text(minute):
    """Minutes since midnight as `HH:MM`."""
    return "%02d:%02d" % divmod(minute, 60)


def _order(step):
    return step[1], step[0]


def _need_length(days, from_min, to_min):
    """Refuse a window that ends where it begins, or before."""
    if to_min > from_min:
        return
    window = "%s %s" % (days_text(days), _window_text(from_min, to_min))
    if to_min == from_min:
        raise Refused(FLEX_CONFLICT, window + " is a window of zero length")
    raise Refused(FLEX_CONFLICT, window + " ends before it begins; split it at midnight")


def _need_apart(days, from_min, to_min, other):
    """Refuse a step that meets `other`, which it shares a day with."""
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
