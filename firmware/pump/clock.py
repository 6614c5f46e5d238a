# SPDX-License-Identifier: MIT
"""The monotonic clock: microseconds of the pump's life, never back, never wrapped.

It continues across resets from the instant stored in flash, so earlier instants stay valid; the
time switched off is not counted, unless `begin` is called with it.

The only module allowed to use `ticks_us`, which wraps after 17.9 minutes and whose differences are
valid for half of that: the supervisor, which wakes at least once a second, reads this clock every
time. Not for interrupt handlers: the result allocates.
"""

import time


class Monotonic:
    """Exact if read at least every 8.9 minutes; starts at 0."""

    def __init__(self):
        self._ticks = time.ticks_us()
        self._us = 0

    def begin(self, at_us):
        """Continue from `at_us`, an instant of an earlier life."""
        self._ticks = time.ticks_us()
        self._us = at_us

    def now_us(self):
        """Microseconds of the pump's life, as an int without an upper bound."""
        ticks = time.ticks_us()
        self._us += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._us

    def wait_until(self, at_us):
        """Block until `at_us`: for the milliseconds before hardware is started at an instant."""
        left_us = at_us - self.now_us()
        if left_us > 0:
            time.sleep_us(left_us)
