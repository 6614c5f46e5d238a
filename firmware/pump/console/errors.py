# SPDX-License-Identifier: MIT
"""SCPI errors: the numbers with their texts, the exception, and the queue.

Negative numbers are SCPI-1999 volume 2 chapter 21 with its exact texts. Positive ones are the
pump's own; their names stand in `pump.faults`.
"""

from micropython import const

from pump.console.status import (
    ESR_COMMAND_ERROR,
    ESR_DEVICE_ERROR,
    ESR_EXECUTION_ERROR,
    ESR_QUERY_ERROR,
)
from pump.faults import NAMES, name_in

INVALID_CHARACTER = const(-101)
SYNTAX_ERROR = const(-102)
INVALID_SEPARATOR = const(-103)
DATA_TYPE_ERROR = const(-104)
PARAMETER_NOT_ALLOWED = const(-108)
MISSING_PARAMETER = const(-109)
UNDEFINED_HEADER = const(-113)
NUMERIC_DATA_ERROR = const(-120)
INVALID_CHARACTER_IN_NUMBER = const(-121)
EXPONENT_TOO_LARGE = const(-123)
TOO_MANY_DIGITS = const(-124)
NUMERIC_DATA_NOT_ALLOWED = const(-128)
SUFFIX_ERROR = const(-130)
INVALID_SUFFIX = const(-131)
SUFFIX_NOT_ALLOWED = const(-138)
INVALID_CHARACTER_DATA = const(-141)
CHARACTER_DATA_NOT_ALLOWED = const(-148)
INVALID_STRING_DATA = const(-151)
STRING_DATA_NOT_ALLOWED = const(-158)
SETTINGS_CONFLICT = const(-221)
DATA_OUT_OF_RANGE = const(-222)
OUT_OF_MEMORY = const(-225)
SYSTEM_ERROR = const(-310)
QUEUE_OVERFLOW = const(-350)
INPUT_BUFFER_OVERRUN = const(-363)
QUERY_DEADLOCKED = const(-430)

STANDARD = """
-101 Invalid character
-102 Syntax error
-103 Invalid separator
-104 Data type error
-108 Parameter not allowed
-109 Missing parameter
-113 Undefined header
-120 Numeric data error
-121 Invalid character in number
-123 Exponent too large
-124 Too many digits
-128 Numeric data not allowed
-130 Suffix error
-131 Invalid suffix
-138 Suffix not allowed
-141 Invalid character data
-148 Character data not allowed
-151 Invalid string data
-158 String data not allowed
-221 Settings conflict
-222 Data out of range
-225 Out of memory
-310 System error
-350 Queue overflow
-363 Input buffer overrun
-430 Query DEADLOCKED
"""

NO_ERROR = '0,"No error"'

_DEPTH = const(16)
_MAX_DETAIL = const(120)  # SCPI allows 255 characters for text and detail together


class ScpiError(Exception):
    """A command that cannot be run. number: SCPI or pump error number; detail: the cause."""

    def __init__(self, number, detail=""):
        super().__init__(number)
        self.number = number
        self.detail = detail


class ErrorQueue:
    """Errors, oldest first, 16 at most; each error also sets its bit in the ESR.

    When it is full the newest entry is replaced by -350 and later errors are lost, as SCPI says.
    """

    def __init__(self, status):
        self._status = status
        self._entries = []  # (number, detail)

    @property
    def count(self):
        return len(self._entries)

    def push(self, number, detail=""):
        self._status.set_event(_event_bit(number))
        if len(self._entries) < _DEPTH:
            self._entries.append((number, detail[:_MAX_DETAIL]))
        else:
            self._status.set_event(ESR_DEVICE_ERROR)
            self._entries[-1] = (QUEUE_OVERFLOW, "")

    def pop(self):
        """Remove the oldest error; returns it as the answer to `SYSTem:ERRor?`."""
        if not self._entries:
            return NO_ERROR
        number, detail = self._entries.pop(0)
        text = f"{_name(number)};{detail}" if detail else _name(number)
        quoted = text.replace('"', '""')
        return f'{number},"{quoted}"'

    def pop_all(self):
        """Remove all errors; returns the answers to `SYSTem:ERRor:ALL?`, oldest first."""
        found = [self.pop()]
        while self._entries:
            found.append(self.pop())
        return found

    def clear(self):
        self._entries.clear()


def _name(number):
    return name_in(STANDARD, number) or name_in(NAMES, number) or "Unlisted error"


def _event_bit(number):
    """The ESR bit of an error's class (IEEE 488.2 11.5.1)."""
    if -200 < number <= -100:
        return ESR_COMMAND_ERROR
    if -300 < number <= -200:
        return ESR_EXECUTION_ERROR
    if -500 < number <= -400:
        return ESR_QUERY_ERROR
    return ESR_DEVICE_ERROR
