# SPDX-License-Identifier: MIT
"""A dose that is being given: a bolus, bridge, trial or prime, and how much of it is out.

One at a time; what the ledger books under its kind since it was made is this dose.
"""


class ActiveDose:
    """dose: its schedule, with `ng_ml`. record: its entry in `boluses`. ledger: books its steps.

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
        """Steps that have gone out, as far as they are booked."""
        return self._ledger.steps(self.dose.kind) - self._steps_before

    def whole_steps(self):
        """The steps it holds; what is less than one belongs to the basal."""
        return self._calibration.steps_in(self.dose.amount)

    def given_ng(self):
        """Drug that has gone out, rounded down, as far as it is booked."""
        return self._calibration.drug_ng(self.steps(), self.dose.ng_ml)
