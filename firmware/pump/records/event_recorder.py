# SPDX-License-Identifier: MIT
"""The way of an event into the log, and what has changed between two looks at the pump as events.

What comes again and again is counted on the way, see `repeats`.
"""

from pump.alarm.manager import ANSWERED, AUDIBLE, OFF, ON, SILENCED
from pump.kinds import NAMES
from pump.records import event_codes
from pump.records.repeats import Repeats
from pump.state import STOPPED
from pump.units import seconds, ug

_ALARM_EVENTS = {
    ON: event_codes.ALARM_ON,
    OFF: event_codes.ALARM_OFF,
    ANSWERED: event_codes.ALARM_ACKNOWLEDGED,
}


class EventRecorder:
    """log: the event log. forecast: has the wall clock."""

    def __init__(self, log, clock, forecast):
        self._log, self._clock, self._forecast = log, clock, forecast
        self._repeats = Repeats()

    def note(self, code, text=""):
        """An event for the log; it is in flash after a `flush`."""
        self._add(self._repeats.add(code, text, self._clock.now_us()))

    def is_filling(self):
        """True when a `flush` is due, lest events are dropped."""
        return self._log.is_filling()

    def is_waiting(self):
        """Whether there is anything to write; the counts of what has not come again are now."""
        self._add(self._repeats.end_quiet(self._clock.now_us()))
        return self._log.is_waiting()

    def flush(self):
        """Write what is noted. OSError: it stays."""
        self._log.flush()

    def dropped(self, name):
        """A file was removed: whether events are lost with it."""
        return self._log.dropped(name)

    def close(self):
        """Write all, as at the end of the firmware."""
        self._add(self._repeats.end_all())
        self._log.flush()

    def _add(self, found):
        """Bring events, (code, text) each, to the log."""
        now_us = self._clock.now_us()
        for code, text in found:
            self._log.add(code, now_us, self._forecast.wall.seconds(now_us), text)


def changes(before, now):
    """(code, text) of each event. before, now: (mode, record of the dose, ...)."""
    found = []
    if now[0] != before[0]:
        found.append((event_codes.STOPPED if now[0] == STOPPED else event_codes.STARTED, now[0]))
    if before[1] is not None and before[1] is not now[1]:
        found.append((event_codes.DOSE_ENDED, _dose(before[1], before[1].given_ng)))
    if now[1] is not None and now[1] is not before[1]:
        found.append((event_codes.DOSE_BEGAN, _dose(now[1], now[1].programmed_ng)))
    return found


def alarm_event(kind, what):
    """(code, text) of what the alarm manager tells: see `AlarmManager.take_events`."""
    if kind == SILENCED:
        return event_codes.AUDIO_PAUSED, "%s s" % seconds(what // 1000)
    if kind == AUDIBLE:
        return event_codes.AUDIO_RESUMED, ""
    return _ALARM_EVENTS[kind], str(what)


def _dose(record, dose_ng):
    """A dose as the log tells of it."""
    text = "%d %s %s %s" % (record.id, NAMES[record.kind], ug(dose_ng), record.outcome)
    return text.rstrip()
