# SPDX-License-Identifier: MIT
"""Validation of a prescription: problems, soft limits and notes, as sentences with its numbers.

`problems` refuse a commit: missing items, rates and doses beyond the pump, the prescription's own
limits or the drug library. `soft` limits must be named in the commit. `notes` give daily numbers.
All of each are returned at once, every sentence within 200 characters.
Loaded for each use, and not kept, see `interlocks`. Pure.
"""

from micropython import const

from pump.prescription import drug_library
from pump.prescription.conversion import rate_nl_d
from pump.prescription.daily_totals import daily_totals
from pump.prescription.dose_checks import doses_a_day, patient_problems, periodic_problems
from pump.prescription.flex import clock_text, days_text
from pump.prescription.prescription import FLEX, MINIMUM, NO_INDICATION, PERIODIC
from pump.prescription.titration import changes, unusual
from pump.units import ml, ug, ug_ml

INTERVAL = "INTERVAL"  # periodic doses less than an hour apart: minutes for hours?

_HOUR_MS = const(3_600_000)
_HEADERS = {  # the command that programs it, after PRESCription:
    "concentration": "CONCentration",
    "mode": "MODE",
    "rate": "RATE",
    "flex step": "FLEX:STEP",
    "periodic dose": "PERiodic:DOSE",
}


def problems(prescription, limits):
    """Why it cannot be committed, a tuple of sentences; () if it can. limits: PumpLimits."""
    found = ["no %s: PRESCription:%s" % (it, _HEADERS[it]) for it in prescription.missing()]
    basal = _basal_rates(prescription, limits.min_nl_d)
    for rates in basal:
        found.extend(_beyond(rates, prescription, limits))
    if prescription.mode == PERIODIC:
        found.extend(periodic_problems(prescription, limits))
    highest_nl_d = max([0] + [nl_d for rates in basal for nl_d, _ in rates])
    found.extend(patient_problems(prescription, limits, highest_nl_d))
    found.extend(_library_problems(prescription))
    if prescription.has_day():
        found.extend(_day_problems(prescription, limits))
    return tuple(found)


def soft(prescription, limits, before):
    """The soft limits that a commit must name, a tuple of (name, sentence).

    The prescription has no `problems`. before: the doses that a change is compared with, from
    `Staging.before`, or None.
    """
    found = []
    day = daily_totals(prescription, limits.min_nl_d)
    entry = drug_library.entry(prescription)
    if entry is not None:
        found.extend(unusual(min(day.totals_ng), day.most_ng, entry))
        if before is not None:
            found.extend(changes(day.week_ng(), before, entry))
    interval_ms = prescription.periodic_interval_ms
    if prescription.mode == PERIODIC and interval_ms < _HOUR_MS:
        text = _day_text(prescription, day.most_ng)
        found.append((INTERVAL, "less than an hour between periodic doses: " + text))
    return tuple(found)


def notes(prescription, limits):
    """Daily numbers of periodic doses and patient boluses, a tuple of sentences.

    The prescription has no `problems`.
    """
    day_ng = daily_totals(prescription, limits.min_nl_d).most_ng
    found = []
    if prescription.mode == PERIODIC:
        doses = doses_a_day(prescription), ug(prescription.periodic_ng), ug(day_ng)
        found.append("%s doses a day of %s ug; %s ug a day" % doses)
    count = prescription.patient_a_day()
    if count:
        total_ng = day_ng + count * prescription.patient_ng
        boluses = count, ug(total_ng)
        found.append("up to %d patient boluses a day; up to %s ug a day" % boluses)
    return tuple(found)


def trial_problems(prescription, dose_ng, duration_ms, observation_ms):
    """The problems of a screening trial, a tuple of sentences; () without any."""
    asked = prescription.indication, dose_ng, duration_ms, observation_ms
    return drug_library.trial_problems(*asked)


def _basal_rates(prescription, min_nl_d):
    """Two lists of (nl_d, flex step or None): the rate of the prescription, and of the flex steps
    the first with the lowest and the first with the highest rate."""
    ng_ml = prescription.concentration_ng_ml
    if prescription.mode == MINIMUM:
        return [(min_nl_d, None)], []
    if not ng_ml:
        return [], []  # without a concentration the volume of a dose is not known
    has_rate = prescription.programmed_ng_d or prescription.programmed_nl_d
    rate = [(prescription.rate_nl_d(), None)] if has_rate else []
    if prescription.mode != FLEX:
        return rate, []
    return rate, _extremes(prescription.flex, ng_ml)


