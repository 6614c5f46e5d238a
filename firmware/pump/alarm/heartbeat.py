# SPDX-License-Identifier: MIT
"""The heartbeat of the host: raises an alarm when no line has come for too long. Pure."""

from micropython import const

_US_PER_MS = const(1000)


class Heartbeat:
    """limit_ms: silence of this length is too long; 0: no limit."""

    def __init__(self):
        self.limit_ms = 0
        self._heard_us: "int | None" = None  # None: silence counts from the first `is_silent`

    def hear(self, now_us):
        """The host has ended a line, of any content."""
        self._heard_us = now_us

    def is_silent(self, now_us):
        """Whether the host has been silent for `limit_ms` or longer."""
        if self._heard_us is None:
            self._heard_us = now_us
        silent_us = now_us - self._heard_us
        return self.limit_ms > 0 and silent_us >= self.limit_ms * _US_PER_MS

    def to_record(self):
        """limit_ms."""
        return self.limit_ms

    def from_record(self, record):
        """Restore the limit that `to_record` returned."""
        self.limit_ms = record

    def lose(self):
        """The record is lost: no limit."""
        self.limit_ms = 0
