# SPDX-License-Identifier: MIT
"""The dose under way: a bolus, bridge, trial or prime, and the part of it already delivered.

There is one at a time: all steps that the ledger books under its kind after it was made are its.
"""


class ActiveDose:
    """dose: its `Dose`, with `ng_ml`. record: its entry in `boluses`. ledger: books its steps.

    calibration: in force while it is given.
    """

    def __init__(self, dose, start_us, record, ledger, calibration):
        self.dose = dose
        self.record = record
        self.start_us = start_us
        self.end_us = start_us + dose.duration_us
        self._ledger = ledger
        self._calibration = calibration
        self._steps_before = ledger.steps(dose.kind)

    def steps(self):
        """The number of its steps booked so far."""
        return self._ledger.steps(self.dose.kind) - self._steps_before

    def whole_steps(self):
        """The number of whole steps in the dose; a fraction of a step belongs to the basal."""
        return self._calibration.steps_in(self.dose.amount)

    def given_ng(self):
        """The drug in the steps booked so far, in nanograms, rounded down."""
        return self._calibration.drug_ng(self.steps(), self.dose.ng_ml)
