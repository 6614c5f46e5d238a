# SPDX-License-Identifier: MIT
"""The orders of a bolus, prime, bridge or trial. Each is refused, or carried out.

One at a time, over the regular therapy or while the pump is stopped. A dose is never rounded up.
LIMit:DAY bounds any 24 h: drug already delivered, the basal to come, and the new bolus.
"""

from micropython import const

from pump.alarm.patterns import REFUSED
from pump.faults import (
    LIMIT_EXCEEDED,
    LOCKED_OUT,
    NO_PATIENT_BOLUS,
    NOT_RUNNING,
    PATIENT_MAXIMUM,
    TOO_SMALL,
    Refused,
)
from pump.infusion.orders import DISPENSER
from pump.kinds import BRIDGE, CLINICIAN, PATIENT, PRIME, TRIAL
from pump.prescription.conversion import dose_nl, drug_ng, rate_nl_d
from pump.prescription.daily_totals import daily_totals
from pump.records.event_codes import PATIENT_REFUSED
from pump.room import with_room
from pump.therapy.bolus_log import LOCKOUT
from pump.therapy.dead_volume import bridge
from pump.therapy.schedule import Dose
from pump.units import DAY_US, ml, seconds, ug

_US_PER_MS = const(1000)


class BolusOrders:
    """interlocks, reservoir_guard: judge each order. infusion: acts.

    staging: has the active prescription. supervisor: has `wake`. signal(pattern): sounds a tone,
    after a refused patient request. note(code, text): logs an event.
    """

    def __init__(
        self, *, interlocks, infusion, reservoir_guard, staging, supervisor, signal, note
    ):
        self._interlocks = interlocks
        self._infusion = infusion
        self._reservoir_guard = reservoir_guard
        self._staging = staging
        self._supervisor = supervisor
        self._signal, self._note = signal, note

    def bolus(self, dose_ng, duration_ms):
        """Give a clinician's bolus over the regular therapy, or alone while stopped."""
        prescription, change = with_room(self._judge_bolus, dose_ng, duration_ms)
        if self._infusion.is_regular():
            self._infusion.over(change, dose_ng)
        else:
            self._infusion.alone(change.dose, dose_ng, prescription.drug)
            self._supervisor.wake(DISPENSER)

    def patient(self):
        """Give the patient bolus of the prescription; count the request, given or refused."""
        try:
            dose_ng, change = with_room(self._judge_patient)
            self._infusion.over(change, dose_ng)
        except Refused as refused:
            is_lockout = refused.code == LOCKED_OUT
            self._infusion.boluses.refuse(LOCKOUT if is_lockout else "")
            self._note(PATIENT_REFUSED, str(refused.code))
            self._signal(REFUSED)
            raise

    def trial(self, dose_ng, duration_ms, observation_ms):
        """Give a screening dose, then start its observation; stopped before and after."""
        judged = dose_ng, duration_ms, observation_ms
        prescription, change = with_room(self._judge_trial, *judged)
        observation_us = observation_ms * _US_PER_MS
        self._infusion.alone(change.dose, dose_ng, prescription.drug, observation_us)
        self._supervisor.wake(DISPENSER)

    def prime(self, volume_nl, rate_nl_d):
        """Fill the line with `volume_nl` at `rate_nl_d`. Stopped only."""
        dose = with_room(self._judge_prime, volume_nl, rate_nl_d)
        active = self._staging.active
        drug = active.drug if active else ""
        self._infusion.alone(dose, drug_ng(volume_nl, dose.ng_ml), drug)
        self._supervisor.wake(DISPENSER)

    def bridge(self, old_ng_ml, volume_nl):
        """Deliver the old drug at the daily dose of the active prescription, then start that.

        Stopped only. The rate is that of the mean daily dose: a day pattern starts after the
        bridge.
        """
        change, dose = with_room(self._judge_bridge, old_ng_ml, volume_nl)
        self._infusion.bridge(change, dose)
        self._supervisor.wake(DISPENSER)

    def abort(self):
        """End the dose, bridge or observation under way at once; without one do nothing."""
        self._infusion.poll(0)
        self._infusion.abort()
        self._supervisor.wake(DISPENSER)

    def patient_wait(self):
        """(microseconds until a patient bolus is allowed, LOCKOUT, MAXIMUM or "" as reason)."""
        active = self._staging.active
        if active is None or not active.patient_ng:
            return 0, ""
        lockout_us = active.patient_lockout_ms * _US_PER_MS
        now_us = self._infusion.now_us()
        return self._infusion.boluses.wait_us(now_us, lockout_us, active.patient_maximum)

    def _judge_bolus(self, dose_ng, duration_ms):
        """(prescription, Change) of a clinician's bolus."""
        self._interlocks.require_fit()
        self._interlocks.require_confirmed()
        self._interlocks.require_no_bolus()
        prescription = self._interlocks.require_prescription()
        dose = self._dose(CLINICIAN, prescription, dose_ng, duration_ms)
        if self._infusion.is_regular():
            return prescription, self._judge_over(dose, prescription)
        return prescription, self._judge_alone(dose, prescription)

    def _judge_trial(self, dose_ng, duration_ms, observation_ms):
        """(prescription, Change) of a trial."""
        prescription = self._interlocks.require_active()
        self._interlocks.require_confirmed()
        self._interlocks.require_trial(prescription, dose_ng, duration_ms, observation_ms)
        dose = self._dose(TRIAL, prescription, dose_ng, duration_ms)
        return prescription, self._judge_alone(dose, prescription)

    def _judge_prime(self, volume_nl, rate_nl_d):
        """The Dose of a prime."""
        self._interlocks.require_stopped()
        self._interlocks.require_confirmed()
        self._require_rate(rate_nl_d)
        active, amount = self._staging.active, volume_nl * DAY_US
        ng_ml = active.concentration_ng_ml if active else 0
        dose = Dose(PRIME, amount, -(-amount // rate_nl_d), ng_ml)
        self._require_volume(dose)
        return dose

    def _judge_bridge(self, old_ng_ml, volume_nl):
        """(Change, Dose) of a bridge."""
        prescription = self._interlocks.require_active()
        self._interlocks.require_confirmed()
        if not self._infusion.line.is_old(old_ng_ml, prescription.drug):
            self._interlocks.require_line(old_ng_ml, prescription.drug)
        daily_ng = daily_totals(prescription, self._interlocks.limits().min_nl_d).mean_ng()
        self._require_rate(dose_nl(daily_ng, old_ng_ml))
        self._require_limit(prescription, daily_ng, old_ng_ml)
        duration_us = bridge(volume_nl, old_ng_ml, daily_ng)[1]
        dose = Dose(BRIDGE, volume_nl * DAY_US, duration_us, old_ng_ml)
        self._require_volume(dose)
        change = self._infusion.to_bridge(prescription, dose)
        self._interlocks.require_day(prescription, change)
        return change, dose

    def _judge_patient(self):
        """(dose in ng, Change) of a patient bolus."""
        self._interlocks.require_fit()
        self._interlocks.require_confirmed()
        self._infusion.poll(0)
        if not self._infusion.is_regular():
            raise Refused(NOT_RUNNING)
        prescription = self._infusion.prescription
        if not prescription.patient_ng:
            raise Refused(NO_PATIENT_BOLUS)
        wait_us, reason = self.patient_wait()
        if wait_us:
            code = LOCKED_OUT if reason == LOCKOUT else PATIENT_MAXIMUM
            raise Refused(code, "%s s left" % seconds(-(-wait_us // _US_PER_MS)))
        self._interlocks.require_no_bolus()
        dose_ng, duration_ms = prescription.patient_ng, prescription.patient_duration_ms
        dose = self._dose(PATIENT, prescription, dose_ng, duration_ms)
        return dose_ng, self._judge_over(dose, prescription)

    def _judge_over(self, dose, prescription):
        """The Change for a dose over the regular therapy."""
        at_us = self._infusion.next_us()
        next_us = self._infusion.grid.next_us(at_us)
        if next_us is not None and next_us < at_us + dose.duration_us:
            left_us = next_us - at_us
            text = "the next periodic dose begins in %s s" % seconds(left_us // _US_PER_MS)
            raise Refused(LIMIT_EXCEEDED, text)
        basal_nl_d = daily_totals(prescription, self._interlocks.limits().min_nl_d).highest_nl_d
        if next_us is not None:
            basal_nl_d = prescription.rate_nl_d()
        self._require_rate(basal_nl_d - (-dose.amount // dose.duration_us))
        change = self._infusion.to_give(dose)
        self._interlocks.require_day(prescription, change)
        return change

    def _judge_alone(self, dose, prescription):
        """The Change for a dose while nothing else is delivered."""
        self._interlocks.require_stopped()
        self._require_rate(-(-dose.amount // dose.duration_us))
        change = self._infusion.to_give(dose)
        self._interlocks.require_day(prescription, change)
        return change

    def _dose(self, kind, prescription, dose_ng, duration_ms):
        """Return the `Dose`. Raise Refused unless line, LIMit:BOLus and reservoir allow it."""
        ng_ml = prescription.concentration_ng_ml
        self._interlocks.require_line(ng_ml, prescription.drug)
        limit_ng = prescription.limit_bolus_ng
        if limit_ng and dose_ng > limit_ng:
            doses = ug(dose_ng), ug(limit_ng)
            raise Refused(LIMIT_EXCEEDED, "%s ug is above LIMit:BOLus %s" % doses)
        amount = dose_nl(dose_ng, ng_ml) * DAY_US
        dose = Dose(kind, amount, duration_ms * _US_PER_MS, ng_ml)
        self._require_volume(dose)
        return dose

    def _require_volume(self, dose):
        """Raise Refused if the dose is less than one step, or more than the reservoir has."""
        if not self._infusion.calibration.steps_in(dose.amount):
            raise Refused(TOO_SMALL, "%s mL" % ml(dose.amount // DAY_US))
        self._reservoir_guard.require_volume(dose.amount // DAY_US)

    def _require_rate(self, rate_nl_d):
        """Raise Refused LIMIT_EXCEEDED unless the pump can deliver `rate_nl_d`."""
        limits = self._interlocks.limits()
        if not limits.min_nl_d <= rate_nl_d <= limits.max_nl_d:
            rates = ml(rate_nl_d), ml(limits.min_nl_d), ml(limits.max_nl_d)
            raise Refused(LIMIT_EXCEEDED, "%s mL a day; the pump does %s to %s" % rates)

    def _require_limit(self, prescription, daily_ng, ng_ml):
        """Raise Refused LIMIT_EXCEEDED if the rate of a bridge is above LIMit:RATE."""
        limit = prescription.limit_rate
        if limit is not None and dose_nl(daily_ng, ng_ml) > rate_nl_d(limit, ng_ml):
            rates = ml(dose_nl(daily_ng, ng_ml)), ml(rate_nl_d(limit, ng_ml))
            raise Refused(LIMIT_EXCEEDED, "%s mL a day is above LIMit:RATE %s" % rates)
