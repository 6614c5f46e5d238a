# SPDX-License-Identifier: MIT
"""The supply: whether there is enough to deliver. The reservoir meets treatment and alarms here.

The dead volume is never touched. Nothing that needs more than what is left above it may begin, and
the dispenser gets a bound: the step count that would take it. What is planned beyond the bound
never reaches the step engine; the delivery is stopped in the same cycle, while up to 2 s of it
are still in the queue.
"""

from micropython import const

from pump.alarm.conditions import REFILL_MISMATCH, RESERVOIR_EMPTY, RESERVOIR_LOW
from pump.faults import NO_PRESCRIPTION, NOT_STOPPED, RESERVOIR_TOO_LOW, Refused
from pump.therapy.conversion import dose_nl
from pump.therapy.schedule import DAY_US
from pump.therapy.sums import sums
from pump.units import ml, ml_of_pl

_PL_PER_NL = const(1_000)
_AGAIN_NL = const(100_000)  # above low by more than this: no longer low
_AHEAD_US = const(2_100_000)  # more than the dispenser ever queues


class Supply:
    """reservoir: its model. delivery: (treatment, dispenser, ledger). alarms: to be told."""

    def __init__(self, reservoir, delivery, alarms):
        self.reservoir = reservoir
        self._treatment, self._dispenser, self._ledger = delivery
        self._alarms = alarms
        self._is_low = False

    def poll(self, _now_us):
        """Stop what would touch the dead volume, and tell the alarms; at every wake.

        It comes after the dispenser, in the same cycle.
        """
        if self._dispenser.is_short():
            self._treatment.stop()
            self.reservoir.is_empty = True
        most_pl = self.most_pl()
        self._bind(most_pl)
        self._tell(most_pl)

    def need(self, volume_nl):
        """Refuse what takes more than is left above the dead volume. Before anything moves."""
        most_pl = self.most_pl()
        self._bind(most_pl)
        left_pl = self.reservoir.left_pl(most_pl)
        if left_pl is None:
            return
        if self.reservoir.is_empty or volume_nl * _PL_PER_NL > left_pl:
            volumes = ml_of_pl(max(left_pl, 0)), ml(volume_nl)
            text = "%s mL above the dead volume, %s mL needed" % volumes
            raise Refused(RESERVOIR_TOO_LOW, text)

    def need_start(self, rate_nl_d):
        """Refuse a start at that rate when not even the first queue of steps is left."""
        steps_pl = self._treatment.calibration.volume_pl(2)  # one owed, one that rounding hides
        self.need(rate_nl_d * _AHEAD_US // DAY_US + steps_pl // _PL_PER_NL + 2)

    def refill(self, volume_nl, measured_nl=None):
        """It holds `volume_nl` from now on; measured_nl: the residual before. Nothing moves."""
        if self._dispenser.is_active():
            raise Refused(NOT_STOPPED)
        self.reservoir.refill(volume_nl, measured_nl, self.most_pl())
        self._ledger.refill()

    def forecast(self, prescription, min_nl_d):
        """Days to low and to empty without patient boluses, then with all that are allowed."""
        if prescription is None:
            raise Refused(NO_PRESCRIPTION)
        least_nl = sums(prescription, min_nl_d).mean_nl
        bolus_nl = dose_nl(prescription.patient_ng, prescription.concentration_ng_ml)
        most_nl = least_nl + prescription.patient_a_day() * bolus_nl
        most_pl = self.most_pl()
        return self.reservoir.days(least_nl, most_pl) + self.reservoir.days(most_nl, most_pl)

    def most_pl(self):
        """The most that can have been delivered up to now."""
        self._dispenser.settle()
        return self._ledger.most_pl()

    def _bind(self, most_pl):
        """Tell a dispenser at rest up to which count it may step."""
        if self._dispenser.is_active():
            return
        left_pl = self.reservoir.left_pl(most_pl)
        calibration = self._treatment.calibration
        if left_pl is None or not calibration.pl_per_rev:
            self._dispenser.bind(None)
        else:
            steps = max(left_pl, 0) * calibration.steps_per_rev // calibration.pl_per_rev
            self._dispenser.bind(steps)

    def _tell(self, most_pl):
        reservoir = self.reservoir
        volume_pl, left_pl = reservoir.volume_pl(most_pl), reservoir.left_pl(most_pl)
        low_nl = reservoir.low_nl + (_AGAIN_NL if self._is_low else 0)
        self._is_low = volume_pl is not None and volume_pl <= low_nl * _PL_PER_NL
        is_empty = reservoir.is_empty or (left_pl is not None and left_pl <= 0)
        self._alarms.set(RESERVOIR_LOW, self._is_low)
        self._alarms.set(RESERVOIR_EMPTY, is_empty)
        self._alarms.set(REFILL_MISMATCH, reservoir.is_mismatched)
