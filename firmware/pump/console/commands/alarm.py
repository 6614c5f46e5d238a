# SPDX-License-Identifier: MIT
"""ALARm: which alarm conditions are present, and the table of all of them."""

from pump.alarm.conditions import ALARMS

_NONE = (0, '"None"')


def rows(alarms):
    """Rows for the tree. alarms: an `AlarmManager`."""

    def active():
        pairs = [(code, _name(code)) for code in alarms.active()]
        return pairs or _NONE

    def table():
        return [(code, _name(code), ALARMS[code][1]) for code in sorted(ALARMS)]

    return (
        ("ALARm:ACTive?", active),
        ("ALARm:TABLe?", table),
    )


def _name(code):
    return '"%s"' % ALARMS[code][0]
