# SPDX-License-Identifier: MIT
"""Booking: assigns each step of a delivery to a kind, and enters it in the ledger.

Pure. Bolus and basal go out as one train of steps. For the n-th step, booked at the instant it was
due, the schedule tells how many of the steps so far belong to a dose (`doses`); the others belong
to the batch of the delivery. So the share of a dose depends on the count alone, never on when it
is booked.
"""


class Booking:
    """The steps of one delivery. ledger: `add(parts)`; batch: (kind, pl_per_rev, ng_ml)."""

    def __init__(self, ledger):
        self._ledger = ledger
        self._chapters = []  # (segment, batch), in the order of their first steps
        self._seen = {}  # key of a dose under way -> steps booked for it
        self._booked = 0

    def open(self, segment, batch):
        """Book steps from the base of `segment` on by its schedule; `batch` for all but doses."""
        if self._chapters and self._chapters[-1][0].base_steps == segment.base_steps:
            self._chapters.pop()  # no step was planned by that segment
        self._chapters.append((segment, batch))

    def batch(self):
        """The batch of the steps that belong to no dose."""
        return self._chapters[0][1]

    def settle(self, steps):
        """Book all steps up to the count `steps` of the delivery."""
        while self._booked < steps:
            upto = steps
            if len(self._chapters) > 1:
                upto = min(steps, self._chapters[1][0].base_steps)
            if upto > self._booked:
                self._book(upto)
            if len(self._chapters) > 1 and upto == self._chapters[1][0].base_steps:
                self._chapters.pop(0)

    def _book(self, upto):
        """Nothing changes before the ledger has the steps: without memory they wait."""
        segment, batch = self._chapters[0]
        rest = upto - self._booked
        at_us = max(segment.when(upto) - segment.base_us, 0)
        seen, parts = {}, []
        for key, kind, ng_ml, steps in segment.schedule.doses(at_us, segment.step):
            before = self._seen.get(key, 0)
            more = min(max(steps - before, 0), rest)
            seen[key] = before + more
            if more:
                parts.append((more, (kind, batch[1], ng_ml or batch[2])))
                rest -= more
        if rest:
            parts.append((rest, batch))
        self._ledger.add(parts)
        self._seen = seen
        self._booked = upto
