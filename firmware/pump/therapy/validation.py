# SPDX-License-Identifier: MIT
"""Validation: everything that speaks against a prescription, as sentences with its numbers.

`problems` keep it from being committed: what is missing, what the pump cannot do, what exceeds the
prescription's own limits, what the drug library has never seen. `soft` limits must be named to be
passed. `notes` say what it amounts to. All of each at once, every sentence within 200 characters.
Pure; called by control and the console.
"""

from micropython import const

from pump.therapy import library
from pump.therapy.conversion import rate_nl_d
from pump.therapy.dose_checks import doses_a_day, patient_problems, periodic_problems
from pump.therapy.flex import clock_text, days_text
from pump.therapy.past import week
from pump.therapy.prescription import FLEX, MINIMUM, NO_INDICATION, PERIODIC
from pump.therapy.regimen import daily_ng, day_totals
from pump.therapy.titration import changes, unusual
from pump.units import ml, ug, ug_ml

INTERVAL = "INTERVAL"  # periodic doses less than an hour apart: minutes for hours?

_HOUR_MS = const(3_600_000)


def problems(prescription, limits):
    """Why it cannot be committed, a tuple of sentences; () when it can. limits: PumpLimits."""
    found = _missing(prescription)
    basal = _basal_rates(prescription, limits.min_nl_d)
    for rates in basal:
        found.extend(_beyond(rates, prescription, limits))
    if prescription.mode == PERIODIC:
        found.extend(periodic_problems(prescription, limits))
    highest_nl_d = max([0] + [nl_d for rates in basal for _, nl_d in rates])
    found.extend(patient_problems(prescription, limits, highest_nl_d))
    found.extend(_library_problems(prescription))
    if has_day(prescription):
        found.extend(_day_problems(prescription, limits.min_nl_d))
    return tuple(found)


def soft(prescription, limits, before):
    """What must be named to commit it, a tuple of (name, sentence). It has no `problems`.

    before: what a change is measured against, as `Staging.before` answers it; None: nothing.
    """
    found = []
    entry = library.entry(prescription)
    if entry is not None:
        totals_ng = day_totals(prescription, limits.min_nl_d)
        found.extend(unusual(min(totals_ng), daily_ng(prescription, limits.min_nl_d), entry))
        if before is not None:
            found.extend(changes(week(totals_ng), before, entry))
    interval_ms = prescription.periodic_interval_ms
    if prescription.mode == PERIODIC and interval_ms < _HOUR_MS:
        text = _day_text(prescription, daily_ng(prescription, limits.min_nl_d))
        found.append((INTERVAL, "less than an hour between periodic doses: " + text))
    return tuple(found)


def notes(prescription, limits):
    """What it amounts to where that is not plain, a tuple of sentences. It has no `problems`."""
    day_ng = daily_ng(prescription, limits.min_nl_d)
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


def has_day(prescription):
    """Whether a day of regular therapy has a sum: nothing missing, and doses that fit."""
    if _missing(prescription):
        return False
    duration_ms = prescription.periodic_duration_ms
    return prescription.mode != PERIODIC or 0 < duration_ms < prescription.periodic_interval_ms


def _missing(prescription):
    """What regular therapy needs and has not been programmed, a list of sentences."""
    found = []
    mode = prescription.mode
    has_rate = prescription.programmed_ng_d or prescription.programmed_nl_d
    if not prescription.concentration_ng_ml:
        found.append("no concentration: PRESCription:CONCentration")
    if not mode:
        found.append("no mode: PRESCription:MODE")
    if not has_rate and mode != MINIMUM:
        found.append("no rate: PRESCription:RATE")
    if mode == FLEX and not prescription.flex.steps:
        found.append("no flex step: PRESCription:FLEX:STEP")
    if mode == PERIODIC and not (prescription.periodic_ng and prescription.periodic_interval_ms):
        found.append("no periodic dose: PRESCription:PERiodic:DOSE")
    return found


