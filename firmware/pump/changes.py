# SPDX-License-Identifier: MIT
"""What has changed between two looks at the pump, as events for the log. It changes nothing."""

from pump.alarm.manager import ANSWERED, AUDIBLE, OFF, ON, SILENCED
from pump.kinds import NAMES
from pump.state import STOPPED
from pump.store import events
from pump.units import seconds, ug

_ALARM_EVENTS = {
    ON: events.ALARM_ON,
    OFF: events.ALARM_OFF,
    ANSWERED: events.ALARM_ACKNOWLEDGED,
}


def changes(before, now):
    """(code, text) of each event. before, now: (mode, record of the dose, ...)."""
    found = []
    if now[0] != before[0]:
        found.append((events.STOPPED if now[0] == STOPPED else events.STARTED, now[0]))
    if before[1] is not None and before[1] is not now[1]:
        found.append((events.DOSE_ENDED, _dose(before[1], before[1].given_ng)))
    if now[1] is not None and now[1] is not before[1]:
        found.append((events.DOSE_BEGAN, _dose(now[1], now[1].programmed_ng)))
    return found


def alarm_event(kind, what):
    """(code, text) of what the alarm manager tells: see `AlarmManager.take_events`."""
    if kind == SILENCED:
        return events.AUDIO_PAUSED, "%s s" % seconds(what // 1000)
    if kind == AUDIBLE:
        return events.AUDIO_RESUMED, ""
    return _ALARM_EVENTS[kind], str(what)


def _dose(record, dose_ng):
    """A dose as the log tells of it."""
    text = "%d %s %s %s" % (record.id, NAMES[record.kind], ug(dose_ng), record.outcome)
    return text.rstrip()
