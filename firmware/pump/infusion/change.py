# SPDX-License-Identifier: MIT
"""A change: what would be delivered by an order, made once, as of one instant.

    order -> Change -> interlocks judge it -> the journal records it -> the infusion applies it

It is read by whoever judges; who applies it only assigns.
"""


class Change:
    """rows: what goes out, as a `plan` has it, that which is new in the last of them.

    prescription: the regular therapy in that row, or None. pattern: as LIMit:DAY knows it again,
    or None: it may not be compared with what runs. dose: the `Dose` that is new in it, or None.
    """

    def __init__(self, rows, prescription=None, pattern=None, dose=None):
        self.rows = rows
        self.prescription = prescription
        self.pattern = pattern
        self.dose = dose

    def new(self):
        """The row that is new."""
        return self.rows[-1]

    def ends_us(self):
        """The end of the dose that is new; 0: there is none."""
        return self.rows[-1].at_us + self.dose.duration_us if self.dose is not None else 0