def _basal_rates(prescription, min_nl_d):
    """Two lists of (label, nl_d): the rate of the prescription, and the flex steps."""
    if prescription.mode == MINIMUM:
        return [("minimum rate", min_nl_d)], []
    rate, steps = [], []
    if not prescription.concentration_ng_ml:
        return rate, steps  # a dose says nothing about volume before the concentration is known
    if prescription.programmed_ng_d or prescription.programmed_nl_d:
        rate.append(("rate", prescription.rate_nl_d()))
    if prescription.mode == FLEX:
        for days, from_min, _, flex_rate in prescription.flex.steps:
            label = "flex %s %s rate" % (days_text(days), clock_text(from_min))
            steps.append((label, rate_nl_d(flex_rate, prescription.concentration_ng_ml)))
    return rate, steps


def _beyond(rates, prescription, limits):
    """What the pump or LIMit:RATE does not allow of these rates: their lowest and highest."""
    if not rates:
        return []
    found = []
    label, lowest_nl_d = min(rates, key=_rate_of)
    if lowest_nl_d < limits.min_nl_d:
        numbers = label, ml(lowest_nl_d), ml(limits.min_nl_d)
        found.append("%s of %s mL a day is below the pump's minimum %s" % numbers)
    label, highest_nl_d = max(rates, key=_rate_of)
    if highest_nl_d > limits.max_nl_d:
        numbers = label, ml(highest_nl_d), ml(limits.max_nl_d)
        found.append("%s of %s mL a day is above the pump's maximum %s" % numbers)
    limit_nl_d = prescription.limit_nl_d()
    if limit_nl_d is not None and highest_nl_d > limit_nl_d:
        numbers = label, ml(highest_nl_d), ml(limit_nl_d)
        found.append("%s of %s mL a day is above LIMit:RATE %s" % numbers)
    return found


def _rate_of(labelled):
    return labelled[1]


def _library_problems(prescription):
    """What the library does not know, where it applies."""
    if prescription.indication == NO_INDICATION:
        return []
    if library.entry(prescription) is None:
        given = prescription.drug or "no drug"
        return ["%s: with an indication the drug is %s, PRESCription:DRUG" % (given, library.NAME)]
    if prescription.concentration_ng_ml in (0,) + library.CONCENTRATIONS_NG_ML:
        return []
    sold = ", ".join([ug_ml(ng_ml) for ng_ml in library.CONCENTRATIONS_NG_ML])
    given = ug_ml(prescription.concentration_ng_ml)
    return ["concentration of %s ug/mL is not one that is sold: %s" % (given, sold)]


def _day_problems(prescription, min_nl_d):
    """What a day amounts to, against LIMit:DAY and what has been seen."""
    day_ng = daily_ng(prescription, min_nl_d)
    text = _day_text(prescription, day_ng)
    limit_ng = prescription.limit_day_ng
    found = []
    if limit_ng and day_ng > limit_ng:
        found.append("%s: above LIMit:DAY %s" % (text, ug(limit_ng)))
    entry = library.entry(prescription)
    if entry is None:
        return found
    seen_least_ng, seen_most_ng = entry.seen_ng_d
    count = prescription.patient_a_day()
    total_ng = day_ng + count * prescription.patient_ng
    if total_ng > seen_most_ng:
        if count:
            text = "%s ug a day with %d patient boluses" % (ug(total_ng), count)
        found.append("%s: above the %s of the library" % (text, ug(seen_most_ng)))
    least_ng = min(day_totals(prescription, min_nl_d))
    if least_ng < seen_least_ng and prescription.mode != MINIMUM:
        least = ug(least_ng), ug(seen_least_ng)
        found.append("%s ug a day: below the %s of the library" % least)
    return found


def _day_text(prescription, day_ng):
    """A day's drug, and for periodic doses how many of them."""
    if prescription.mode != PERIODIC:
        return "%s ug a day" % ug(day_ng)
    doses = doses_a_day(prescription), ug(day_ng)
    return "%s doses a day, %s ug a day with the background" % doses
