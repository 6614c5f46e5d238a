# SPDX-License-Identifier: MIT
"""Buttons: whether one is pressed, held or stuck, from the level of its line. Pure.

Instants are microseconds of the monotonic clock. A level is valid once the line has had no edge
for 50 ms, so neither bounce nor noise counts as a press. The panel reads the lines and carries out
the orders.
"""

from micropython import const

NOTHING, PRESSED, HELD = range(3)  # results of `look`

_BELIEVED_US = const(50_000)  # without an edge for this time: the level is valid
_SETTLED_US = const(100_000)  # released for this time: not read before the next edge
_HOLD_US = const(950_000)  # one second, less the delay of a busy cycle
_APART_US = const(1_000_000)  # presses that begin closer together count as one
_STUCK_US = const(60_000_000)  # not seen released for this time
_SOON_US = const(10_000)  # between two samples while it is pressed or bounces
_SLOW_US = const(100_000)  # between two samples once it is spent

_UP, _DOWN, _SPENT = range(3)  # _SPENT: ignored until it is released


class Button:
    """One button. A button that is down at power-up is ignored until it has been released.

    is_stuck: it was not seen released for 60 s, whether it is pressed or its line is noisy.
    """

    def __init__(self, now_us):
        self.is_stuck = False
        self._state = _SPENT
        self._is_active = False
        self._since_us = now_us  # time of the last known edge
        self._begun_us = now_us - _APART_US  # beginning of the last press
        self._away_us: "int | None" = now_us  # not seen released since; None: released

    def look(self, is_active, has_edge, now_us):
        """Take a sample of the line: its level, and whether it had an edge since the last sample.

        Returns PRESSED once for a press, HELD once when it is held for a second, else NOTHING.
        """
        if has_edge or is_active != self._is_active:
            self._is_active = is_active
            self._since_us = now_us
        quiet_us = now_us - self._since_us
        if not is_active and quiet_us >= _BELIEVED_US:
            self._state = _UP
            self._away_us = None
            self.is_stuck = False
        elif self._away_us is None:
            self._away_us = now_us
        elif now_us - self._away_us >= _STUCK_US:
            self._state = _SPENT
            self.is_stuck = True
        elif is_active and quiet_us >= _BELIEVED_US:
            return self._down(quiet_us)
        return NOTHING

    def is_settled(self, now_us):
        """Whether it is released and quiet, so that it need not be read before the next edge."""
        return self._away_us is None and now_us - self._since_us >= _SETTLED_US

    def next_us(self, now_us):
        """When to read it again, while it is not settled."""
        return now_us + (_SLOW_US if self._state == _SPENT else _SOON_US)

    def _down(self, quiet_us):
        """The line is active, and has been without an edge for long enough."""
        if self._state == _UP:
            self._state = _DOWN
            since_us, self._begun_us = self._begun_us, self._since_us
            return PRESSED if self._begun_us - since_us >= _APART_US else NOTHING
        if self._state == _DOWN and quiet_us >= _HOLD_US:
            self._state = _SPENT
            return HELD
        return NOTHING
