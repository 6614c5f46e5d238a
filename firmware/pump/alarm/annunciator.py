# SPDX-License-Identifier: MIT
"""The annunciator: turns the state of the alarm manager into sound and light. It decides nothing.

It starts bursts; the hardware plays them to their end, even if Python hangs. A burst whose alarm
has ended is cut off at once. The highest priority that is not silenced sounds; the highest that is
shown drives its lamp. Alarms shown in silence are recalled by a reminder beep at intervals.
"""

from micropython import const

from pump.alarm import patterns
from pump.alarm.conditions import HIGH, LOW, PRIORITIES
from pump.alarm.manager import PAUSE_US
from pump.faults import ALARM_SOUNDING, BUZZER_SILENT, LAMP_DARK, NOT_FITTED, Refused

_BREATH_US = const(2_500_000)  # pause before a lower priority sounds, to keep bursts apart
_LISTENED = const(400)  # samples of the buzzer pin, at most
_SAMPLE_US = const(100)
_LOW_US = const(16_000_000)  # from the end of a LOW burst to the next one


class Annunciator:
    """speaker: `encode(segments)`, `play(words)`, `stop()`, `is_on()`; or None.

    lamps: (lamp of HIGH, lamp of the others), perhaps the same one, with `flash(on_ms, off_ms)`
    and `is_lit()`; None where not fitted. alarms: the manager. clock: `now_us()`,
    `wait_until(at_us)`. wake_by(at_us): requests a poll at that instant at the latest.
    """

    def __init__(self, speaker, lamps, alarms, clock, wake_by):
        self._speaker = speaker
        self._lamps = lamps
        self._alarms = alarms
        self._clock = clock
        self._wake_by = wake_by
        self._high = self._words = None  # the encoded HIGH burst; the burst played last
        self._high_us = 0
        self._version = -1  # of the alarm manager, when the next three were read
        self._sounding = self._shown = None  # the highest priorities: audible, and on the lamp
        self._is_standing = False
        self._playing = None  # name of the burst under way
        self._end_us = 0  # end of that burst
        self._wanted = None  # the priority that sounds
        self._next_us = 0  # when its next burst is due
        self._low_us = 0  # earliest start of the next LOW burst
        self._silent_us: "int | None" = None  # time of the last reminder beep
        self._is_down = False  # the pump has tripped since power-up
        self._is_tripped = False  # `alarm` has begun a burst that `poll` has not seen yet
        if speaker is not None:
            self._high = speaker.encode(patterns.segments(HIGH))
            self._high_us = patterns.duration_us(HIGH)

    def poll(self, _now_us=0):
        """Start and end the bursts that are due, at every wake."""
        if self._alarms.version != self._version:
            self._ask()
        if self._speaker is None or self._is_quiet():
            return
        now_us = self._clock.now_us()
        if self._is_tripped:
            if self._sounding != HIGH:
                return  # the monitor has not run yet; the burst goes on
            self._note_trip(now_us)
        if self._playing is not None and now_us >= self._end_us:
            self._end_burst()
        wanted = self._sounding
        if wanted != self._wanted:
            self._change(wanted, now_us)
        if wanted is None:
            self._remind(now_us)
        elif now_us >= self._next_us:
            self._sound(wanted, now_us)
        else:
            self._wake_by(self._next_us)
        if self._playing is not None:
            self._wake_by(self._end_us)

    def pause(self):
        """Silence the alarms that are shown now for the longest audio pause, `PAUSE_US`."""
        self._alarms.pause(PAUSE_US, self._clock.now_us())

    def alarm(self):
        """The pump trips: play the burst of HIGH at once. Allocates nothing.

        Only at the first trip since power-up; later ones belong to the same alarm, perhaps
        acknowledged.
        """
        was_down, self._is_down = self._is_down, True
        is_new = not was_down and self._wanted != HIGH
        if self._speaker is not None and is_new and self._playing != HIGH:
            self._speaker.stop()
            self._speaker.play(self._high)
            self._is_tripped = True

    def test(self, priority):
        """Play one burst of a priority. Refused NOT_FITTED; ALARM_SOUNDING."""
        if self._speaker is None:
            raise Refused(NOT_FITTED, "no buzzer")
        self.poll()  # an alarm acknowledged in the same message has ended
        if self._alarms.sounding() is not None:
            raise Refused(ALARM_SOUNDING)
        self._play(priority, self._clock.now_us())

    def signal(self, name):
        """Play a tone of `patterns` that is no alarm. Ignored while anything else sounds."""
        is_quiet = self._playing is None and self._alarms.sounding() is None
        if self._speaker is not None and is_quiet:
            self._play(name, self._clock.now_us())

    def test_outputs(self):
        """Yield (code of `faults`, whether it works) of each lamp and of the buzzer.

        Judged by the levels of their pins; the buzzer plays the power-up tone. Yields nothing
        while an alarm or a tone sounds.
        """
        if self._alarms.sounding() is not None or self._playing is not None:
            return
        shown = self._shown
        self._show(None)
        for lamp in set(self._lamps):
            if lamp is not None:
                yield LAMP_DARK, _works(lamp)
        self._show(shown)
        if self._speaker is not None:
            self.signal(patterns.POWER_UP)
            yield BUZZER_SILENT, self._is_heard()

    def close(self):
        """Switch sound and lamps off, at the end of the firmware."""
        self._show(None)
        if self._speaker is not None:
            self._silence()

    # Within

    def _is_heard(self):
        """Whether the buzzer pin goes to its active level and back within the samples."""
        levels = 0
        for _ in range(_LISTENED):
            levels |= 1 << self._speaker.is_on()
            if levels == 3:
                return True
            self._clock.wait_until(self._clock.now_us() + _SAMPLE_US)
        return False

    def _is_quiet(self):
        """Whether nothing sounds and nothing is due to sound: nearly always the case."""
        if self._is_tripped or self._playing is not None or self._silent_us is not None:
            return False
        return self._sounding is None and self._wanted is None and not self._is_standing

    def _ask(self):
        """Read the state of the alarm manager again, after it has changed."""
        alarms = self._alarms
        self._version = alarms.version
        self._sounding, self._is_standing = alarms.sounding(), alarms.is_standing()
        self._show(alarms.showing())

    def _show(self, priority):
        """Light the lamp of a priority, and no other one."""
        if priority == self._shown:
            return
        self._shown = priority
        wanted = self._lamps[priority != HIGH]
        for lamp in self._lamps:
            if lamp is not None and (priority is None or lamp is not wanted):
                lamp.flash(0, 0)
        if wanted is not None and priority is not None:
            wanted.flash(*patterns.FLASHES_MS[priority])

    def _change(self, wanted, now_us):
        """Another priority, or none, is to sound."""
        before, self._wanted = self._wanted, wanted
        if self._playing is not None:
            self._silence()
        self._next_us = now_us
        if wanted == LOW:
            self._next_us = max(now_us, self._low_us)
        if before is not None and wanted is not None and _is_lower(wanted, before):
            self._next_us = max(self._next_us, now_us + _BREATH_US)

    def _sound(self, priority, now_us):
        self._play(priority, now_us)
        rest_ms = patterns.INTERBURST_MS.get(priority, 0)
        self._next_us = self._end_us + rest_ms * 1000
        if priority == LOW:
            self._low_us = self._end_us + _LOW_US
            self._next_us = self._low_us

    def _end_burst(self):
        """A burst has played to its end. A LOW burst is not repeated."""
        if self._playing == LOW and self._wanted == LOW:
            self._alarms.told()
            self._ask()
            self._wanted = self._sounding
        self._playing = None

    def _remind(self, now_us):
        """Beep at intervals for alarms that are shown in silence."""
        interval_us = self._alarms.reminder_us
        if not (self._is_standing and interval_us):
            self._silent_us = None
            if self._playing == patterns.REMINDER:
                self._silence()
        elif self._silent_us is None:
            self._silent_us = now_us
        elif now_us - self._silent_us >= interval_us and self._playing is None:
            self._silent_us = now_us
            self._play(patterns.REMINDER, now_us)

    def _play(self, name, now_us):
        words = self._high if name == HIGH else self._speaker.encode(patterns.segments(name))
        if self._playing is not None:
            self._speaker.stop()
        self._speaker.play(words)
        self._words = words  # kept alive while DMA reads them
        self._playing = name
        self._end_us = now_us + (self._high_us if name == HIGH else patterns.duration_us(name))

    def _silence(self):
        self._speaker.stop()
        self._playing = None

    def _note_trip(self, now_us):
        """Take over the burst that `alarm` began as the first burst of HIGH."""
        self._is_tripped = False
        self._playing = self._wanted = HIGH
        self._end_us = now_us + self._high_us
        self._next_us = self._end_us + patterns.INTERBURST_MS[HIGH] * 1000


def _works(lamp):
    """Whether a dark lamp lights when switched on, and goes dark again."""
    lamp.flash(1, 0)
    was_lit = lamp.is_lit()
    lamp.flash(0, 0)
    return was_lit and not lamp.is_lit()


def _is_lower(priority, other):
    return PRIORITIES.index(priority) > PRIORITIES.index(other)
