# SPDX-License-Identifier: MIT
"""Interlocks: the conditions that an order to the pump must meet.

`Orders` and `BolusOrders` check them before they act. A `require_*` raises Refused, or returns; it
changes nothing, but may poll the infusion, which ends a dose that is complete.
"""

from micropython import const

from pump.delivery.calibration import is_plausible
from pump.faults import (
    BOLUS_IN_PROGRESS,
    IMPLAUSIBLE,
    IN_SERVICE,
    INVALID_PRESCRIPTION,
    LIMIT_EXCEEDED,
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
from pump.hal.files import lend
from pump.prescription.daily_totals import daily_totals
from pump.prescription.pump_limits import PumpLimits
from pump.state import OBSERVATION
from pump.units import ml_of_pl, seconds, ug, ug_ml
from pump.unload import unload

_VALIDATION = "pump.prescription.validation"  # loaded for each use only: large, seldom needed
_S_PER_DAY = const(86_400)
_US_PER_MS = const(1000)
_PL_PER_NL = const(1000)


class Interlocks:
    """pump: `PUMP` of the board's data. max_steps_s: the motor's highest rate, steps a second.

    supervisor: has `fault`, `is_ending` and `tidy`. settings: has `needs_confirmation`. staging:
    has the active prescription. The others are what their names say.
    """

    def __init__(self, *, pump, max_steps_s, supervisor, settings, staging, dispenser, infusion):
        self._pump = pump
        self._max_steps_s = max_steps_s
        self._supervisor = supervisor
        self._settings = settings
        self._staging = staging
        self._dispenser = dispenser
        self._infusion = infusion
        self._valid = ((), ())  # the last valid one's (`_key`, names of soft limits)

    # The pump

    def require_fit(self):
        """Raise Refused PUMP_FAULT after a fault, IN_SERVICE while the firmware is ending."""
        if self._supervisor.fault is not None:
            raise Refused(PUMP_FAULT)
        if self._supervisor.is_ending:
            raise Refused(IN_SERVICE)

    def require_confirmed(self):
        """Raise Refused UNCONFIRMED while an interruption or a loss has not been confirmed."""
        if self._settings.needs_confirmation():
            raise Refused(UNCONFIRMED)

    def require_stopped(self):
        """Raise Refused unless the pump is fit, stopped, and no trial is observed."""
        self.require_fit()
        self._infusion.poll(0)
        if self._dispenser.is_active():
            raise Refused(NOT_STOPPED)
        self.require_no_bolus()  # can be an observation only: the motor is stopped

    def require_no_bolus(self, within_us=0):
        """Raise Refused BOLUS_IN_PROGRESS or OBSERVING during a dose or an observation.

        within_us: also if a periodic dose is under way that long after a change made now takes
        effect.
        """
        infusion = self._infusion
        infusion.poll(0)
        until_us = infusion.busy_until_us(within_us)
        if until_us is None:
            return
        left_us = max(until_us - infusion.now_us(), 0)
        code = OBSERVING if infusion.mode.name == OBSERVATION else BOLUS_IN_PROGRESS
        raise Refused(code, "%s s left" % seconds(left_us // _US_PER_MS))

    def require_calibrated(self):
        """Raise Refused NOT_CALIBRATED while the volume of a step is not known."""
        if not self._infusion.calibration.pl_per_rev:
            raise Refused(NOT_CALIBRATED)

    def require_line(self, ng_ml, drug):
        """Raise Refused LINE_NOT_CLEARED unless the line holds this drug at this concentration."""
        line = self._infusion.line
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
        pl_per_rev = self._infusion.calibration.pl_per_rev
        if self._staging.valid_with != pl_per_rev:
            self._require_valid(active)
            self._staging.valid_with = pl_per_rev
        self._require_same_head()
        return active

    def require_trial(self, prescription, dose_ng, duration_ms, observation_ms):
        """Raise Refused LIMIT_EXCEEDED, with the first problem, unless the trial is allowed."""
        self.make_room()
        try:
            from pump.prescription.validation import trial_problems
        finally:
            unload(_VALIDATION)
        found = trial_problems(prescription, dose_ng, duration_ms, observation_ms)
        if found:
            raise Refused(LIMIT_EXCEEDED, found[0])

    def require_committable(self, prescription, token, names):
        """Raise Refused unless a prescription may become active.

        INVALID_PRESCRIPTION: it has problems, the first is told. STALE_TOKEN: `token` is not that
        of its content. SOFT_LIMIT: `names` are not exactly the soft limits that it exceeds.
        """
        needed = self._require_valid(prescription)
        self._staging.check(token)
        if sorted(names) != sorted(needed):
            raise Refused(SOFT_LIMIT, "to be named: %s" % (",".join(needed) or "none"))

    def require_same_drug(self, prescription):
        """Raise Refused NOT_STOPPED unless drug and concentration are those of the active one.

        A drug without a name equals any.
        """
        active = self._staging.active
        if prescription.concentration_ng_ml != active.concentration_ng_ml:
            raise Refused(NOT_STOPPED, "another concentration needs a stop and a bridge")
        drugs = prescription.drug.lower(), active.drug.lower()
        if "" not in drugs and drugs[0] != drugs[1]:
            raise Refused(NOT_STOPPED, "another drug needs a stop")

    def require_day(self, prescription, change, code=LIMIT_EXCEEDED):
        """Raise Refused `code` if a change delivers more than LIMit:DAY in some 24 h.

        A change that lowers the dose of 24 h that are above the limit without it is allowed.
        """
        limit_ng = prescription.limit_day_ng
        excess_ng = self._infusion.excess_ng(change, limit_ng) if limit_ng else 0
        if excess_ng:
            doses = ug(excess_ng), ug(limit_ng)
            raise Refused(code, "%s ug within 24 h, above LIMit:DAY %s" % doses)

    def make_room(self):
        """Tidy the heap before a module is loaded for one use, so that its memory is one block."""
        self._supervisor.tidy()
        lend()

    # Limits and verdicts

    def limits(self):
        """The `PumpLimits` of the calibration in force. Raise Refused NOT_CALIBRATED."""
        self.require_calibrated()
        pump, calibration = self._pump, self._infusion.calibration
        motor_nl_d = calibration.volume_pl(self._max_steps_s * _S_PER_DAY) // _PL_PER_NL
        step = (calibration.pl_per_rev, calibration.steps_per_rev)
        return PumpLimits(pump["min_rate_nl_d"], min(pump["max_rate_nl_d"], motor_nl_d), *step)

    def verdict(self, prescription):
        """(problems, soft limits, notes) of a prescription, from `validation`.

        The daily totals of a week are computed first: they are kept, and need much memory.
        """
        limits = self.limits()
        if prescription.has_day():
            daily_totals(prescription, limits.min_nl_d)
        self.make_room()
        try:
            from pump.prescription.validation import notes, problems, soft
        finally:
            unload(_VALIDATION)
        found = problems(prescription, limits)
        self._dispenser.renew(0)  # validation of a week takes half a second
        if found:
            return found, (), ()
        key = self._key(prescription)
        limited = soft(prescription, limits, key[-1])
        self._valid = key, [name for name, _ in limited]
        return found, limited, notes(prescription, limits)

    def _require_valid(self, prescription):
        """Return the names of its soft limits. Raise Refused INVALID_PRESCRIPTION for a problem.

        The result of the last VALidate? is used if nothing that it depends on has changed.
        """
        if self._valid[0] != self._key(prescription):
            problems = self.verdict(prescription)[0]
            if problems:
                raise Refused(INVALID_PRESCRIPTION, problems[0])
        return self._valid[1]

    def _key(self, prescription):
        """All that a verdict depends on: content, calibration, and the doses of the last 24 h."""
        before = self._staging.before(self._infusion.now_us())
        return prescription.token(), self._infusion.calibration.pl_per_rev, before

    def _require_same_head(self):
        """Raise Refused IMPLAUSIBLE if another head is fitted than at the last commit."""
        before, now = self._staging.pl_per_rev, self._infusion.calibration.pl_per_rev
        if before and not is_plausible(now, before):
            volumes = ml_of_pl(now), ml_of_pl(before)
            text = "%s mL a revolution; committed with %s: commit it again" % volumes
            raise Refused(IMPLAUSIBLE, text)
