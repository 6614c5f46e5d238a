# SPDX-License-Identifier: MIT
"""ALARm: the alarm conditions shown, acknowledging and pausing them, and their limits."""

from micropython import const

from pump.alarm import conditions
from pump.alarm.manager import PAUSE_US
from pump.console.errors import DATA_OUT_OF_RANGE, ScpiError
from pump.console.params import INTEGER, TIME, choice, optional
from pump.units import seconds

_NONE = (0, '"None"')
_US_PER_MS = const(1000)
_LEAST_REMINDER_MS = const(60_000)
_LEAST_STOPPED_MS = const(60_000)
_DAY_MS = const(86_400_000)
_MOST_STOPPED_MS = const(2_592_000_000)  # 30 d


def rows(alarms, absence, monitor, annunciator, clock):
    """Rows for the tree."""

    def active():
        found = []
        for code in alarms.shown():
            row = conditions.row(code)
            found += [code, '"%s"' % row.name, row.priority, alarms.state(code)]
        return found or _NONE

    def table():
        latching = {True: "LATCHING", False: "ENDS"}
        return [
            (row.code, '"%s"' % row.name, row.priority, latching[row.is_latching], row.action)
            for row in conditions.rows()
        ]

    def pause(duration_ms=PAUSE_US // _US_PER_MS):
        _require_within(0, duration_ms, PAUSE_US // _US_PER_MS, "0 to 120 S")
        alarms.pause(duration_ms * _US_PER_MS, clock.now_us())

    def pause_left():
        return seconds(-(-alarms.pause_left_us(clock.now_us()) // _US_PER_MS))

    def remind(interval_ms):
        if interval_ms:
            _require_within(_LEAST_REMINDER_MS, interval_ms, _DAY_MS, "0, or 1 MIN to 1 D")
        alarms.reminder_us = interval_ms * _US_PER_MS

    def limit_stop(limit_ms):
        _require_within(_LEAST_STOPPED_MS, limit_ms, _MOST_STOPPED_MS, "1 MIN to 30 D")
        absence.limit_us = limit_ms * _US_PER_MS

    yield ("ALARm:ACTive?", active)
    yield ("ALARm:ACKNowledge", monitor.acknowledge, optional(INTEGER))
    yield ("ALARm:PAUSe", pause, optional(TIME))
    yield ("ALARm:PAUSe?", pause_left)
    yield ("ALARm:REMinder", remind, TIME)
    yield ("ALARm:REMinder?", lambda: seconds(alarms.reminder_us // _US_PER_MS))
    yield ("ALARm:STOPped", limit_stop, TIME)
    yield ("ALARm:STOPped?", lambda: seconds(absence.limit_us // _US_PER_MS))
    yield ("ALARm:TEST", annunciator.test, choice("HIGH", "MEDium", "LOW"))
    yield ("ALARm:TABLe?", table)


def _require_within(least, value, most, text):
    if not least <= value <= most:
        raise ScpiError(DATA_OUT_OF_RANGE, text)
