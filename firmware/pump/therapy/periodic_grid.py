# SPDX-License-Identifier: MIT
"""The grid of periodic doses: whole intervals after an anchor.

Pure; instants on the monotonic clock. The grid is anchored when a periodic dose is first delivered
and stays while dose, duration and interval stay: stops, starts and re-commits do not shift it, nor
does a reset after which the time is known. The first dose comes one interval after the anchor. A
dose whose instant falls into a stop is not given, nor is the rest of one ended by a stop or an
abort. Except after an abort it counts as missed, which is reported when the therapy goes on.
"""

from micropython import const

_US_PER_MS = const(1000)
_MOVED = const("MOVED")  # a reset has moved the instants of doses


class PeriodicGrid:
    """anchor_us: the instant that intervals are counted from.

    has_missed: a dose was missed or moved, and this is not acknowledged.
    """

    def __init__(self):
        self.anchor_us = 0
        self.has_missed = False
        self._of = None  # (dose, duration, interval) that it is anchored for, see `_dose_of`
        self._since_us = 0  # doses that begin from here on are given
        self._open_us = None  # while the therapy is stopped: doses from here on are missed
        self._moved = None  # as `_of`: doses that a reset has moved by an unknown time
        self._untold = ""  # text for the log, not yet written

    def anchor_for(self, prescription, at_us):
        """The anchor of the grid of a prescription that starts at `at_us`."""
        return self.anchor_us if _dose_of(prescription) == self._of else at_us

    def anchor(self, prescription, at_us):
        """Anchor the grid at `at_us`, unless the same periodic dose has one already."""
        self.keep(prescription)
        self.anchor_us = self.anchor_for(prescription, at_us)
        self._of = _dose_of(prescription)

    def keep(self, prescription):
        """Forget the grid unless it is that of this prescription's dose."""
        if _dose_of(prescription) != self._of:
            self.forget()

    def forget(self):
        """Drop the grid: the next periodic therapy gets a new one."""
        self._of = self._open_us = None

    def lose(self):
        """Drop the grid as moved: the time that the pump was off is not known."""
        self._moved = self._of or self._moved
        self.forget()

    def begin(self, at_us):
        """The therapy starts at `at_us`: no dose that began before is given."""
        if self._open_us is not None:
            missed = self._begun(at_us) - self._begun(self._open_us)
            if missed > 0:
                self._untold = str(missed)
        if self._moved is not None and self._moved == self._of:
            self._untold = _MOVED
        self.has_missed = self.has_missed or self._untold != ""
        self._moved = self._open_us = None
        self._since_us = at_us

    def end(self, at_us):
        """The therapy stops at `at_us`; the rest of a dose under way is not given."""
        dose = self.dose(at_us)
        self._open_us = dose[0] if dose is not None else at_us

    def take_missed(self):
        """Return the number of missed doses, or MOVED, as text for the log, once; "": none."""
        untold, self._untold = self._untold, ""
        return untold

    def to_record(self):
        """The content that has to survive a reset, as a list."""
        place = [self.anchor_us, self._since_us, self._open_us]
        return [self._of, self._moved, place, self.has_missed]

    def from_record(self, record):
        """Restore the content from a record of `to_record`; then see `rest_since`."""
        of, moved, place, self.has_missed = record
        self._of = tuple(of) if of is not None else None
        self._moved = tuple(moved) if moved is not None else None
        self.anchor_us, self._since_us, self._open_us = place

    def rest_since(self, at_us, now_us, has_begun):
        """A reset has ended the therapy, if it ran, at `at_us` or later.

        has_begun: a dose was under way or queued. It is not given again: if the grid has it still
        to come, the clocks are wrong, and the grid is lost.
        """
        if self._open_us is None:
            self.end(at_us)
            next_us = self.next_us(at_us) if has_begun else None
            if next_us is not None and self.dose(at_us) is None and next_us >= now_us:
                self.lose()

    def is_laid(self):
        """True if there is a grid."""
        return self._of is not None

    def dose(self, at_us):
        """(start, end) of the dose that began before `at_us` and ends after it, or None."""
        if self._of is None:
            return None
        _, duration_ms, interval_ms = self._of
        passed_us = at_us - self.anchor_us
        start_us = at_us - (passed_us - 1) % (interval_ms * _US_PER_MS) - 1
        end_us = start_us + duration_ms * _US_PER_MS
        is_given = start_us > self.anchor_us and start_us >= self._since_us
        return (start_us, end_us) if is_given and at_us < end_us else None

    def next_us(self, at_us):
        """The start of the first dose at or after `at_us`, or None."""
        if self._of is None:
            return None
        interval_us = self._of[2] * _US_PER_MS
        next_us = at_us + (self.anchor_us - at_us) % interval_us
        return max(next_us, self.anchor_us + interval_us)

    def _begun(self, at_us):
        """The number of doses of the grid that begin before `at_us`."""
        if self._of is None:
            return 0
        return max(-((self.anchor_us - at_us) // (self._of[2] * _US_PER_MS)) - 1, 0)


def _dose_of(prescription):
    if prescription.mode != "PERIODIC":
        return None
    return (
        prescription.periodic_ng,
        prescription.periodic_duration_ms,
        prescription.periodic_interval_ms,
    )
