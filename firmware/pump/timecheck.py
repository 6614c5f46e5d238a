# SPDX-License-Identifier: MIT
"""Two time sources that have to agree: the clock, and a stopwatch that shares no counter with it.

Lockouts and limits run on the clock, steps on PIO. When one of them runs at another speed, doses
are wrong and nothing else shows it.
"""

from micropython import const

from pump.faults import CLOCKS_DISAGREE, Fault

_EVERY_US = const(60_000_000)
_WINDOW_US = const(50_000)  # at least: 2 % of it are more than what Python delays
_PERCENT = const(1)
_SLACK_US = const(100)


class TimeCheck:
    """clock: `now_us()`. stopwatch: `start()`, `stop()` in microseconds."""

    def __init__(self, clock, stopwatch):
        self._clock = clock
        self._stopwatch = stopwatch
        self._is_started = False
        self._start_us = (0, 0)  # before the start, and after it

    def poll(self, now_us):
        """Compare once a minute, over what passes between two polls. Fault CLOCKS_DISAGREE."""
        if not self._is_started:
            self._start()
            return now_us + _WINDOW_US
        if not self._agrees():
            raise Fault(CLOCKS_DISAGREE)
        return now_us + _EVERY_US

    def test(self):
        """Compare now, within 50 ms. False where they disagree."""
        self._start()
        self._clock.wait_until(self._clock.now_us() + _WINDOW_US)
        return self._agrees()

    def _start(self):
        before_us = self._clock.now_us()
        self._stopwatch.start()
        self._is_started, self._start_us = True, (before_us, self._clock.now_us())

    def _agrees(self):
        """Whether the stopwatch is right: Python's own delays lie between the two bounds."""
        before_us = self._clock.now_us()
        counted_us = self._stopwatch.stop()
        after_us = self._clock.now_us()
        self._is_started = False
        least_us, most_us = before_us - self._start_us[1], after_us - self._start_us[0]
        return (
            least_us * (100 - _PERCENT) // 100 - _SLACK_US
            <= counted_us
            <= most_us * (100 + _PERCENT) // 100 + _SLACK_US
        )
