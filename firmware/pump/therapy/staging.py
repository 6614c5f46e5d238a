# SPDX-License-Identifier: MIT
"""Staging: edits go to a copy; only a commit with the token of exactly that content activates it.

A change of dose is two steps, validate and commit, and nothing of the active prescription changes
before the second. Pure; whether the content may be committed is the caller's to check.
"""

from pump.faults import NOTHING_STAGED, STALE_TOKEN, Refused
from pump.therapy.prescription import Prescription


class Staging:
    """The active prescription and the staged one; either may be None."""

    def __init__(self):
        self.active: "Prescription | None" = None
        self._staged: "Prescription | None" = None

    def new(self):
        """Stage an empty prescription, instead of what was staged."""
        self._staged = Prescription()

    def discard(self):
        """Drop what is staged. Nothing staged is no error."""
        self._staged = None

    def staged(self):
        """The staged prescription, to edit. Refused when there is none."""
        if self._staged is None:
            raise Refused(NOTHING_STAGED)
        return self._staged

    def commit(self, token):
        """Make the staged prescription active; `token` must be that of its present content."""
        staged = self.staged()
        if token.upper() != staged.token():
            raise Refused(STALE_TOKEN)
        self.active, self._staged = staged, None
