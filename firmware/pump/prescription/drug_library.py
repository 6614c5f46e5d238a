# SPDX-License-Identifier: MIT
"""The drug library: usual and reported daily doses of baclofen, by the origin of spasticity.

Numbers from medscape 2207448-173404 and -173405, drugs.com/dosage/baclofen.html and the Lioresal
label. It applies only to a prescription with an indication. Pure data; `validation` makes
sentences of it.
"""

from micropython import const

from pump.prescription.prescription import CEREBRAL, NO_INDICATION, SPINAL
from pump.units import seconds, ug

NAME = "baclofen"
CONCENTRATIONS_NG_ML = (50_000, 500_000, 1_000_000, 2_000_000)  # as sold
MAX_TRIAL_NG = const(100_000)
MIN_TRIAL_MS = const(60_000)
MIN_OBSERVATION_MS = const(4 * 3_600_000)
MAX_OBSERVATION_MS = const(24 * 3_600_000)


class Entry:
    """Drug a day as (least, most): usual_ng_d (soft), seen_ng_d (hard limits); changes in 24 h."""

    def __init__(self, usual_ng_d, seen_ng_d, max_increase_pct, max_decrease_pct):
        self.usual_ng_d = usual_ng_d
        self.seen_ng_d = seen_ng_d
        self.max_increase_pct = max_increase_pct
        self.max_decrease_pct = max_decrease_pct


ENTRIES = {
    SPINAL: Entry((300_000, 800_000), (12_000, 2_000_000), 30, 20),
    CEREBRAL: Entry((90_000, 703_000), (22_000, 1_400_000), 15, 20),
}


def entry(prescription):
    """The Entry for a prescription; None without an indication, or if the drug is not listed."""
    if prescription.drug.lower() != NAME:
        return None
    return ENTRIES.get(prescription.indication)


def trial_problems(indication, dose_ng, duration_ms, observation_ms):
    """The problems of a screening trial, a tuple of sentences; () without any."""
    if indication == NO_INDICATION:
        return ()
    found = []
    if dose_ng > MAX_TRIAL_NG:
        found.append("a trial of %s ug: at most %s ug" % (ug(dose_ng), ug(MAX_TRIAL_NG)))
    if duration_ms < MIN_TRIAL_MS:
        found.append("a trial in %s s: at least %s s" % _seconds(duration_ms, MIN_TRIAL_MS))
    if observation_ms < MIN_OBSERVATION_MS:
        times = _seconds(observation_ms, MIN_OBSERVATION_MS)
        found.append("an observation of %s s: at least %s s" % times)
    if observation_ms > MAX_OBSERVATION_MS:
        times = _seconds(observation_ms, MAX_OBSERVATION_MS)
        found.append("an observation of %s s: at most %s s" % times)
    return tuple(found)


def _seconds(*times_ms):
    return tuple([seconds(time_ms) for time_ms in times_ms])
