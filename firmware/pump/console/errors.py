# SPDX-License-Identifier: MIT
"""SCPI errors: the numbers with their texts, the exception, and the queue.

Negative numbers are SCPI-1999 volume 2 chapter 21 with its exact texts. Positive ones are the
pump's own; their names stand in `pump.faults`.
"""

from pump.console.status import (
    ESR_COMMAND_ERROR,
    ESR_DEVICE_ERROR,
    ESR_EXECUTION_ERROR,
    ESR_QUERY_ERROR,
)
from pump.faults import FAULTS, REFUSALS

COMMAND_ERROR = -100
INVALID_CHARACTER = -101
SYNTAX_ERROR = -102
INVALID_SEPARATOR = -103
DATA_TYPE_ERROR = -104
PARAMETER_NOT_ALLOWED = -108
MISSING_PARAMETER = -109
UNDEFINED_HEADER = -113
NUMERIC_DATA_ERROR = -120
INVALID_CHARACTER_IN_NUMBER = -121
EXPONENT_TOO_LARGE = -123
TOO_MANY_DIGITS = -124
NUMERIC_DATA_NOT_ALLOWED = -128
SUFFIX_ERROR = -130
INVALID_SUFFIX = -131
SUFFIX_NOT_ALLOWED = -138
INVALID_CHARACTER_DATA = -141
CHARACTER_DATA_NOT_ALLOWED = -148
INVALID_STRING_DATA = -151
STRING_DATA_NOT_ALLOWED = -158
EXECUTION_ERROR = -200
SETTINGS_CONFLICT = -221
DATA_OUT_OF_RANGE = -222
ILLEGAL_PARAMETER_VALUE = -224
OUT_OF_MEMORY = -225
SYSTEM_ERROR = -310
QUEUE_OVERFLOW = -350
INPUT_BUFFER_OVERRUN = -363
QUERY_ERROR = -400
QUERY_INTERRUPTED = -410
QUERY_DEADLOCKED = -430

STANDARD = {
    COMMAND_ERROR: "Command error",
    INVALID_CHARACTER: "Invalid character",
    SYNTAX_ERROR: "Syntax error",
    INVALID_SEPARATOR: "Invalid separator",
    DATA_TYPE_ERROR: "Data type error",
    PARAMETER_NOT_ALLOWED: "Parameter not allowed",
    MISSING_PARAMETER: "Missing parameter",
    UNDEFINED_HEADER: "Undefined header",
    NUMERIC_DATA_ERROR: "Numeric data error",
    INVALID_CHARACTER_IN_NUMBER: "Invalid character in number",
    EXPONENT_TOO_LARGE: "Exponent too large",
    TOO_MANY_DIGITS: "Too many digits",
    NUMERIC_DATA_NOT_ALLOWED: "Numeric data not allowed",
    SUFFIX_ERROR: "Suffix error",
    INVALID_SUFFIX: "Invalid suffix",
    SUFFIX_NOT_ALLOWED: "Suffix not allowed",
    INVALID_CHARACTER_DATA: "Invalid character data",
    CHARACTER_DATA_NOT_ALLOWED: "Character data not allowed",
    INVALID_STRING_DATA: "Invalid string data",
    STRING_DATA_NOT_ALLOWED: "String data not allowed",
    EXECUTION_ERROR: "Execution error",
    SETTINGS_CONFLICT: "Settings conflict",
    DATA_OUT_OF_RANGE: "Data out of range",
    ILLEGAL_PARAMETER_VALUE: "Illegal parameter value",
    OUT_OF_MEMORY: "Out of memory",
    SYSTEM_ERROR: "System error",
    QUEUE_OVERFLOW: "Queue overflow",
    INPUT_BUFFER_OVERRUN: "Input buffer overrun",
    QUERY_ERROR: "Query error",
    QUERY_INTERRUPTED: "Query INTERRUPTED",
    QUERY_DEADLOCKED: "Query DEADLOCKED",
}

NO_ERROR = '0,"No error"'

_DEPTH = 16
_MAX_DETAIL = 120  # SCPI allows 255 characters for text and detail together


class ScpiError(Exception):
    """A command that cannot be run: `number` from the table above, `detail` says what exactly."""

    def __init__(self, number, detail=""):
        super().__init__(number)
        self.number = number
        self.detail = detail


class ErrorQueue:
    """What went wrong, oldest first, 16 deep; each error also sets its bit in the ESR.

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
        """The oldest error as `SYSTem:ERRor?` answers it, and forget it."""
        if not self._entries:
            return NO_ERROR
        number, detail = self._entries.pop(0)
        text = f"{_name(number)};{detail}" if detail else _name(number)
        quoted = text.replace('"', '""')
        return f'{number},"{quoted}"'

    def clear(self):
        self._entries.clear()


def _name(number):
    if number in STANDARD:
        return STANDARD[number]
    own = REFUSALS.get(number) or FAULTS.get(number)
    return own[0] if own else "Unlisted error"


def _event_bit(number):
    """The ESR bit of an error's class (IEEE 488.2 11.5.1)."""
    if -200 < number <= -100:
        return ESR_COMMAND_ERROR
    if -300 < number <= -200:
        return ESR_EXECUTION_ERROR
    if -500 < number <= -400:
        return ESR_QUERY_ERROR
    return ESR_DEVICE_ERROR