def _extremes(flex, ng_ml):
    """The first step with the lowest rate and the first with the highest, as [(nl_d, step)]."""
    found = []
    for index in range(flex.count):
        step = flex.step(index)
        nl_d = rate_nl_d(step[3], ng_ml)
        if not found:
            found = [(nl_d, step)] * 2
        elif nl_d < found[0][0]:
            found[0] = nl_d, step
        elif nl_d > found[1][0]:
            found[1] = nl_d, step
    return found


def _beyond(rates, prescription, limits):
    """Problems of the lowest and highest of these rates, against the pump and LIMit:RATE."""
    if not rates:
        return []
    found = []
    lowest_nl_d, step = min(rates, key=_rate_of)
    if lowest_nl_d < limits.min_nl_d:
        numbers = _label(step), ml(lowest_nl_d), ml(limits.min_nl_d)
        found.append("%s of %s mL a day is below the pump's minimum %s" % numbers)
    highest_nl_d, step = max(rates, key=_rate_of)
    if highest_nl_d > limits.max_nl_d:
        numbers = _label(step), ml(highest_nl_d), ml(limits.max_nl_d)
        found.append("%s of %s mL a day is above the pump's maximum %s" % numbers)
    limit_nl_d = prescription.limit_nl_d()
    if limit_nl_d is not None and highest_nl_d > limit_nl_d:
        numbers = _label(step), ml(highest_nl_d), ml(limit_nl_d)
        found.append("%s of %s mL a day is above LIMit:RATE %s" % numbers)
    return found


def _rate_of(rate):
    return rate[0]


def _label(step):
    """The name of a rate: "rate", or the days and time of a flex step."""
    if step is None:
        return "rate"
    return "flex %s %s rate" % (days_text(step[0]), clock_text(step[1]))


def _library_problems(prescription):
    """Problems with drug and concentration, against the library, if there is an indication."""
    if prescription.indication == NO_INDICATION:
        return []
    if drug_library.entry(prescription) is None:
        drugs = prescription.drug or "no drug", drug_library.NAME
        return ["%s: with an indication the drug is %s, PRESCription:DRUG" % drugs]
    if prescription.concentration_ng_ml in (0,) + drug_library.CONCENTRATIONS_NG_ML:
        return []
    sold = ", ".join([ug_ml(ng_ml) for ng_ml in drug_library.CONCENTRATIONS_NG_ML])
    given = ug_ml(prescription.concentration_ng_ml)
    return ["concentration of %s ug/mL is not one that is sold: %s" % (given, sold)]


def _day_problems(prescription, limits):
    """Problems of the daily dose, against LIMit:DAY and the hard limits of the library."""
    day = daily_totals(prescription, limits.min_nl_d)
    day_ng = day.most_ng
    text = _day_text(prescription, day_ng)
    limit_ng = prescription.limit_day_ng
    found = []
    if limit_ng and day_ng > limit_ng:
        found.append("%s: above LIMit:DAY %s" % (text, ug(limit_ng)))
    step_ng = limits.drug_ng(1, prescription.concentration_ng_ml)
    if limit_ng and step_ng > limit_ng:
        found.append("LIMit:DAY of %s ug is below a step, %s ug" % (ug(limit_ng), ug(step_ng)))
    entry = drug_library.entry(prescription)
    if entry is None:
        return found
    seen_least_ng, seen_most_ng = entry.seen_ng_d
    count = prescription.patient_a_day()
    total_ng = day_ng + count * prescription.patient_ng
    if total_ng > seen_most_ng:
        if count:
            text = "%s ug a day with %d patient boluses" % (ug(total_ng), count)
        found.append("%s: above the %s of the library" % (text, ug(seen_most_ng)))
    least_ng = min(day.totals_ng)
    if least_ng < seen_least_ng and prescription.mode != MINIMUM:
        least = ug(least_ng), ug(seen_least_ng)
        found.append("%s ug a day: below the %s of the library" % least)
    return found


def _day_text(prescription, day_ng):
    """A day's drug as text, and the number of periodic doses."""
    if prescription.mode != PERIODIC:
        return "%s ug a day" % ug(day_ng)
    doses = doses_a_day(prescription), ug(day_ng)
    return "%s doses a day, %s ug a day with the background" % doses
