# SPDX-License-Identifier: MIT
"""The wall clock: date and time of day at an instant of the monotonic clock, once it has been set.

Local time as the operator sets it, from 2000 to 2099: no time zones, no daylight saving. It only
places a day pattern; no duration is measured by it. Pure.
"""

from micropython import const

_S_PER_DAY = const(86_400)
_US_PER_S = const(1_000_000)
_WEEK_US = const(604_800_000_000)
_MONDAY_S = const(172_800)  # Monday 2000-01-03 00:00:00
_DAYS_PER_4_YEARS = const(1_461)  # every fourth year from 2000 to 2099 has a 29 February
_FORMAT = const("YYYY-MM-DDTHH:MM:SS")
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class WallClock:
    """is_set: it was set since the last reset. Instants may lie before it was set, too.

    epoch_us: the instant of 2000-01-01T00:00:00; None: never known. If it is known but the clock
    is not set, it was set before a reset, and the time that the pump was off is not known.
    """

    def __init__(self, epoch_us=None):
        self.is_set = False
        self.epoch_us: "int | None" = epoch_us

    def set(self, seconds, now_us):
        """Set the time at now_us to `seconds` after 2000-01-01T00:00:00."""
        self.epoch_us = now_us - seconds * _US_PER_S
        self.is_set = True

    def seconds(self, now_us):
        """Whole seconds since 2000-01-01T00:00:00, also after a reset; 0: never set."""
        return 0 if self.epoch_us is None else (now_us - self.epoch_us) // _US_PER_S

    def week_us(self, at_us):
        """Microseconds since Monday 00:00. Only when set."""
        return (at_us - (self.epoch_us or 0) - _MONDAY_S * _US_PER_S) % _WEEK_US


def parse(text):
    """`2026-03-01T07:30:00` as seconds since 2000-01-01T00:00:00; ValueError has the reason."""
    if not _is_in_format(text):
        raise ValueError("time must be " + _FORMAT)
    year, month, day = int(text[0:4]), int(text[5:7]), int(text[8:10])
    hour, minute, second = int(text[11:13]), int(text[14:16]), int(text[17:19])
    if not 2000 <= year <= 2099:
        raise ValueError("year must be 2000 to 2099")
    if not (1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
        raise ValueError("there is no such day: " + text[:10])
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("there is no such time of day: " + text[11:])
    days = (year - 2000) * 365 + (year - 1997) // 4 + day - 1
    for earlier in range(1, month):
        days += _days_in(year, earlier)
    return days * _S_PER_DAY + (hour * 60 + minute) * 60 + second


def text(seconds):
    """Seconds since 2000-01-01T00:00:00 as `2026-03-01T07:30:00`."""
    days, second = divmod(seconds, _S_PER_DAY)
    year = 2000 + days // _DAYS_PER_4_YEARS * 4
    days %= _DAYS_PER_4_YEARS
    while days >= 365 + _is_leap(year):
        days -= 365 + _is_leap(year)
        year += 1
    month = 1
    while days >= _days_in(year, month):
        days -= _days_in(year, month)
        month += 1
    date = (year, month, days + 1)
    return "%04d-%02d-%02dT%02d:%02d:%02d" % (
        date + (second // 3600, second // 60 % 60, second % 60)
    )


def _is_in_format(text):
    if len(text) != len(_FORMAT):
        return False
    for given, wanted in zip(text, _FORMAT):
        is_right = given == wanted if wanted in "-T:" else "0" <= given <= "9"
        if not is_right:
            return False
    return True


def _is_leap(year):
    return int(year % 4 == 0)


def _days_in(year, month):
    return _MONTH_DAYS[month - 1] + (month == 2 and _is_leap(year))
