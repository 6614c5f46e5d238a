# SPDX-License-Identifier: MIT
"""Comparison: the active prescription and the staged one side by side, field by field.

All fields as programmed, then computed ones: drug and volume of a day, the drug of the whole steps
in it, and the drug with every patient bolus. Numbers as the console prints them. Loaded for each
use, and not kept. Pure.
"""

from pump.prescription.daily_totals import daily_totals, mean_day
from pump.prescription.flex import WEEKDAYS
from pump.prescription.prescription import FLEX
from pump.units import NG_D, NL_D, ml, seconds, ug, ug_ml

NONE = "NONE"  # text of a field that is not programmed


def comparison(active, staged, limits):
    """Yield (field, active text, staged text); active may be None. limits: PumpLimits."""
    has_week = FLEX in (staged.mode, active.mode if active else "")
    after = _fields(staged, limits, has_week)
    before = None if active is None else _fields(active, limits, has_week)
    for index, (name, text) in enumerate(after):
        yield name, before[index][1] if before else NONE, text


def _fields(prescription, limits, has_week):
    """[(field, text)]: programmed fields, the days of a flex week, and computed fields."""
    fields = _programmed(prescription)
    if has_week:
        fields.extend(_days(prescription, limits.min_nl_d))
    return fields + _totals(prescription, limits)


def _programmed(prescription):
    rate = None
    if prescription.programmed_ng_d or prescription.programmed_nl_d:
        is_dose = bool(prescription.programmed_ng_d)
        amount = prescription.programmed_ng_d or prescription.programmed_nl_d
        rate = (NG_D if is_dose else NL_D), amount
    return [
        ("drug", prescription.drug or NONE),
        ("concentration, ug/mL", _or_none(ug_ml, prescription.concentration_ng_ml)),
        ("indication", prescription.indication),
        ("mode", prescription.mode or NONE),
        ("rate", _rate_text(rate)),
        ("flex steps", _flex_text(prescription.flex)),
        ("periodic dose, ug", _or_none(ug, prescription.periodic_ng)),
        ("periodic duration, s", _or_none(seconds, prescription.periodic_duration_ms)),
        ("periodic interval, s", _or_none(seconds, prescription.periodic_interval_ms)),
        ("patient dose, ug", _or_none(ug, prescription.patient_ng)),
        ("patient duration, s", _or_none(seconds, prescription.patient_duration_ms)),
        ("patient lockout, s", _or_none(seconds, prescription.patient_lockout_ms)),
        ("patient maximum a day", _or_none(str, prescription.patient_maximum)),
        ("limit of rate", _rate_text(prescription.limit_rate)),
        ("limit of a bolus, ug", _or_none(ug, prescription.limit_bolus_ng)),
        ("limit of 24 h, ug", _or_none(ug, prescription.limit_day_ng)),
    ]


def _days(prescription, min_nl_d):
    """[(field, text)]: the drug of each weekday."""
    if not prescription.has_day():
        return [(day + ", ug", NONE) for day in WEEKDAYS]
    totals_ng = daily_totals(prescription, min_nl_d).week_ng()
    return [(day + ", ug", ug(totals_ng[index])) for index, day in enumerate(WEEKDAYS)]


def _totals(prescription, limits):
    """[(field, text)]: drug and volume of a mean day; the most of any 24 h with boluses."""
    mean_ng, mean_nl = mean_day(prescription, limits.min_nl_d)
    steps = limits.steps(mean_nl)
    most_ng = mean_ng
    if prescription.has_day():
        most_ng = daily_totals(prescription, limits.min_nl_d).most_ng
    most_ng += prescription.patient_a_day() * prescription.patient_ng
    achievable_ng = limits.drug_ng(steps, prescription.concentration_ng_ml)
    return [
        ("daily dose, ug", ug(mean_ng)),
        ("daily volume, mL", ml(mean_nl)),
        ("achievable daily dose, ug", ug(achievable_ng)),
        ("with every patient bolus, ug", ug(most_ng)),
    ]


def _or_none(text, value):
    return text(value) if value else NONE


def _rate_text(rate):
    if rate is None:
        return NONE
    unit, amount = rate
    return ug(amount) + " ug/d" if unit == NG_D else ml(amount) + " mL/d"


def _flex_text(flex):
    """The number of steps and their checksum: the steps themselves are too long for a line."""
    return "%d (%08X)" % (flex.count, flex.crc()) if flex.count else NONE
