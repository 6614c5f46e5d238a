# SPDX-License-Identifier: MIT
"""Staging: edits go to a copy; only a commit with the token of exactly that content activates it.

A change of dose takes two steps, validate and commit; the active prescription does not change
before the second. A copy is dropped ten minutes after its last edit. Pure; the caller checks
whether the content may be committed.
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

    clock: has `now_us`. min_nl_d: the rate of the mode MINIMUM.
    is_left_open: five minutes have passed since the last edit. was_dropped: the copy was dropped
    after ten; stays True until the next staging, discard or acknowledgement. pl_per_rev: the
    calibration with which the active one was committed; 0: not known, an older firmware wrote it.
    valid_with: the calibration with which it was found valid since power-up; 0: none yet.
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
        """Stage an empty prescription, in place of a staged one."""
        self._stage(Prescription())

    def edit(self):
        """Stage a copy of the active prescription. Raise Refused NO_PRESCRIPTION without one."""
        if self.active is None:
            raise Refused(NO_PRESCRIPTION)
        self._stage(with_room(self.active.copy))

    def discard(self):
        """Drop the staged prescription, if there is one, and acknowledge `was_dropped`."""
        self._drop()
        self.was_dropped = False

    def staged(self):
        """Return the staged prescription, to edit. Raise Refused NOTHING_STAGED without one."""
        self.poll(self._clock.now_us())
        if self._staged is None:
            raise Refused(NOTHING_STAGED)
        return self._staged

    def touched(self):
        """To be called after an edit: its idle time starts again."""
        self._edited_us = self._clock.now_us()
        self.is_left_open = False

    def check(self, token):
        """Return the staged prescription. Raise Refused STALE_TOKEN if `token` is not its own."""
        staged = self.staged()
        if token.upper() != staged.token():
            raise Refused(STALE_TOKEN)
        return staged

    def past(self):
        """The record of the dose history if another prescription becomes active now."""
        return self._history.after(self.active, self._clock.now_us())

    def activate(self, staged, past, pl_per_rev):
        """Make `staged`, from `check`, active; none is staged then. past: from `past`."""
        self._history.from_record(past)
        self.active, self.pl_per_rev, self.valid_with = staged, pl_per_rev, pl_per_rev
        self.discard()

    def from_record(self, record):
        """Restore the active prescription from a record [fields, flex steps, pl_per_rev]."""
        self.active, self.pl_per_rev = prescription_of(record[:2]), record[2]
        self.valid_with = 0

    def lose(self):
        """Without its record no prescription is active."""
        self.active, self.pl_per_rev, self.valid_with = None, 0, 0

    def titration_from_record(self, record):
        """Restore the dose history from a record of `past`."""
        self._history.from_record(record)

    def lose_titration(self):
        """Without its record the dose history is empty."""
        self._history.from_record(())

    def before(self, now_us):
        """The doses that a change is compared with: (least, most), each 7 numbers, or None.

        The least and the most drug in ng that any prescription active within the last 24 h gives
        on a Monday, a Tuesday and so on.
        """
        return self._history.bounds(self.active, now_us)

    def poll(self, now_us):
        """Update the idle time of the staged prescription. Returns when to poll next."""
        if self._staged is None:
            return now_us + _OPEN_US  # a later staging is not due before
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
