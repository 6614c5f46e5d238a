# SPDX-License-Identifier: MIT
"""The buzzer of the esp32 port: RMT makes a piece of a tone, a timer's callback starts the next.

A piece is one segment of `alarm.patterns`, at most a fifth of a second, and finite: if Python
hangs without serving callbacks, silence follows. On rp2, by contrast, the hardware plays the whole
burst. PWM is not used: it would sound for ever then, and its pin cannot be read by the self-test.
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
_PIECE_MS = const(250)  # the longest piece, with a margin
_HALF_LEVEL = const(16)  # the full level is an eighth of the period


class Tone:
    """A passive buzzer: every cycle of the tone is generated. has_rounds: see `esp32_steps`."""

    def __init__(self, text, has_rounds):
        self._number, is_low, _ = pins.parse(text)
        self._low = int(is_low)
        self._has_rounds = has_rounds
        self._is_taken = False  # RMT may be sending, disconnected from the pin
        self._attach()
        self._pad = machine.Pin(self._number)

    def play(self, period_us, on_us, cycles):
        """Make `cycles` periods of a tone; on_us 0 is silence. An ESP32 makes 127 at most."""
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
        """Silence at once: RMT may go on sending, disconnected from the pin."""
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
    """An active buzzer: makes its own tone, and is switched on and off."""

    def __init__(self, text):
        self._output = Output(text)
        self.is_on = self._output.is_on
        self.stop = self._output.off

    def play(self, period_us, on_us, _cycles):
        """Switch on from half level, else off."""
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
        self._on_timer = self._go_on  # made once, so that starting a burst allocates nothing

    def is_on(self):
        """1 when the pin is at its active level, else 0."""
        return int(self._buzzer.is_on())

    def encode(self, segments):
        """The words for a burst, three for each segment of `alarm.patterns`."""
        words = array.array("I")
        for period_us, on_us, cycles in segments:
            for word in (period_us, on_us, cycles):
                words.append(word)
        return words

    def play(self, words):
        """Start a burst. The words must stay unchanged until it ends. Call `stop` first."""
        self._words, self._at = words, 0
        self._go_on(None)

    def stop(self):
        """Silence at once, at any instant of a burst."""
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
