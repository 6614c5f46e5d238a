# SPDX-License-Identifier: MIT
"""What an operator may type in a random session: numbers of every size, units, bad lines."""

from fractions import Fraction

from hypothesis import strategies as st

NL_D = {
    "UL/HR": 24_000,
    "ML/HR": 24_000_000,
    "ML/D": 1_000_000,
    "UL/MIN": 1_440_000,
    "ML/MIN": 1_440_000_000,
}
NG_D = {"UG/D": 1_000, "MG/D": 1_000_000}
BAD = {
    b"FOO:BAR": -113,
    b"PRES:CONC 500": -130,
    b"PRES:RATE 1,5 UG/D": -108,
    b"PRES:RATE 0 ML/D": -222,
    b"MOT:JOG 1": -109,
    b"MOT:JOG 1,0": -222,
    b"MOT:JOG 1,375.001": -222,
    b"MOT:CAL:PERR 10.000001 ML": -222,
    b"MOT:CAL:PERR 999 NL": -222,
    b"THER:STAR NOW": -108,
    b"*OPC;;": -102,
    b"x" * 256: -363,
    b"THER:STAR\x03": -101,
    b"\xff\x00": -101,
}

WAITS_US = st.one_of(
    st.integers(1, 3_000),
    st.integers(1, 2_500_000),
    st.integers(1, 60_000_000),
    st.integers(1, 3 * 3_600_000_000),
)
SHORT_US = st.one_of(st.integers(0, 2_500), st.integers(0, 400_000))
LONGEST_GAP_US = 60_000_000
RATIOS = st.sampled_from([1, 1, Fraction(101, 100), 2, Fraction(1, 2), 50, Fraction(1, 50)])
RATES_ML_D = st.one_of(
    st.builds(Fraction, st.integers(48, 24_500), st.sampled_from([1, 10, 100, 1_000])),
    st.builds(Fraction, st.integers(1_000, 99_999_999), st.sampled_from([24, 1_000, 7_000])),
    st.builds(Fraction, st.integers(48, 2_000), st.just(1_000)),
    st.sampled_from([Fraction(48, 1000), Fraction(24), Fraction(540), Fraction(24_000)]),
)
UNITS = st.sampled_from([*NL_D, *NG_D])
DECIMALS = st.integers(0, 7)
NG_ML = st.one_of(st.sampled_from([500_000, 333_333, 100, 99]), st.integers(100, 10_000_001))
SPEEDS_MRPM = st.one_of(st.sampled_from([1, 60_000, 375_000]), st.integers(1, 375_000))
REVS_E7 = st.one_of(
    st.integers(0, 30_000), st.integers(0, 10**8), st.sampled_from([3125, 3124, 10**15 - 1])
)
SPECIAL_NL = st.sampled_from([1_000, 200_000])  # 540 mL a day are the first one's fastest
REVOLUTIONS_NL = st.one_of(st.integers(1_000, 10**7), st.integers(1_000, 10**4), SPECIAL_NL)


def decimal(value, decimals):
    """A number as text, rounded down."""
    whole = int(value * 10**decimals)
    text = f"{whole // 10**decimals}.{whole % 10**decimals:0{decimals}d}"
    return text if decimals else text[:-2]
