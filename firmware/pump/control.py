# SPDX-License-Identifier: MIT
"""Control: what an operator may do, and when. The one place where therapy and delivery meet.

The console and the buttons call it; it refuses, or it acts. Stopping is never refused.
"""

from pump.delivery.calibration import Calibration
from pump.delivery.ledger import BASAL, JOG
from pump.faults import (
    ALREADY_RUNNING,
    IN_SERVICE,
    INVALID_PRESCRIPTION,
    NO_PRESCRIPTION,
    NOT_STOPPED,
    PUMP_FAULT,
    WITNESS_MISMATCH,
    Refused,
)
from pump.state import FAULT, RUNNING, SERVICE, STOPPED
from pump.therapy.prescription import problems
from pump.therapy.schedule import Constant

DISPENSER = "dispenser"  # the task that renews the lease

_US_PER_MIN = 60_000_000
_S_PER_DAY = 86_400
_MIN_PER_DAY = 1_440


class Control:
    """Start, stop, jog, commit, calibrate.

    dispenser, staging: as their modules say. supervisor: has `fault` and `is_ending`.
    limits: (nanolitres a day, steps a second) that pump and motor can do.
    """

    def __init__(self, dispenser, staging, supervisor, limits, calibration):
        self._dispenser = dispenser
        self._staging = staging
        self._supervisor = supervisor
        self._limits = limits
        self.calibration = calibration
        self._jog_millirevs_min = 0
        self._owed = 0  # fraction of a step that the next basal delivery begins with

    def state(self):
        """The state of the pump, one of `pump.state`."""
        if self._supervisor.fault is not None:
            return FAULT
        if self._supervisor.is_ending:
            return SERVICE
        return RUNNING if self._dispenser.is_active() else STOPPED

    def is_treating(self):
        """True while the active prescription is being delivered."""
        return self._dispenser.kind() == BASAL

    def start(self):
        """Deliver the active prescription from now on."""
        if self.is_treating():
            raise Refused(ALREADY_RUNNING)
        self.need_stopped()
        if self._staging.active is None:
            raise Refused(NO_PRESCRIPTION)
        found = problems(self._staging.active, self.max_rate_nl_d())
        if found:
            raise Refused(INVALID_PRESCRIPTION, found[0])
        schedule, batch = self._basal()
        step = self.calibration.step_in_nl_d_us()
        self._dispenser.start(schedule, step, batch, owed=self._owed)
        self._supervisor.wake(DISPENSER)

    def stop(self):
        """Stop whatever is delivered, at once. Never refused."""
        was_treating = self.is_treating()
        owed = self._dispenser.stop()
        if was_treating:
            self._owed = owed

    def jog(self, steps, millirevs_min):
        """Turn by `steps` at thousandths of a revolution a minute; stopped only."""
        self.need_stopped()
        if not steps:
            return
        self._jog_millirevs_min = millirevs_min
        schedule = Constant(millirevs_min * self.calibration.steps_per_rev)
        batch = (JOG, self.calibration.pl_per_rev, 0)
        step = (_US_PER_MIN * 1000, 1)
        self._dispenser.start(schedule, step, batch, limit_steps=steps)
        self._supervisor.wake(DISPENSER)

    def commit(self, token):
        """Activate the staged prescription; a running delivery follows it, fraction and all."""
        self.need_fit()
        found = self.problems()
        if found:
            raise Refused(INVALID_PRESCRIPTION, found[0])
        self._staging.commit(token)
        if self.is_treating():
            self._dispenser.follow(*self._basal())

    def calibrate(self, pl_per_rev):
        """Set the volume of a revolution; stopped only. What is owed keeps its volume."""
        self.need_stopped()
        self.calibration = Calibration(pl_per_rev, self.calibration.steps_per_rev)

    def max_rate_nl_d(self):
        """The fastest the pump can deliver, with the calibration in force."""
        max_nl_d, max_steps_s = self._limits
        return min(max_nl_d, self.calibration.volume_pl(max_steps_s * _S_PER_DAY) // 1000)

    def problems(self):
        """What keeps the staged prescription from being committed, as sentences."""
        return problems(self._staging.staged(), self.max_rate_nl_d())

    def rates(self):
        """What is being delivered, as (nanograms per day, nanolitres per day), rounded down."""
        kind = self._dispenser.kind()
        if kind == BASAL:
            active = self._staging.active
            return active.rate_ng_d(), active.rate_nl_d()
        if kind == JOG:
            pl_min = self._jog_millirevs_min * self.calibration.pl_per_rev // 1000
            return 0, pl_min * _MIN_PER_DAY // 1000
        return 0, 0

    def self_test(self):
        """0, or the code of the fault that stopped the pump or that the step counts show now."""
        if self._supervisor.fault is None and not self._dispenser.is_active():
            commanded, emitted, witness, _ = self._dispenser.totals()
            if not commanded == emitted == witness:
                self._supervisor.trip(WITNESS_MISMATCH)
        return self._supervisor.fault or 0

    def need_stopped(self):
        """Refuse unless the pump is stopped, and fit to go on."""
        self.need_fit()
        if self._dispenser.is_active():
            raise Refused(NOT_STOPPED)

    def need_fit(self):
        """Refuse after a fault, and once the firmware is ending."""
        if self._supervisor.fault is not None:
            raise Refused(PUMP_FAULT)
        if self._supervisor.is_ending:
            raise Refused(IN_SERVICE)

    def _basal(self):
        prescription = self._staging.active
        batch = (BASAL, self.calibration.pl_per_rev, prescription.concentration_ng_ml)
        return Constant(prescription.rate_nl_d()), batch
