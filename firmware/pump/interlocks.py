# SPDX-License-Identifier: MIT
"""Interlocks: what must hold before the pump may be ordered to do something.

`Control` and `Dosing` ask them before they act. A `require_*` raises Refused, or returns; it
changes nothing, but that the treatment notices what has ended.
"""

from micropython import const

from pump.delivery.calibration import is_plausible
from pump.faults import (
    BOLUS_IN_PROGRESS,
    IMPLAUSIBLE,
    IN_SERVICE,
    INVALID_PRESCRIPTION,
    LINE_NOT_CLEARED,
    NO_PRESCRIPTION,
    NOT_CALIBRATED,
    NOT_STOPPED,
    OBSERVING,
    PUMP_FAULT,
    SOFT_LIMIT,
    UNCONFIRMED,
    Refused,
)
from pump.prescription import validation
from pump.prescription.pump_limits import PumpLimits
from pump.state import OBSERVATION
from pump.units import ml_of_pl, seconds, ug, ug_ml

_S_PER_DAY = const(86_400)
_US_PER_MS = const(1000)
_PL_PER_NL = const(1000)


class Interlocks:
    """pump: `PUMP` of the board's data. max_steps_s: steps a second that the motor can do.

    supervisor: has `fault`, `is_ending` and `tidy`. settings: has `is_open`. staging: has the
    active prescription. The others are what their names say.
    """

    def __init__(self, *, pump, max_steps_s, supervisor, settings, staging, dispenser, treatment):
        self._pump = pump
        self._max_steps_s = max_steps_s
        self._supervisor = supervisor
        self._settings = settings
        self._staging = staging
        self._dispenser = dispenser
        self._treatment = treatment

    # The pump

    def require_fit(self):
        """Raise Refused PUMP_FAULT after a fault, IN_SERVICE once the firmware is ending."""
        if self._supervisor.fault is not None:
            raise Refused(PUMP_FAULT)
        if self._supervisor.is_ending:
            raise Refused(IN_SERVICE)

    def require_confirmed(self):
        """Raise Refused UNCONFIRMED while an interruption or a loss has not been confirmed."""
        if self._settings.is_open():
            raise Refused(UNCONFIRMED)

    def require_stopped(self):
        """Raise Refused unless the pump is fit, nothing moves, and no trial is observed."""
        self.require_fit()
        self._treatment.poll(0)
        if self._dispenser.is_active():
            raise Refused(NOT_STOPPED)
        self.require_no_bolus()  # an observation, then: nothing moves

    def require_no_bolus(self, within_us=0):
        """Raise Refused BOLUS_IN_PROGRESS or OBSERVING unless the regular therapy alone goes on.

        within_us: so much longer than until a change made now is in force.
        """
        treatment = self._treatment
        treatment.poll(0)
        until_us = treatment.busy_until_us(within_us)
        if until_us is None:
            return
        left_us = max(until_us - treatment.now_us(), 0)
        code = OBSERVING if treatment.mode == OBSERVATION else BOLUS_IN_PROGRESS
        raise Refused(code, "%s s left" % seconds(left_us // _US_PER_MS))

    def require_calibrated(self):
        """Raise Refused NOT_CALIBRATED while the volume of a step is not known."""
        if not self._treatment.calibration.pl_per_rev:
            raise Refused(NOT_CALIBRATED)

    def require_line(self, ng_ml, drug):
        """Raise Refused LINE_NOT_CLEARED unless the line holds this drug at this concentration."""
        line = self._treatment.line
        if line.is_clear(ng_ml, drug):
            return
        if not line.is_of(drug):
            raise Refused(LINE_NOT_CLEARED, "the line holds %s, not %s" % (line.drug, drug))
        strengths = ug_ml(line.ng_ml), ug_ml(ng_ml)
        if line.is_mixed:
            raise Refused(LINE_NOT_CLEARED, "still in part %s ug/mL in the line" % strengths[0])
        raise Refused(LINE_NOT_CLEARED, "the line holds %s ug/mL, not %s" % strengths)

    # The prescription

    def require_active(self):
        """Return the active prescription. Raise Refused unless it may be delivered from a stop."""
        self.require_stopped()
        return self.require_prescription()

    def require_prescription(self):
        """Return the active prescription. Raise Refused unless this pump can deliver it."""
        self.require_calibrated()
        active = self._staging.active
        if active is None:
            raise Refused(NO_PRESCRIPTION)
        self.require_valid(active)
        self._require_same_head()
        return active

    def require_valid(self, prescription):
        """Raise Refused INVALID_PRESCRIPTION, with the first problem, unless there is none."""
        found = validation.problems(prescription, self.limits())
        if found:
            raise Refused(INVALID_PRESCRIPTION, found[0])

    def require_named(self, prescription, names):
        """Raise Refused SOFT_LIMIT unless `names` are exactly the soft limits it exceeds."""
        needed = [name for name, _ in self.soft(prescription)]
        if sorted(names) != sorted(needed):
            raise Refused(SOFT_LIMIT, "to be named: %s" % (",".join(needed) or "none"))

    def require_same_drug(self, prescription):
        """Raise Refused NOT_STOPPED unless the drug of the active one goes on, as strong as it is.

        A drug without a name is taken for any.
        """
        active = self._staging.active
        if prescription.concentration_ng_ml != active.concentration_ng_ml:
            raise Refused(NOT_STOPPED, "another concentration needs a stop and a bridge")
        drugs = prescription.drug.lower(), active.drug.lower()
        if "" not in drugs and drugs[0] != drugs[1]:
            raise Refused(NOT_STOPPED, "another drug needs a stop")

    def require_day(self, prescription, code, rows, pattern=None, **dose):
        """Raise Refused `code` if more than LIMit:DAY would go out in some 24 h of a plan.

        rows: the plan, as `Treatment.ahead` answers it. pattern: of the regular therapy, where it
        is one. dose: ends_us and dose_fg of one that is new in it. What went out, or goes on
        without the plan, is no reason to refuse one that lowers it.
        """
        limit_ng = prescription.limit_day_ng
        if not limit_ng:
            return
        treatment = self._treatment
        if treatment.giving is not None:
            pattern = None
        instead_of = treatment.rows if treatment.rows else None
        known = {"pattern": pattern, "instead_of": instead_of}
        excess_ng = treatment.excess_ng(rows, limit_ng, **known, **dose)
        if excess_ng:
            doses = ug(excess_ng), ug(limit_ng)
            raise Refused(code, "%s ug within 24 h, above LIMit:DAY %s" % doses)

    # The limits that they judge by

    def limits(self):
        """The `PumpLimits` of the calibration in force. Raise Refused NOT_CALIBRATED."""
        self.require_calibrated()
        pump, calibration = self._pump, self._treatment.calibration
        motor_nl_d = calibration.volume_pl(self._max_steps_s * _S_PER_DAY) // _PL_PER_NL
        step = (calibration.pl_per_rev, calibration.steps_per_rev)
        return PumpLimits(pump["min_rate_nl_d"], min(pump["max_rate_nl_d"], motor_nl_d), *step)

    def problems(self, prescription):
        """Sentences, one for each reason that a prescription cannot be committed."""
        self._supervisor.tidy()
        found = validation.problems(prescription, self.limits())
        self._dispenser.renew(0)  # a week takes half a second, and `soft` may follow
        return found

    def soft(self, prescription):
        """(name, sentence) of each soft limit that a prescription exceeds."""
        before = self._staging.before(self._treatment.now_us())
        return validation.soft(prescription, self.limits(), before)

    def _require_same_head(self):
        """Raise Refused IMPLAUSIBLE if another head is fitted than at the last commit."""
        before, now = self._staging.pl_per_rev, self._treatment.calibration.pl_per_rev
        if before and not is_plausible(now, before):
            volumes = ml_of_pl(now), ml_of_pl(before)
            text = "%s mL a revolution; committed with %s: commit it again" % volumes
            raise Refused(IMPLAUSIBLE, text)
