# SPDX-License-Identifier: MIT
"""The alarm manager: which conditions are present, the most urgent first.

Whoever watches a condition says `set` as often as it likes. Pure; it makes no sound itself.
"""

from pump.alarm.conditions import ALARMS, PRIORITIES


class AlarmManager:
    """Codes are keys of `conditions.ALARMS`."""

    def __init__(self):
        self._active = set()

    def set(self, code, is_on):
        """The condition is present, or is not. Saying so again changes nothing.

        KeyError for a code that is not in the table: a bug.
        """
        ALARMS[code]
        if is_on:
            self._active.add(code)
        else:
            self._active.discard(code)

    def active(self):
        """Codes of all present conditions, by priority, then by code."""
        return tuple(sorted(self._active, key=_urgency))


def _urgency(code):
    return PRIORITIES.index(ALARMS[code][1]), code
