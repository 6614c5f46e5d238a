# SPDX-License-Identifier: MIT
"""The alarm manager: which conditions are shown, which of them sound, and which are answered.

States as in IEC 60601-1-8. A condition that is present is ACTIVE, PAUSED during an audio pause, or
ACKNOWLEDGED until it ends. A latching condition that has ended is LATCHED until acknowledged; so
is any condition that has come three times within ten minutes. Pure; it makes no sound.
"""

from micropython import const

from pump.alarm import conditions
from pump.alarm.conditions import LOW, PRIORITIES
from pump.faults import NO_ALARM, Refused

ACTIVE = const("ACTIVE")
PAUSED = const("PAUSED")
LATCHED = const("LATCHED")
ACKNOWLEDGED = const("ACKNOWLEDGED")

# Kinds of event in `take_events`, for the log.
ON, OFF, ANSWERED, SILENCED, AUDIBLE = range(5)

REMINDER_US = const(3_600_000_000)  # one hour, as in implanted pumps
PAUSE_US = const(120_000_000)  # the longest audio pause
_STORM_S = const(600)
_US_PER_S = const(1_000_000)
_STORM = const(3)  # onsets within that time make a condition latch

_PRESENT = const(1)
_LATCHING = const(2)
_ACKNOWLEDGED = const(4)
_PAUSED = const(8)
_TOLD = const(16)  # a LOW condition whose burst has been played
_RANK = const(32)  # the bits above hold the rank of the priority; 0 is HIGH
_KEPT = const(6)  # over a reset: latching or acknowledged conditions


