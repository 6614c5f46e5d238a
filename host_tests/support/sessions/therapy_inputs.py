# SPDX-License-Identifier: MIT
"""What an operator may prescribe and order in a random therapy: mostly sound, of every size."""

from fractions import Fraction

from hypothesis import strategies as st

from host_tests.support.oracle import verdict as verdict
from host_tests.support.oracle.content import MINUTE_US, Prescription, Rate
from host_tests.support.oracle.verdict import HOUR_US

S_US = 1_000_000
NG_ML = st.sampled_from([500_000, 500_000, 500_000, 2_000_000, 50_000, 333_333])
ML_D = st.sampled_from([Fraction(n, 1000) for n in (6, 48, 100, 240, 500, 1000, 2000, 5000)])
FINE = st.integers(0, 5_000)  # nl a day more, so that nothing is round
MODES = st.sampled_from(["SIMPLE", "FLEX", "FLEX", "PERIODIC", "PERIODIC", "MINIMUM"])
FLEX_DAYS = st.sampled_from(["ALL", "ALL", "WD", "WE", "MON", "SAT", "SUN"])
MINUTES = st.one_of(st.integers(0, 1439), st.integers(0, 47).map(lambda half: 30 * half))
DOSE_NL = st.one_of(st.integers(70, 3_000), st.integers(3_000, 200_000))
DURATION_US = st.one_of(
    st.sampled_from([5 * S_US, 10 * S_US, MINUTE_US, 10 * MINUTE_US]),
    st.integers(5_000, 1_800_000).map(lambda ms: 1_000 * ms),
)
INTERVAL_US = st.one_of(
    st.sampled_from([5 * MINUTE_US, HOUR_US, 4 * HOUR_US]),
    st.integers(300, 6 * 3600).map(lambda s: s * S_US),
)
LOCKOUT_US = st.integers(60, 6 * 3600).map(lambda s: s * S_US)
MAXIMUM = st.integers(1, 6)
TIGHT = [Fraction(102, 100), Fraction(104, 100), Fraction(5, 4), 2, 3, Fraction(98, 100)]
TIGHTNESS = st.sampled_from([0, 0, 0, *TIGHT])
WAITS_US = st.one_of(
    st.integers(1, 3 * S_US),
    st.integers(1, 5 * MINUTE_US),
    st.integers(10 * MINUTE_US, HOUR_US),
    st.integers(HOUR_US, 4 * HOUR_US),
)
NEAR_US = st.integers(-2 * S_US, 2 * S_US)
CLOCK_S = st.sampled_from([-366, -1, 1, 365]).map(lambda days: days * 86_400)
CLOCK_STEPS_S = st.one_of(st.sampled_from([3600, -3600, 60, -60, 7 * 86_400]), CLOCK_S)
WALL_S = st.one_of(
    st.integers(0, 36_524 * 86_400),
    st.sampled_from([d * 86_400 + h * 3600 for d in range(9_000, 9_007) for h in (0, 6, 23)]),
)


@st.composite
def rates(draw, ng_ml):
    nl_d = int(draw(ML_D) * 10**6) + draw(FINE)
    return Rate(nl_d * ng_ml // 10**6, True) if draw(st.booleans()) else Rate(nl_d, False)


@st.composite
def flex_steps(draw, ng_ml):
    begin = draw(MINUTES)
    end = draw(st.sampled_from([0, 0, 1440, begin + 30, begin + 240]))
    return draw(FLEX_DAYS), begin, min(end, 1440), draw(rates(ng_ml))


def doses_ng(ng_ml):
    return DOSE_NL.map(lambda nl: nl * ng_ml // 10**6 + 1)


@st.composite
def prescriptions(draw, modes=MODES, ng_ml=NG_ML):
    p = Prescription()
    p.ng_ml, p.mode = draw(ng_ml), draw(modes)
    p.rate = draw(rates(p.ng_ml))
    if p.mode == "FLEX":
        for step in draw(st.lists(flex_steps(p.ng_ml), min_size=1, max_size=6)):
            if not p.conflicts(*step[:3]):
                p.flex.append(step)
    if p.mode == "PERIODIC":
        interval_us = draw(INTERVAL_US)
        duration_us = min(draw(DURATION_US), interval_us // 2000 * 1000)
        p.periodic = (draw(doses_ng(p.ng_ml)), duration_us, interval_us)
    if draw(st.booleans()):
        p.patient = (draw(doses_ng(p.ng_ml)), draw(DURATION_US))
        p.lockout_us, p.maximum = max(draw(LOCKOUT_US), p.patient[1]), draw(MAXIMUM)
    limit(draw, p)
    if draw(st.integers(0, 5)) == 0:
        p.indication, p.drug = draw(st.sampled_from(["SPINAL", "CEREBRAL"])), "baclofen"
    return p


def sound(**options):
    """Such that they can be committed."""
    return prescriptions(**options).filter(lambda p: verdict.is_valid(p) is True)


def limit(draw, p):
    """Limits near what it needs: then boluses meet them."""
    if factor := draw(TIGHTNESS):
        p.limit_day_ng = int(p.richest_ng() * factor) + draw(doses_ng(p.ng_ml))
    if factor := draw(TIGHTNESS):
        p.limit_bolus_ng = int(draw(doses_ng(p.ng_ml)) * factor) + 1
        if p.patient:
            p.limit_bolus_ng = max(p.limit_bolus_ng, p.patient[0])
        if p.periodic:
            p.limit_bolus_ng = max(p.limit_bolus_ng, p.periodic[0])
    if draw(st.integers(0, 5)) == 0:
        p.limit_rate = Rate(
            int(max(p.rates_nl_d()) * draw(st.sampled_from([1, 1, 2, 0.9]))) + 1, False
        )
