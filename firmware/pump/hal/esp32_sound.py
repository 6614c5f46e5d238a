# SPDX-License-Identifier: MIT
"""The buzzer of the esp32 port: PWM makes the tone, a timer's callback goes on to the next one.

Python that serves callbacks finishes a burst whatever else it does. One that does not leaves the
tone of that instant on, until the watchdog resets the chip. Other than on rp2, where the hardware
knows the whole burst.
"""

# The stubs are those of rp2.
# pyright: reportCallIssue=false

import array

import machine
from micropython import const

from pump.hal import pins
from pump.hal.board_io import Output

_TIMER = const(1)
_HALF_LEVEL = const(16)  # the full level is an eighth of the period


class Tone:
    """A passive buzzer: gets every cycle of a tone."""

    def __init__(self, text):
        number, is_low, _ = pins.parse(text)
        self._pad, self._is_low = machine.Pin(number), is_low
        self._pwm = machine.PWM(self._pad, freq=1_000, duty_u16=0, invert=is_low)

    def show(self, period_us, on_us):
        """From now on a tone, or with no time on silence."""
        if on_us:
            self._pwm.freq((1_000_000 + period_us // 2) // period_us)
            self._pwm.duty_ns(on_us * 1_000)
        else:
            self._pwm.duty_u16(0)

    def is_on(self):
        return self._pad.value() ^ self._is_low


class Level:
    """An active buzzer: makes its own tone, and is on or off."""

    def __init__(self, text):
        self._output = Output(text)
        self.is_on = self._output.is_on

    def show(self, period_us, on_us):
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
            for word in (period_us, on_us, period_us * cycles):
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
        self._buzzer.show(1, 0)

    def _go_on(self, _timer):
        words, at = self._words, self._at
        if at >= len(words):
            self._buzzer.show(1, 0)
            return
        self._at = at + 3
        self._buzzer.show(words[at], words[at + 1])
        self._timer.init(
            mode=machine.Timer.ONE_SHOT,
            period=words[at + 2],
            tick_hz=1_000_000,
            callback=self._on_timer,
        )
