# SPDX-License-Identifier: MIT
"""Buttons: whether one is pressed, held or stuck, by the level of its line. Pure.

Instants are microseconds of the monotonic clock. A level is believed when the line has been
without an edge for 50 ms, so neither bounce nor noise is ever a press. The panel looks, and does
what a button means.
"""

from micropython import const

NOTHING, PRESSED, HELD = range(3)  # what a look finds

_BELIEVED_US = const(50_000)  # so long without an edge
_SETTLED_US = const(100_000)  # released for so long: nobody needs to look until the next edge
_HOLD_US = const(950_000)  # a second for a human, less what a busy cycle sees late
_APART_US = const(1_000_000)  # presses that begin closer together are one
_STUCK_US = const(60_000_000)  # not seen released for so long
_SOON_US = const(10_000)  # between two looks while it is pressed or bounces
_SLOW_US = const(100_000)  # between two looks once it has nothing more to say

_UP, _DOWN, _SPENT = range(3)  # _SPENT: does nothing more until it is released


class Button:
    """One button. What is down at power-up does nothing until it was released once.

    is_stuck: it was not seen released for 60 s, whether it is pressed or its line is noisy.
    """

    def __init__(self, now_us):
        self.is_stuck = False
        self._state = _SPENT
        self._is_active = False
        self._since_us = now_us  # the last edge that is known of
        self._begun_us = now_us - _APART_US  # the last press
        self._away_us: "int | None" = now_us  # not seen released since then

    def look(self, is_active, has_edge, now_us):
        """Take a level of the line, and whether it had an edge since the last look.

        Returns PRESSED once for a press, HELD once for a press that goes on, else NOTHING.
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
        """Whether it is released, and nothing has to be looked for but an edge."""
        return self._away_us is None and now_us - self._since_us >= _SETTLED_US

    def next_us(self, now_us):
        """When to look again, while it is not settled."""
        return now_us + (_SLOW_US if self._state == _SPENT else _SOON_US)

    def _down(self, quiet_us):
        """The line is active without a doubt."""
        if self._state == _UP:
            self._state = _DOWN
            since_us, self._begun_us = self._begun_us, self._since_us
            return PRESSED if self._begun_us - since_us >= _APART_US else NOTHING
        if self._state == _DOWN and quiet_us >= _HOLD_US:
            self._state = _SPENT
            return HELD
        return NOTHING
