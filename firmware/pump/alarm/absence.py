# SPDX-License-Identifier: MIT
"""The absence of therapy: since when a prescribed one is not given, and how long that may be.

With baclofen a stop is a hazard of its own. Pure; kept over resets, where the time off counts as
the pump's clock does.
"""

from micropython import const

_LIMIT_US = const(172_800_000_000)  # 48 h, as implanted pumps have it


class Absence:
    """limit_us: from there on it is too long."""

    def __init__(self):
        self.limit_us = _LIMIT_US
        self._since_us: "int | None" = None

    def is_too_long(self, is_absent, now_us):
        """Take note of whether the therapy is absent now; whether it has been for too long."""
        if not is_absent:
            self._since_us = None
            return False
        if self._since_us is None:
            self._since_us = now_us
        return now_us - self._since_us > self.limit_us

    def to_record(self):
        """[limit, since when or None], as JSON can keep it."""
        return [self.limit_us, self._since_us]

    def from_record(self, record):
        """Be again what `to_record` told."""
        self.limit_us, self._since_us = record

    def lose(self):
        """Nobody knows how long it has been absent: it counts from now on."""
        self.from_record((_LIMIT_US, None))
