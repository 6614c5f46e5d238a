# SPDX-License-Identifier: MIT
"""Staging: edits go to a copy; only a commit with the token of exactly that content activates it.

A change of dose is two steps, validate and commit, and nothing of the active prescription changes
before the second. A copy left alone for ten minutes is dropped. Pure; whether the content may be
committed is the caller's to check.
"""

from micropython import const

from pump.faults import NO_PRESCRIPTION, NOTHING_STAGED, STALE_TOKEN, Refused
from pump.prescription.dose_history import DoseHistory
from pump.prescription.prescription import Prescription, prescription_of
from pump.room import with_room

_OPEN_US = const(5 * 60_000_000)  # without an edit: left open
_DROP_US = const(10 * 60_000_000)  # without an edit: dropped


class Staging:
    """The active prescription and the staged one; either may be None.

    clock: has `now_us`. min_nl_d: what the mode MINIMUM delivers.
    is_left_open: five minutes have passed since the last edit. was_dropped: ten, and the copy is
    gone; stays until somebody stages, discards or takes note. pl_per_rev: the calibration with
    which the active one was committed; 0: nobody knows, an older firmware has kept it.
    valid_with: the calibration with which it was found valid since power-up; 0: with none yet.
    """

    def __init__(self, clock, min_nl_d):
        self.active: "Prescription | None" = None
        self.pl_per_rev = self.valid_with = 0
        self.is_left_open = False
        self.was_dropped = False
        self._clock = clock
        self._history = DoseHistory(min_nl_d)
        self._staged: "Prescription | None" = None
        self._edited_us = 0

    def new(self):
        """Stage an empty prescription, instead of what was staged."""
        self._stage(Prescription())

    def edit(self):
        """Stage a copy of the active prescription, instead of what was staged."""
        if self.active is None:
            raise Refused(NO_PRESCRIPTION)
        self._stage(with_room(self.active.copy))

    def discard(self):
        """Drop what is staged. Nothing staged is no error; that a copy was dropped is noted."""
        self._drop()
        self.was_dropped = False

    def staged(self):
        """The staged prescription, to edit. Refused when there is none."""
        self.poll(self._clock.now_us())
        if self._staged is None:
            raise Refused(NOTHING_STAGED)
        return self._staged

    def touched(self):
        """The staged prescription has been edited: its time begins anew."""
        self._edited_us = self._clock.now_us()
        self.is_left_open = False

    def check(self, token):
        """The staged prescription; refused unless `token` is that of its present content."""
        staged = self.staged()
        if token.upper() != staged.token():
            raise Refused(STALE_TOKEN)
        return staged

    def past(self):
        """The record of what was active before, if another prescription is from now on."""
        return self._history.after(self.active, self._clock.now_us())

    def activate(self, staged, past, pl_per_rev):
        """What `check` has answered is active, and on record with the others; none is staged."""
        self._history.from_record(past)
        self.active, self.pl_per_rev, self.valid_with = staged, pl_per_rev, pl_per_rev
        self.discard()

    def from_record(self, record):
        """What a commit has kept is active: [fields, flex steps, pl_per_rev]."""
        self.active, self.pl_per_rev = prescription_of(record[:2]), record[2]
        self.valid_with = 0

    def lose(self):
        """None is active."""
        self.active, self.pl_per_rev, self.valid_with = None, 0, 0

    def titration_from_record(self, record):
        """What `past` told was active before."""
        self._history.from_record(record)

    def lose_titration(self):
        """Nobody knows what was active before."""
        self._history.from_record(())

    def before(self, now_us):
        """What a change of dose is measured against: (least, most), each 7 numbers, or None.

        The least and the most drug in ng that any prescription active within the last 24 h gives
        on a Monday, a Tuesday and so on.
        """
        return self._history.bounds(self.active, now_us)

    def poll(self, now_us):
        """Count the idle time of what is staged. Returns when it is due next."""
        if self._staged is None:
            return now_us + _OPEN_US  # what is staged meanwhile is not due before
        if now_us - self._edited_us >= _DROP_US:
            self._drop()
            self.was_dropped = True
            return now_us + _OPEN_US
        self.is_left_open = now_us - self._edited_us >= _OPEN_US
        return self._edited_us + (_DROP_US if self.is_left_open else _OPEN_US)

    def _drop(self):
        self._staged = None
        self.is_left_open = False

    def _stage(self, prescription):
        self._staged = prescription
        self.was_dropped = False
        self.touched()
