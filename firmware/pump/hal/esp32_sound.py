# SPDX-License-Identifier: MIT
"""The buzzer of the esp32 port: RMT makes a piece of a tone, a timer's callback the next one.

A piece is one segment of `alarm.patterns`, at most a fifth of a second, and finite: Python that
hangs without serving callbacks leaves silence. Other than on rp2, where the hardware knows the
whole burst. PWM would go on for ever then, and its pin cannot be read: the self-test listens.
"""

# The stubs know no Timer with ticks.
# pyright: reportCallIssue=false

import array

import esp32
import machine
from micropython import const

from pump.hal import pins
from pump.hal.board_io import Output

_TIMER = const(1)
_HZ = const(1_000_000)
_SYMBOLS = const(128)  # two of the eight blocks of an ESP32
_PIECE_MS = const(250)  # the longest piece, and a little
_HALF_LEVEL = const(16)  # the full level is an eighth of the period


class Tone:
    """A passive buzzer: gets every cycle of a tone. has_rounds: see `esp32_steps`."""

    def __init__(self, text, has_rounds):
        self._number, is_low, _ = pins.parse(text)
        self._low = int(is_low)
        self._has_rounds = has_rounds
        self._is_taken = False  # RMT may send, and the pin is not connected to it
        self._attach()
        self._pad = machine.Pin(self._number)

    def play(self, period_us, on_us, cycles):
        """So many cycles of a tone; with no time on silence. An ESP32 can have 127."""
        if not on_us:
            return
        if self._is_taken:
            if not self._has_rounds:
                self._rmt.wait_done(timeout=_PIECE_MS)
            self._rmt.deinit()
            self._attach()
            self._is_taken = False
        pulses = [on_us, period_us - on_us]
        if self._has_rounds:
            self._rmt.loop_count(cycles)
        else:
            pulses *= min(cycles, _SYMBOLS - 1)
        self._rmt.write_pulses(pulses, 1 - self._low)

    def stop(self):
        """Silence, at once: RMT may send on, into nothing."""
        if not self._is_taken and not self._rmt.wait_done():
            machine.Pin(self._number, machine.Pin.OUT, value=self._low)
            self._is_taken = True

    def is_on(self):
        return self._pad.value() ^ self._low

    def _attach(self):
        options: "dict" = {} if self._has_rounds else {"num_symbols": _SYMBOLS}
        pin = machine.Pin(self._number)
        self._rmt = esp32.RMT(pin=pin, resolution_hz=_HZ, idle_level=self._low == 1, **options)


class Level:
    """An active buzzer: makes its own tone, and is on or off."""

    def __init__(self, text):
        self._output = Output(text)
        self.is_on = self._output.is_on
        self.stop = self._output.off

    def play(self, period_us, on_us, _cycles):
        """On from half level on."""
        if on_us * _HALF_LEVEL > period_us:
            self._output.on()
        else:
            self._output.off()


class Speaker:
    """A buzzer: a `Tone` or a `Level`."""

    def __init__(self, buzzer):
        self._buzzer = buzzer
        self._words = ()
        self._at = 0
        self._timer = machine.Timer(_TIMER)
        self._on_timer = self._go_on  # made once: a burst that begins allocates nothing

    def is_on(self):
        """Whether the pin is at its active level: 1, or 0."""
        return int(self._buzzer.is_on())

    def encode(self, segments):
        """The words for a burst, three for each of the segments of `alarm.patterns`."""
        words = array.array("I")
        for period_us, on_us, cycles in segments:
            for word in (period_us, on_us, cycles):
                words.append(word)
        return words

    def play(self, words):
        """Begin a burst. The words must stay as they are until it is over; `stop` comes first."""
        self._words, self._at = words, 0
        self._go_on(None)

    def stop(self):
        """Silence, at once, at any instant of a burst."""
        self._words = ()
        self._timer.deinit()
        self._buzzer.stop()

    def _go_on(self, _timer):
        words, at = self._words, self._at
        if at >= len(words):
            self._buzzer.stop()
            return
        self._at = at + 3
        period_us, cycles = words[at], words[at + 2]
        self._buzzer.play(period_us, words[at + 1], cycles)
        self._timer.init(
            mode=machine.Timer.ONE_SHOT,
            period=period_us * cycles,
            tick_hz=1_000_000,
            callback=self._on_timer,
        )
