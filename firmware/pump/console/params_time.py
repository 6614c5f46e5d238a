# SPDX-License-Identifier: MIT
"""Parameters for days of the week and times of day.

DAYS -> a mask of weekdays (bit 0 Monday)   TIME_OF_DAY -> minutes since midnight, 0 to 1439
END_OF_WINDOW -> the same, and `24:00` -> 1440
"""

from pump.console import errors
from pump.console.errors import ScpiError
from pump.console.params import TEXT, choice
from pump.prescription.flex import DAY_MIN, MASKS, WEEKDAYS, clock_text

_DAYS = choice("ALL", "WD", "WE", *WEEKDAYS)
WEEKDAY = choice(*WEEKDAYS)


def _days(text):
    return MASKS[_DAYS(text)]


def _time(last_min):
    """A time of day `HH:MM`, two digits each, from 00:00 to last_min."""

    def convert(text):
        minute = _minute(TEXT(text))
        if minute > last_min:
            raise ScpiError(errors.DATA_OUT_OF_RANGE, "%s: to %s" % (text, clock_text(last_min)))
        return minute

    return convert


def _minute(text):
    """`06:30` -> 390. ScpiError unless it is two digits, a colon and two digits."""
    digits = text[:2] + text[3:]
    is_time = len(text) == 5 and text[2] == ":"
    if not is_time or [digit for digit in digits if not "0" <= digit <= "9"]:
        raise ScpiError(errors.NUMERIC_DATA_ERROR, text + ": HH:MM, two digits each")
    if int(text[3:]) > 59:
        raise ScpiError(errors.DATA_OUT_OF_RANGE, text + ": minutes to 59")
    return int(text[:2]) * 60 + int(text[3:])


DAYS = _days
TIME_OF_DAY = _time(DAY_MIN - 1)
END_OF_WINDOW = _time(DAY_MIN)
