# SPDX-License-Identifier: MIT
"""The watchdog: fed by complete cycles; its resets never become a loop.

The timeout is the longest of an RP2040, rounded down. It is longer than the lease, so the steps
have ended before it bites, and longer than the worst cycle with the slowest flash, so a busy pump
is not reset. A long timeout costs nothing, as the motor stands by then; a reset costs the therapy.
"""

from micropython import const

TIMEOUT_MS = const(8_000)

_LOOP = const(3)  # bites in a row, each within `_SOON_US`
_SOON_US = const(600_000_000)  # ten minutes after the start


class Watchdog:
    """timer: of the port. scratch: memory that survives a reset. None where not fitted.

    clock: `now_us()`. bites_us: lower bound of the next reset by the timer, on the clock; 0: it
    does not run. is_looping: it has bitten three times, each soon after a start: the pump is to
    stay stopped. The timer does not run then, as it would only bite again.
    """

    def __init__(self, timer, scratch, clock):
        self._timer = timer
        self._scratch = scratch
        self._clock = clock
        self._since_us = 0
        self._bites = 0
        self.bites_us = 0
        if scratch is not None and scratch.is_timer():
            self._bites = min(scratch.bites() + 1, _LOOP)
        self.is_looping = self._bites >= _LOOP
        self._count()

    def start(self):
        """Start the timer, before anything can move."""
        self._since_us = self._clock.now_us()
        if self._timer is not None and not self.is_looping:
            self._timer.start(TIMEOUT_MS)
            self.feed()

    def feed(self):
        """Feed the timer: a complete cycle has ended."""
        now_us = self._clock.now_us()
        if self._timer is not None and not self.is_looping:
            self._timer.feed()
            self.bites_us = now_us + TIMEOUT_MS * 1000
        if self._bites and now_us - self._since_us >= _SOON_US:
            self._bites = 0
            self._count()

    def is_armed(self):
        """Whether the timer runs; also True if it is missing, or must not run."""
        return self._timer is None or self.is_looping or self._timer.is_running()

    def stop(self):
        """Stop the timer at the end of the firmware: the REPL does not feed it."""
        self.bites_us = 0
        if self._timer is not None:
            self._timer.stop()

    def _count(self):
        if self._scratch is not None:
            self._scratch.count_bites(self._bites)
