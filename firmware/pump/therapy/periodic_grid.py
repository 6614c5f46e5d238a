# SPDX-License-Identifier: MIT
"""The grid of periodic doses: whole intervals after an instant, whatever happens in between.

Pure; instants on the monotonic clock. The grid is anchored when a periodic dose is first delivered
and stays while dose, duration and interval do: stops, starts and re-commits do not shift it, nor
does a reset after which the time is known. The first dose comes one interval after the anchor. A
dose whose instant falls into a stop is not given, nor is the rest of one that a stop or an abort
has ended: but for the abort, it is missed, and that is told when the therapy goes on.
"""

from micropython import const

_US_PER_MS = const(1000)
_MOVED = const("MOVED")  # doses come at other instants than before, since a reset


class PeriodicGrid:
    """anchor_us: where the intervals are counted from.

    has_missed: a dose was missed, or moved, and nobody has taken note.
    """

    def __init__(self):
        self.anchor_us = 0
        self.has_missed = False
        self._of = None  # (dose, duration, interval) it was anchored for
        self._since_us = 0  # doses that begin from here on are given
        self._open_us = None  # the therapy rests: doses that begin from here on are missed
        self._moved = None  # as `_of`: doses that a reset has moved, nobody knows how far
        self._untold = ""  # what the log has not been told

    def anchor_for(self, prescription, at_us):
        """Where the grid of a prescription that begins at an instant is anchored."""
        return self.anchor_us if _dose_of(prescription) == self._of else at_us

    def anchor(self, prescription, at_us):
        """Lay the grid anew, unless the same periodic dose has one already."""
        self.keep(prescription)
        self.anchor_us = self.anchor_for(prescription, at_us)
        self._of = _dose_of(prescription)

    def keep(self, prescription):
        """Keep the grid for the dose of this prescription only."""
        if _dose_of(prescription) != self._of:
            self.forget()

    def forget(self):
        """The next dose gets a grid of its own."""
        self._of = self._open_us = None

    def lose(self):
        """How long the pump was off is not known: nor is where the intervals are."""
        self._moved = self._of or self._moved
        self.forget()

    def begin(self, at_us):
        """The therapy goes on: no dose that began before is given any more."""
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
        """The therapy rests; of a dose under way, the rest is not given."""
        dose = self.dose(at_us)
        self._open_us = dose[0] if dose is not None else at_us

    def take_missed(self):
        """How many doses were missed, as text for the log, once; "" for none."""
        untold, self._untold = self._untold, ""
        return untold

    def to_record(self):
        """What has to survive a reset, as a list."""
        place = [self.anchor_us, self._since_us, self._open_us]
        return [self._of, self._moved, place, self.has_missed]

    def from_record(self, record):
        """Bring back what `to_record` answered; what ran then rests: see `rest_since`."""
        of, moved, place, self.has_missed = record
        self._of = tuple(of) if of is not None else None
        self._moved = tuple(moved) if moved is not None else None
        self.anchor_us, self._since_us, self._open_us = place

    def rest_since(self, at_us, now_us, has_begun):
        """A reset has ended the therapy, if it ran, at an instant or later.

        has_begun: a dose was under way or queued. It is not given again: where clocks say that it
        is still to come, they are not believed.
        """
        if self._open_us is None:
            self.end(at_us)
            next_us = self.next_us(at_us) if has_begun else None
            if next_us is not None and self.dose(at_us) is None and next_us >= now_us:
                self.lose()

    def is_laid(self):
        """Whether there are periodic doses at all."""
        return self._of is not None

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

    def _begun(self, at_us):
        """How many doses of the grid begin before an instant."""
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
