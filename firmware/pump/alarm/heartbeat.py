# SPDX-License-Identifier: MIT
"""The heartbeat of the host: how long it may send no line before that is told. Pure."""

from micropython import const

_US_PER_MS = const(1000)


class Heartbeat:
    """limit_ms: silence from there on is too long; 0: it may be silent for ever."""

    def __init__(self):
        self.limit_ms = 0
        self._heard_us: "int | None" = None  # not yet: it counts from the first question

    def hear(self, now_us):
        """The host has ended a line, whatever is in it."""
        self._heard_us = now_us

    def is_silent(self, now_us):
        """Whether the host has been silent for too long."""
        if self._heard_us is None:
            self._heard_us = now_us
        silent_us = now_us - self._heard_us
        return self.limit_ms > 0 and silent_us >= self.limit_ms * _US_PER_MS

    def to_record(self):
        """The limit in ms."""
        return self.limit_ms

    def from_record(self, record):
        """Be again what `to_record` told."""
        self.limit_ms = record

    def lose(self):
        """Nobody has set it."""
        self.limit_ms = 0