class AlarmManager:
    """Codes are those of `conditions`. Instants are microseconds of the monotonic clock.

    reminder_us: interval of the reminder beep for alarms shown in silence; 0: none. version:
    changes whenever the state may have changed.
    """

    def __init__(self):
        self.reminder_us = REMINDER_US
        self.version = 0
        self._flags = {}  # code -> bits
        self._onsets_s = {}  # code -> seconds of its last three onsets
        self._pause_end_us = 0
        self._events = []
        self._new = 0  # bit n: a condition of rank n has come since `take_new`

    # Presence

    def set(self, code, is_on, now_us):
        """Report whether a condition is present. Repeating the same report has no effect.

        KeyError for a code that is not in the table: a bug.
        """
        flags = self._flags.get(code)
        self.version += 1
        if flags is None:
            if is_on:
                self._begin(code, now_us)
        elif is_on and not flags & _PRESENT:
            self._return(code, flags, now_us)
        elif flags & _PRESENT and not is_on:
            self._end(code, flags, now_us)

    def poll(self, now_us):
        """End an audio pause that has run out."""
        if self._pause_end_us and now_us >= self._pause_end_us:
            self._sound_again()

    # Answers of a human

    def acknowledge(self, code=None):
        """Silence one condition, or all (None), until it ends; one that has ended is removed.

        Refused NO_ALARM when it is not shown, or when none is.
        """
        codes = self.shown() if code is None else (code,)
        if not codes or (code is not None and code not in self._flags):
            raise Refused(NO_ALARM)
        self.version += 1
        for one in codes:
            self._acknowledge(one)

    def pause(self, duration_us, now_us):
        """Silence all shown conditions for `duration_us`, at most PAUSE_US; 0 ends the pause.

        A condition that comes during the pause sounds. Refused NO_ALARM when nothing is to be
        silenced.
        """
        if not duration_us:
            self._sound_again()
            return
        unanswered = [code for code in self._flags if not self._flags[code] & _ACKNOWLEDGED]
        if not unanswered:
            raise Refused(NO_ALARM)
        self.version += 1
        for code in unanswered:
            self._flags[code] |= _PAUSED
        self._pause_end_us = now_us + duration_us
        self._events.append((SILENCED, duration_us))

    def told(self):
        """A LOW burst has been played: the LOW conditions shown now do not sound again."""
        self.version += 1
        low = PRIORITIES.index(LOW)
        for code, flags in self._flags.items():
            if flags // _RANK == low:
                self._flags[code] = flags | _TOLD

    # Queries

    def shown(self):
        """Tuple of the codes that are shown, by priority, then by code."""
        return tuple([code for _, code in sorted([self._key(code) for code in self._flags])])

    def state(self, code):
        """ACTIVE, PAUSED, LATCHED or ACKNOWLEDGED. KeyError for a code that is not shown."""
        flags = self._flags[code]
        if flags & _ACKNOWLEDGED:
            return ACKNOWLEDGED
        if not flags & _PRESENT:
            return LATCHED
        return PAUSED if flags & _PAUSED else ACTIVE

    def has(self, priority):
        """Whether a condition of that priority is shown."""
        rank = PRIORITIES.index(priority)
        return any(flags // _RANK == rank for flags in self._flags.values())

    def sounding(self):
        """The highest priority that is audible now, or None."""
        return self._highest(_ACKNOWLEDGED | _PAUSED | _TOLD)

    def showing(self):
        """The highest priority that is shown, or None."""
        return self._highest(0)

    def is_standing(self):
        """Whether a condition is shown in silence for another reason than an audio pause."""
        quiet = _ACKNOWLEDGED | _TOLD
        return any(flags & quiet and not flags & _PAUSED for flags in self._flags.values())

    def pause_left_us(self, now_us):
        """Microseconds until the audio pause ends; 0 without one."""
        return max(self._pause_end_us - now_us, 0)

    def take_new(self):
        """Bit n: a condition of rank n (0: HIGH) has come since the last call."""
        new, self._new = self._new, 0
        return new

    def take_events(self):
        """List of (kind, code) since the last call; SILENCED has the duration in us as code."""
        events, self._events = self._events, []
        return events

    # Record over a reset

    def to_record(self):
        """[reminder_us, [code, is acknowledged, 0 or 1] of each acknowledged or latching one]."""
        kept = [(code, flags) for code, flags in sorted(self._flags.items())]
        answers = [[c, int(bool(f & _ACKNOWLEDGED))] for c, f in kept if f & _KEPT]
        return [self.reminder_us, answers]

    def from_record(self, record):
        """Restore the state that `to_record` returned, before the first `set`.

        An acknowledged condition stays so while it is present, a latching one is shown until it is
        acknowledged. Codes unknown to this firmware are dropped.
        """
        known = [row.code for row in conditions.rows()]
        self.reminder_us, answers = record
        self._flags.clear()
        for code, is_acknowledged in answers:
            if code in known:
                flags = self._rank_bits(code) | _LATCHING
                self._flags[code] = flags | (_ACKNOWLEDGED | _PRESENT if is_acknowledged else 0)

    def lose(self):
        """The record is lost: defaults, and nothing is acknowledged."""
        self.from_record((REMINDER_US, ()))

    # Within

    def _begin(self, code, now_us):
        row = conditions.row(code)
        flags = _PRESENT | PRIORITIES.index(row.priority) * _RANK
        if self._comes_often(code, now_us) or row.is_latching:
            flags |= _LATCHING
        self._flags[code] = flags
        self._came(code, flags)

    def _return(self, code, flags, now_us):
        """A latched condition comes again; in a storm it is not reported again."""
        flags |= _PRESENT
        if not self._is_storm(code, now_us):
            self._comes_often(code, now_us)
            flags &= ~(_PAUSED | _TOLD)
            self._came(code, flags)
        self._flags[code] = flags

    def _end(self, code, flags, now_us):
        if flags & _ACKNOWLEDGED or not flags & _LATCHING:
            del self._flags[code]
        else:
            self._flags[code] = flags & ~_PRESENT
            if self._is_storm(code, now_us):
                return
        self._events.append((OFF, code))

    def _came(self, code, flags):
        self._new |= 1 << flags // _RANK
        self._events.append((ON, code))

    def _acknowledge(self, code):
        flags = self._flags[code]
        if flags & _PRESENT:
            self._flags[code] = (flags | _ACKNOWLEDGED) & ~_PAUSED
        else:
            del self._flags[code]
        if not flags & _ACKNOWLEDGED:
            self._events.append((ANSWERED, code))

    def _sound_again(self):
        if self._pause_end_us:
            self.version += 1
            self._pause_end_us = 0
            for code, flags in self._flags.items():
                if flags & _PAUSED:
                    self._flags[code] = flags & ~(_PAUSED | _TOLD)
            self._events.append((AUDIBLE, 0))

    def _comes_often(self, code, now_us):
        """Note an onset. Returns whether it was the third within ten minutes."""
        onsets = self._onsets_s.get(code, ()) + (now_us // _US_PER_S,)
        self._onsets_s[code] = onsets[-_STORM:]
        return self._is_storm(code, now_us)

    def _is_storm(self, code, now_us):
        """Whether there were three onsets within the last ten minutes."""
        onsets = self._onsets_s.get(code, ())
        return len(onsets) == _STORM and now_us // _US_PER_S - onsets[0] < _STORM_S

    def _key(self, code):
        return self._flags[code] // _RANK, code

    def _highest(self, silenced):
        """The highest priority among conditions with none of the bits in `silenced`, or None."""
        ranks = [flags // _RANK for flags in self._flags.values() if not flags & silenced]
        return PRIORITIES[min(ranks)] if ranks else None

    def _rank_bits(self, code):
        return PRIORITIES.index(conditions.row(code).priority) * _RANK
