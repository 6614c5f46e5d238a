# SPDX-License-Identifier: MIT
"""Compares two time sources: the clock, and a stopwatch that shares no counter with it.

Lockouts and limits depend on the clock, steps on PIO. If one of them runs at a wrong speed, doses
are wrong and nothing else detects it.
"""

from micropython import const

from pump.faults import CLOCKS_DISAGREE, Fault

_EVERY_US = const(60_000_000)
_WINDOW_US = const(50_000)  # at least: 2 % of it exceed the delays of Python
_PERCENT = const(1)
_SLACK_US = const(100)


class TimeCheck:
    """clock: `now_us()`, `wait_until(at_us)`. stopwatch: `start()`, `stop()` -> microseconds."""

    def __init__(self, clock, stopwatch):
        self._clock = clock
        self._stopwatch = stopwatch
        self._is_started = False
        self._start_us = (0, 0)  # before the start, and after it

    def poll(self, now_us):
        """Compare once a minute, over the time between two polls. Fault CLOCKS_DISAGREE."""
        if not self._is_started:
            self._start()
            return now_us + _WINDOW_US
        if not self._agrees():
            raise Fault(CLOCKS_DISAGREE)
        return now_us + _EVERY_US

    def test(self):
        """Compare now, which takes 50 ms. Returns whether they agree."""
        self._start()
        self._clock.wait_until(self._clock.now_us() + _WINDOW_US)
        return self._agrees()

    def _start(self):
        before_us = self._clock.now_us()
        self._stopwatch.start()
        self._is_started, self._start_us = True, (before_us, self._clock.now_us())

    def _agrees(self):
        """Whether the stopwatch is within the bounds, which allow for the delays of Python."""
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
