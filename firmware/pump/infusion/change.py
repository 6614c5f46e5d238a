# SPDX-License-Identifier: MIT
"""A change: the delivery that an order would lead to, computed once, as of one instant.

    order -> Change -> interlocks judge it -> the journal records it -> the infusion applies it

The interlocks only read it; the infusion applies it by assignments alone.
"""


class Change:
    """rows: the rows of a `plan`; the last one is new.

    prescription: the regular therapy in that row, or None. pattern: its `Pattern` for LIMit:DAY;
    None: the short check against the pattern under way does not apply. dose: the new `Dose`, or
    None.
    """

    def __init__(self, rows, prescription=None, pattern=None, dose=None):
        self.rows = rows
        self.prescription = prescription
        self.pattern = pattern
        self.dose = dose

    def new(self):
        """The new row."""
        return self.rows[-1]

    def ends_us(self):
        """The end of the new dose in microseconds; 0 without one."""
        return self.rows[-1].at_us + self.dose.duration_us if self.dose is not None else 0
