# SPDX-License-Identifier: MIT
"""The reservoir guard: refuses or stops any delivery that would use the dead volume.

A delivery may begin only if its volume is available above the dead volume, and the dispenser gets
a bound: the number of steps that the volume above it allows. Steps planned beyond the bound never
reach the step engine; the delivery is stopped in the same cycle, while up to 2 s of it are still
in the queue.
"""

from micropython import const

from pump.faults import NO_PRESCRIPTION, NOT_STOPPED, RESERVOIR_TOO_LOW, Refused
from pump.prescription.conversion import dose_nl
from pump.state import RUNNING
from pump.units import DAY_US, ml, ml_of_pl

_PL_PER_NL = const(1_000)
_AGAIN_NL = const(100_000)  # hysteresis: no longer low at more than this above low
_AHEAD_US = const(2_100_000)  # longer than the queue of the dispenser


class ReservoirGuard:
    """reservoir: its model. The other collaborators are what their names say, see `assembly`.

    is_empty: no volume is left above the dead volume. is_unknown: its volume is not known.
    """

    def __init__(self, reservoir, *, infusion, dispenser, ledger):
        self.reservoir = reservoir
        self.is_empty = False
        self.is_unknown = True
        self._infusion = infusion
        self._dispenser = dispenser
        self._ledger = ledger

    def poll(self, now_us):
        """Stop a delivery that would use the dead volume, and update `is_low`; at every wake.

        It is called after the dispenser, in the same cycle.
        """
        if self._dispenser.is_short():
            self._infusion.stop()
            self.reservoir.is_empty = True
        self._dispenser.settle_in(now_us)
        most_pl = self._booked_pl()
        if most_pl is None or self._ledger.unmeasured():
            most_pl = self._measure()
        self._bind(most_pl)
        self._look(most_pl)

    def require_volume(self, volume_nl):
        """Raise Refused RESERVOIR_TOO_LOW unless `volume_nl` is available above the dead volume.

        To be called before a start: it sets the bound of a dispenser at rest.
        """
        most_pl = self.most_pl()
        self._bind(most_pl)
        left_pl = self.reservoir.left_pl(most_pl)
        if left_pl is None:
            return
        if self.reservoir.is_empty or volume_nl * _PL_PER_NL > left_pl:
            volumes = ml_of_pl(max(left_pl, 0)), ml(volume_nl)
            text = "%s mL above the dead volume, %s mL needed" % volumes
            raise Refused(RESERVOIR_TOO_LOW, text)

    def require_start(self, rate_nl_d):
        """Raise Refused RESERVOIR_TOO_LOW unless the first queue at `rate_nl_d` is available."""
        steps_pl = self._infusion.calibration.volume_pl(2)  # one owed, one for rounding
        self.require_volume(rate_nl_d * _AHEAD_US // DAY_US + steps_pl // _PL_PER_NL + 2)

    def refill(self, volume_nl, measured_nl=None):
        """Record a refill to `volume_nl`. Raise Refused NOT_STOPPED while the motor runs.

        measured_nl: the residual volume before it, or None.
        """
        if self._dispenser.is_active():
            raise Refused(NOT_STOPPED)
        self._dispenser.totals()  # books all steps made up to now
        ledger = self._ledger
        self.reservoir.refill(volume_nl, measured_nl, ledger.most_pl(), ledger.unmeasured())
        ledger.refill()

    def forecast(self, prescription):
        """Whole days until low and until empty, at least; then both with all patient boluses.

        From now on, for a prescription that runs or is started now. Four times None while volume
        or calibration is not known. Raise Refused NO_PRESCRIPTION without a prescription.
        """
        if prescription is None:
            raise Refused(NO_PRESCRIPTION)
        reservoir, volume_pl = self.reservoir, self.reservoir.volume_pl(self.most_pl())
        if volume_pl is None or not self._infusion.calibration.pl_per_rev:
            return (None,) * 4
        bolus_nl = dose_nl(prescription.patient_ng, prescription.concentration_ng_ml)
        rest_nl = volume_pl // _PL_PER_NL - self._under_way_nl()
        now_us, days = self._infusion.now_us(), self._infusion.forecast.days
        return [
            days(prescription, now_us, rest_nl - end_nl, more_nl)
            for more_nl in (0, prescription.patient_a_day() * bolus_nl)
            for end_nl in (reservoir.low_nl, reservoir.dead_nl)
        ]

    def most_pl(self):
        """The most that can have been delivered up to now in picolitres, for `Reservoir`.

        None if steps were made without a calibration since the last refill.
        """
        self._dispenser.settle()
        return self._booked_pl()

    def _booked_pl(self):
        """As `most_pl`, but of the steps booked so far."""
        is_known = self._ledger.unmeasured() == self.reservoir.unmeasured
        return self._ledger.most_pl() if is_known else None

    def _measure(self):
        """Book steps made without a calibration, once there is one. Returns as `most_pl`."""
        calibration, reservoir = self._infusion.calibration, self.reservoir
        if calibration.pl_per_rev:
            before = reservoir.unmeasured
            self._ledger.measure(calibration.pl_per_rev, before)
            reservoir.measure(calibration.volume_pl(before))
        return self.most_pl()

    def _under_way_nl(self):
        """The volume of the queue and of the rest of a dose under way, rounded up.

        It includes a step that may be owed, and one for rounding.
        """
        infusion, now_us = self._infusion, self._infusion.now_us()
        active, calibration = infusion.active_dose, infusion.calibration
        volume_nl = calibration.volume_pl(self._dispenser.totals()[3] + 2) // _PL_PER_NL + 2
        if active is not None:
            out_nl = calibration.volume_pl(active.steps()) // _PL_PER_NL
            return volume_nl + active.dose.amount // DAY_US - out_nl
        dose = infusion.grid.dose(now_us) if infusion.mode.name == RUNNING else None
        if dose is not None:
            whole = infusion.prescription
            whole_nl = dose_nl(whole.periodic_ng, whole.concentration_ng_ml)
            volume_nl += whole_nl * (dose[1] - now_us) // (dose[1] - dose[0]) + 1
        return volume_nl

    def _bind(self, most_pl):
        """Set the bound of a dispenser at rest, in steps; None: no bound."""
        if self._dispenser.is_active():
            return
        left_pl = self.reservoir.left_pl(most_pl)
        calibration = self._infusion.calibration
        if left_pl is None or not calibration.pl_per_rev:
            self._dispenser.bind(None)
        else:
            steps = max(left_pl, 0) * calibration.steps_per_rev // calibration.pl_per_rev
            self._dispenser.bind(steps)

    def _look(self, most_pl):
        """Update is_low, is_empty and is_unknown; is_low has a hysteresis and survives a reset."""
        reservoir = self.reservoir
        volume_pl, left_pl = reservoir.volume_pl(most_pl), reservoir.left_pl(most_pl)
        low_nl = reservoir.low_nl + (_AGAIN_NL if reservoir.is_low else 0)
        if volume_pl is not None:
            reservoir.is_low = volume_pl <= low_nl * _PL_PER_NL
        else:
            reservoir.is_low = reservoir.last is not None  # the volume moved is not known
        self.is_empty = reservoir.is_empty or (left_pl is not None and left_pl <= 0)
        self.is_unknown = volume_pl is None
