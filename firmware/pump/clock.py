# SPDX-License-Identifier: MIT
"""The monotonic clock: microseconds since power-up in 64 bits and more, never back, never wrapped.

Alone allowed to touch `ticks_us`, which wraps after 17.9 minutes and whose differences hold for
half of that: the supervisor, which wakes at least once a second, reads this clock every time.
Not for interrupt handlers: the result allocates.
"""

import time


class Monotonic:
    """Microseconds since this object was made, exact while read every 8.9 minutes at most."""

    def __init__(self):
        self._ticks = time.ticks_us()
        self._us = 0

    def now_us(self):
        """Microseconds since power-up, as an int without an upper bound."""
        ticks = time.ticks_us()
        self._us += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._us

    def wait_until(self, at_us):
        """Do nothing until then: for milliseconds before hardware is started at an instant."""
        left_us = at_us - self.now_us()
        if left_us > 0:
            time.sleep_us(left_us)
