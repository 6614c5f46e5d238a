# SPDX-License-Identifier: MIT
"""Repeats: equal events are counted into one, so that a storm does not push a day off the log.

A stuck button, or a host that repeats a command for ever, makes the same event again and again.
The first three are logged as they come, then the 4th, 8th, 16th ... with their count, and the
final count after ten quiet minutes. Doses, starts, stops and events about records are never
counted into one. Pure.
"""

from micropython import const

from pump.records import event_codes

_TOLD = const(3)  # logged one by one
_QUIET_S = const(600)
_US_PER_S = const(1_000_000)
_UNUSED = const(-1)
_MOST_TEXT = const(40)  # bytes, as in an event
_MOST = const(4)  # kinds counted at a time

_COUNTED = (
    event_codes.PATIENT_REFUSED,
    event_codes.COMMAND,
    event_codes.FAULT,
    event_codes.ALARM_ON,
    event_codes.ALARM_OFF,
    event_codes.ALARM_ACKNOWLEDGED,
    event_codes.AUDIO_PAUSED,
    event_codes.AUDIO_RESUMED,
)


class _Kind:
    """Equal events. count: number since the first one; told: the last count that was logged.

    Made once and reused: a long-lived object that is made late would fragment the heap of a board.
    """

    def __init__(self):
        self.code = 0
        self.text = bytearray(_MOST_TEXT)
        self.size = self.count = self.told = 0
        self.last_s = _UNUSED

    def begin(self, code, text):
        self.code, self.size, self.count, self.told = code, len(text), 0, 0
        self.text[: self.size] = text

    def is_of(self, code, text):
        return self.code == code and self.size == len(text) and self.text[: self.size] == text

    def counted(self):
        return "%d x %s" % (self.count, str(self.text[: self.size], "utf-8"))


class Repeats:
    """The filter in front of the log."""

    def __init__(self):
        self._kinds = [_Kind() for _ in range(_MOST)]

    def add(self, code, text, now_us):
        """An event has happened. Returns the events to be logged: list of (code, text)."""
        if code not in _COUNTED:
            return ((code, text),)
        found = self.end_quiet(now_us)
        raw = text.encode()[:_MOST_TEXT]
        kind = self._kind(code, raw)
        if kind is None:
            kind = min(self._kinds, key=_last_s)
            found += _end(kind)
            kind.begin(code, raw)
        kind.count += 1
        kind.last_s = now_us // _US_PER_S
        if kind.count <= _TOLD:
            kind.told = kind.count
            found.append((code, text))
        elif not kind.count & (kind.count - 1):
            kind.told = kind.count
            found.append((code, kind.counted()))
        return found

    def end_quiet(self, now_us):
        """Final counts of events that have not come for ten minutes, as from `add`."""
        before_s = now_us // _US_PER_S - _QUIET_S
        return [event for kind in self._kinds if kind.last_s <= before_s for event in _end(kind)]

    def end_all(self):
        """Final counts of all events, as from `add`."""
        return [event for kind in self._kinds for event in _end(kind)]

    def _kind(self, code, raw):
        for kind in self._kinds:
            if kind.count and kind.is_of(code, raw):
                return kind
        return None


def _end(kind):
    """End the counting of a kind; its final count, unless it was logged."""
    count, told = kind.count, kind.told
    found = [(kind.code, kind.counted())] if count > told else []
    kind.count, kind.told, kind.last_s = 0, 0, _UNUSED
    return found


def _last_s(kind):
    return kind.last_s
