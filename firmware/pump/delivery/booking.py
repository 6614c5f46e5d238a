# SPDX-License-Identifier: MIT
"""Booking: which kind each step of a delivery belongs to, and its entry in the ledger.

Pure. Bolus and basal go out as one train of steps. The n-th step was due at an instant; of the
steps out by then a dose has those its schedule says (`doses`), all others belong to the batch of
the delivery. So the share of a dose depends on the count alone, never on when it is looked at.
"""


class Booking:
    """The steps of one delivery. ledger: `add(parts)`; batch: (kind, pl_per_rev, ng_ml)."""

    def __init__(self, ledger):
        self._ledger = ledger
        self._chapters = []  # (segment, batch), in the order of their first steps
        self._seen = {}  # key of a dose under way -> steps booked for it
        self._booked = 0

    def open(self, segment, batch):
        """Book the steps from the base of `segment` on as it says; `batch` for all but doses."""
        if self._chapters and self._chapters[-1][0].base_steps == segment.base_steps:
            self._chapters.pop()  # no step of it was planned
        self._chapters.append((segment, batch))

    def batch(self):
        """What steps are booked as that belong to no dose."""
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
        """Nothing is changed before the ledger has them: without memory they are booked later."""
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
