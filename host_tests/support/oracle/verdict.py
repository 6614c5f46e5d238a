# SPDX-License-Identifier: MIT
"""What is wrong with a prescription, or unusual about it: the oracle's own opinion.

Each opinion is True, False, or None where it hangs on the rounding of the last nanogram.
"""

from fractions import Fraction

from host_tests.support.oracle.content import DAY_US, HEAD, LIBRARY, MAX_NL_D, MIN_NL_D, SOLD_NG_ML

MARGIN_NG = 30
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


def above(ng, limit_ng, margin_ng=MARGIN_NG):
    """Whether an amount of drug is above a limit; None where that is too close to say."""
    return None if abs(ng - limit_ng) <= margin_ng else ng > limit_ng


def is_valid(prescription):
    """True, False, or None: too close to say."""
    opinions = list(problems(prescription))
    return False if True in opinions else None if None in opinions else True


def problems(p):
    """The opinions on all there is to mend."""
    needs_rate = p.mode != "MINIMUM"
    if not p.ng_ml or not p.mode or (needs_rate and not p.rate):
        yield True
        return
    yield p.mode == "FLEX" and not p.flex
    if p.mode == "PERIODIC":
        yield p.periodic is None
        if not p.periodic:
            return
        yield from periodic_problems(p)
    most_nl_d = min(MAX_NL_D, p.limit_rate.nl_d(p.ng_ml) if p.limit_rate else MAX_NL_D)
    for nl_d in p.rates_nl_d():
        yield not MIN_NL_D <= nl_d <= most_nl_d
    if needs_rate and not MIN_NL_D <= p.basal_nl_d() <= most_nl_d:
        yield None  # of a week that leaves no minute to it
    yield from patient_problems(p)
    if p.limit_day_ng:
        yield above(p.richest_ng(), p.limit_day_ng)
        yield above(HEAD.step_ng(p.ng_ml), p.limit_day_ng, 1)
    if p.indication != "NONE":
        _, (low_ug, high_ug), _ = LIBRARY[p.indication]
        yield p.drug.lower() != "baclofen"
        yield p.ng_ml not in SOLD_NG_ML
        yield above(p.most_ng(), high_ug * 1_000)
        # The minimum rate is no therapy: it may be below what was ever seen.
        yield p.mode != "MINIMUM" and all_above((low_ug * 1_000,) * 2, p.days_ng())


def periodic_problems(p):
    ng, duration_us, interval_us = p.periodic
    yield p.volume_nl(ng) < HEAD.step_nl
    yield duration_us >= interval_us
    yield not 5 * MINUTE_US <= interval_us <= 30 * DAY_US
    yield duration_us < 5_000_000
    yield too_fast(p, ng, duration_us)
    yield bool(p.limit_bolus_ng) and ng > p.limit_bolus_ng


def patient_problems(p):
    if not p.patient:
        return
    ng, duration_us = p.patient
    yield not (p.lockout_us and p.maximum)
    yield p.lockout_us > DAY_US or 0 < p.lockout_us < duration_us
    yield p.maximum > 288
    if p.mode == "PERIODIC" and p.periodic:
        _, dose_us, interval_us = p.periodic
        yield 0 < interval_us - dose_us <= duration_us
    yield bool(p.limit_bolus_ng) and ng > p.limit_bolus_ng
    yield too_fast(p, ng, duration_us)
    if p.volume_nl(ng) < HEAD.step_nl:
        yield None


def too_fast(p, ng, duration_us):
    """A bolus on top of the basal, against what the pump can do."""
    nl_d = Fraction(p.volume_nl(ng) * DAY_US, duration_us) + max(p.rates_nl_d())
    return None if MAX_NL_D * 98 < nl_d * 100 < MAX_NL_D * 102 else nl_d > MAX_NL_D


def soft(p, before):
    """{name: opinion}; before: (least, most) ng a day of all in force within 24 h."""
    found = {}
    if p.mode == "PERIODIC":
        found["INTerval"] = p.periodic[2] < HOUR_US
    if p.indication == "NONE":
        return found
    (low_ug, high_ug), _, more = LIBRARY[p.indication]
    days = p.days_ng()
    found["HIGH"] = all_above(days, (high_ug * 1_000,) * 2)
    found["LOW"] = all_above((low_ug * 1_000,) * 2, days)
    if before:
        lowest = min(least for least, _ in before), min(most for _, most in before)
        highest = max(least for least, _ in before), max(most for _, most in before)
        found["INCRease"] = all_above(days, [Fraction(ng * (100 + more), 100) for ng in lowest])
        found["DECRease"] = all_above([Fraction(ng * 80, 100) for ng in highest], days)
    return found


def all_above(days, others):
    """Whether one (least, most) is above another, however a day is taken."""
    if days[0] > others[1] + MARGIN_NG:
        return True
    return None if days[1] >= others[0] - MARGIN_NG else False
