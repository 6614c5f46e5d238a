# SPDX-License-Identifier: MIT
"""The watchdog: whole cycles feed it, and its resets never become a loop.

Its time is the longest that an RP2040 can do, rounded down. It is longer than the lease, so the
steps have ended when it bites. It is longer than the worst cycle with the slowest flash, so a pump
that is busy is not reset. And a reset costs the therapy, while waiting costs nothing: nothing
moves any more.
"""

from micropython import const

TIMEOUT_MS = const(8_000)

_LOOP = const(3)  # bites, each within
_SOON_US = const(600_000_000)  # ten minutes of the start before it


class Watchdog:
    """timer: of the port. scratch: what survives a reset. Both None: the board has none.

    clock: `now_us()`. bites_us: the timer resets nothing before that instant on the clock; 0: it
    does not run. is_looping: it has bitten three times, each soon after a start: the pump is to
    stay down. The timer does not run then, whatever is wrong: it would only bite again.
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
        """Before anything can move."""
        self._since_us = self._clock.now_us()
        if self._timer is not None and not self.is_looping:
            self._timer.start(TIMEOUT_MS)
            self.feed()

    def feed(self):
        """A whole good cycle has come to its end."""
        now_us = self._clock.now_us()
        if self._timer is not None and not self.is_looping:
            self._timer.feed()
            self.bites_us = now_us + TIMEOUT_MS * 1000
        if self._bites and now_us - self._since_us >= _SOON_US:
            self._bites = 0
            self._count()

    def is_armed(self):
        """Whether the timer runs, where there is one that should."""
        return self._timer is None or self.is_looping or self._timer.is_running()

    def stop(self):
        """The firmware has come to its end, and the REPL feeds nothing."""
        self.bites_us = 0
        if self._timer is not None:
            self._timer.stop()

    def _count(self):
        if self._scratch is not None:
            self._scratch.count_bites(self._bites)
