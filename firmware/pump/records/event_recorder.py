# SPDX-License-Identifier: MIT
"""The path of an event into the log, and the events for changes between two looks at the pump.

Repeated events are counted on the way, see `repeats`.
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
        """Record an event; it is in flash after a `flush`."""
        self._add(self._repeats.add(code, text, self._clock.now_us()))

    def is_filling(self):
        """Whether a `flush` is due, lest events are dropped."""
        return self._log.is_filling()

    def is_waiting(self):
        """Whether events are to be written; adds the final counts of repeats that have ended."""
        self._add(self._repeats.end_quiet(self._clock.now_us()))
        return self._log.is_waiting()

    def flush(self):
        """Write the recorded events. OSError: they are kept."""
        self._log.flush()

    def dropped(self, name):
        """A file was removed. Returns whether events are lost with it."""
        return self._log.dropped(name)

    def close(self):
        """Write all, at the end of the firmware."""
        self._add(self._repeats.end_all())
        self._log.flush()

    def _add(self, found):
        """Pass events, (code, text) each, to the log."""
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
    """(code, text) of an event of `AlarmManager.take_events`."""
    if kind == SILENCED:
        return event_codes.AUDIO_PAUSED, "%s s" % seconds(what // 1000)
    if kind == AUDIBLE:
        return event_codes.AUDIO_RESUMED, ""
    return _ALARM_EVENTS[kind], str(what)


def _dose(record, dose_ng):
    """The text of a dose in the log."""
    text = "%d %s %s %s" % (record.id, NAMES[record.kind], ug(dose_ng), record.outcome)
    return text.rstrip()
