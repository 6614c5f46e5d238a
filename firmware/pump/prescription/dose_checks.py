# SPDX-License-Identifier: MIT
"""Checks on the periodic and the patient dose of a prescription against pump and limits.

Each returns its problems as a list of sentences for `validation`; [] for a dose that is not
programmed. Pure.
"""

from micropython import const

from pump.prescription.conversion import dose_nl
from pump.prescription.prescription import MAX_STARTS, PERIODIC
from pump.units import fixed, ml, seconds, ug

_DAY_MS = const(86_400_000)
_MIN_DURATION_MS = const(5_000)
_MIN_INTERVAL_MS = const(300_000)
_MAX_INTERVAL_MS = const(30 * 86_400_000)


def periodic_problems(prescription, limits):
    """Problems of the periodic dose, which is given over the background rate."""
    duration_ms = prescription.periodic_duration_ms
    interval_ms = prescription.periodic_interval_ms
    if not (prescription.periodic_ng and interval_ms):
        return []
    found = []
    if duration_ms >= interval_ms:
        times = seconds(duration_ms), seconds(interval_ms)
        found.append("more bolus than fits the interval: %s s every %s s" % times)
    if not _MIN_INTERVAL_MS <= interval_ms <= _MAX_INTERVAL_MS:
        times = seconds(interval_ms), doses_a_day(prescription)
        found.append("periodic interval of %s s, %s doses a day: 5 MIN to 30 D" % times)
    bolus = "periodic", prescription.periodic_ng, duration_ms
    return found + _bolus_problems(bolus, prescription, prescription.rate_nl_d(), limits)


def patient_problems(prescription, limits, highest_nl_d):
    """Problems of the patient's dose, which is given over basal rates up to `highest_nl_d`."""
    if not prescription.patient_ng:
        return []
    found = []
    duration_ms = prescription.patient_duration_ms
    lockout_ms = prescription.patient_lockout_ms
    if not lockout_ms:
        found.append("patient dose without a lockout: PRESCription:PATient:LOCKout")
    if not prescription.patient_maximum:
        found.append("patient dose without a maximum: PRESCription:PATient:MAXimum")
    if lockout_ms > _DAY_MS:
        found.append("a lockout longer than a day: %s s" % seconds(lockout_ms))
    if 0 < lockout_ms < duration_ms:
        times = seconds(lockout_ms), seconds(duration_ms)
        found.append("a lockout of %s s ends before the bolus of %s s" % times)
    if prescription.patient_maximum > MAX_STARTS:
        counts = prescription.patient_maximum, MAX_STARTS
        found.append("up to %d patient boluses a day: at most %d" % counts)
    gap_ms = prescription.periodic_interval_ms - prescription.periodic_duration_ms
    if prescription.mode == PERIODIC and 0 < gap_ms <= duration_ms:
        times = seconds(duration_ms), seconds(gap_ms)
        found.append(
            "a patient bolus of %s s never fits between periodic doses, %s s apart" % times
        )
    bolus = "patient", prescription.patient_ng, duration_ms
    return found + _bolus_problems(bolus, prescription, highest_nl_d, limits)


def doses_a_day(prescription):
    """The number of periodic doses a day as text: an integer, or with 2 decimals."""
    interval_ms = prescription.periodic_interval_ms
    if _DAY_MS % interval_ms == 0:
        return str(_DAY_MS // interval_ms)
    return fixed(_DAY_MS * 100 // interval_ms, 2)


def _bolus_problems(bolus, prescription, over_nl_d, limits):
    """bolus: (whose, dose_ng, duration_ms). over_nl_d: the rate that it is given over."""
    whose, dose_ng, duration_ms = bolus
    found = []
    limit_ng = prescription.limit_bolus_ng
    if limit_ng and dose_ng > limit_ng:
        doses = whose, ug(dose_ng), ug(limit_ng)
        found.append("%s dose of %s ug is above LIMit:BOLus %s" % doses)
    if duration_ms < _MIN_DURATION_MS:
        times = whose, seconds(duration_ms), seconds(_MIN_DURATION_MS)
        found.append("%s dose in %s s: at least %s s" % times)
    if prescription.concentration_ng_ml and duration_ms:
        found.extend(_volume_problems(bolus, prescription, over_nl_d, limits))
    return found


def _volume_problems(bolus, prescription, over_nl_d, limits):
    """Problems of a bolus below one step, or above the pump's highest rate."""
    whose, dose_ng, duration_ms = bolus
    volume_nl = dose_nl(dose_ng, prescription.concentration_ng_ml)
    found = []
    if not limits.steps(volume_nl):
        volumes = whose, ug(dose_ng), ml(volume_nl), limits.step_text()
        found.append("%s dose of %s ug is %s mL, less than one step of %s mL" % volumes)
    peak_nl_d = over_nl_d - (-volume_nl * _DAY_MS // duration_ms)
    if peak_nl_d > limits.max_nl_d:
        rates = whose, ml(peak_nl_d), ml(limits.max_nl_d)
        found.append("%s dose at %s mL a day, basal included: above the pump's maximum %s" % rates)
    return found
