# SPDX-License-Identifier: MIT
"""The grid of periodic doses: whole intervals after an instant, whatever happens in between.

Pure; instants on the monotonic clock. The grid is anchored when a periodic dose is first delivered
and stays while dose, duration and interval do: stops, starts and re-commits do not shift it. The
first dose comes one interval after the anchor. A dose whose instant falls into a stop is not
given, nor is the rest of one that a stop or an abort has ended.
"""

from micropython import const

_US_PER_MS = const(1000)


class Grid:
    """anchor_us: where the intervals are counted from."""

    def __init__(self):
        self.anchor_us = 0
        self._of = None  # (dose, duration, interval) it was anchored for
        self._since_us = 0  # doses that begin from here on are given

    def anchor_for(self, prescription, at_us):
        """Where the grid of a prescription that begins at an instant is anchored."""
        return self.anchor_us if _dose_of(prescription) == self._of else at_us

    def anchor(self, prescription, at_us):
        """Lay the grid anew, unless the same periodic dose has one already."""
        self.anchor_us = self.anchor_for(prescription, at_us)
        self._of = _dose_of(prescription)

    def keep(self, prescription):
        """Keep the grid for the dose of this prescription only."""
        if _dose_of(prescription) != self._of:
            self._of = None

    def forget(self):
        """The next dose gets a grid of its own."""
        self._of = None

    def begin(self, at_us):
        """No dose that began before is given any more."""
        self._since_us = at_us

    def dose(self, at_us):
        """(start, end) of the dose that has begun before an instant and ends after it, or None."""
        if self._of is None:
            return None
        _, duration_ms, interval_ms = self._of
        passed_us = at_us - self.anchor_us
        start_us = at_us - (passed_us - 1) % (interval_ms * _US_PER_MS) - 1
        end_us = start_us + duration_ms * _US_PER_MS
        is_given = start_us > self.anchor_us and start_us >= self._since_us
        return (start_us, end_us) if is_given and at_us < end_us else None

    def next_us(self, at_us):
        """When the first dose at or after an instant begins, or None."""
        if self._of is None:
            return None
        interval_us = self._of[2] * _US_PER_MS
        next_us = at_us + (self.anchor_us - at_us) % interval_us
        return max(next_us, self.anchor_us + interval_us)


def _dose_of(prescription):
    if prescription.mode != "PERIODIC":
        return None
    return (
        prescription.periodic_ng,
        prescription.periodic_duration_ms,
        prescription.periodic_interval_ms,
    )
