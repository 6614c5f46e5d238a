# SPDX-License-Identifier: MIT
"""The absence of therapy: how long a prescribed therapy has not been delivered, and the limit.

Stopping baclofen is a hazard of its own. Pure; kept over resets, where the time switched off
counts as far as the pump's clock knows of it.
"""

from micropython import const

_LIMIT_US = const(172_800_000_000)  # 48 h, as in implanted pumps


class Absence:
    """limit_us: an absence longer than this is an alarm, in microseconds."""

    def __init__(self):
        self.limit_us = _LIMIT_US
        self._since_us: "int | None" = None

    def is_too_long(self, is_absent, now_us):
        """Note whether the therapy is absent now. Returns whether the limit is exceeded."""
        if not is_absent:
            self._since_us = None
            return False
        if self._since_us is None:
            self._since_us = now_us
        return now_us - self._since_us > self.limit_us

    def to_record(self):
        """[limit_us, start of the absence in us or None], for JSON."""
        return [self.limit_us, self._since_us]

    def from_record(self, record):
        """Restore the state that `to_record` returned."""
        self.limit_us, self._since_us = record

    def lose(self):
        """The record is lost: reset the limit; an absence is counted from the next look on."""
        self.from_record((_LIMIT_US, None))
