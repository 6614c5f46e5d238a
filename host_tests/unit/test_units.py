# SPDX-License-Identifier: MIT
"""Quantities as text: what is accepted, what is refused and why, and what is printed."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump import units

VOLUMES_NL = {"NL": 1, "UL": 10**3, "ML": 10**6}
DOSES_NG = {"NG": 1, "UG": 10**3, "MG": 10**6}
TIMES_MS = {"S": 10**3, "MIN": 60 * 10**3, "HR": 3600 * 10**3, "D": 86400 * 10**3}
CONCENTRATIONS_NG_ML = {"UG/ML": 10**3, "MG/ML": 10**6}
DOSE_RATES_NG_D = {"UG/D": 10**3, "MG/D": 10**6}
VOLUME_RATES_NL_D = {
    "UL/HR": 24 * 10**3,
    "ML/HR": 24 * 10**6,
    "ML/D": 10**6,
    "UL/MIN": 1440 * 10**3,
    "ML/MIN": 1440 * 10**6,
}
KINDS = (
    (units.volume_nl, VOLUMES_NL),
    (units.dose_ng, DOSES_NG),
    (units.time_ms, TIMES_MS),
    (units.concentration_ng_ml, CONCENTRATIONS_NG_ML),
    (lambda text: units.rate(text)[1], DOSE_RATES_NG_D | VOLUME_RATES_NL_D),
)
EVERY_UNIT = [(parse, unit, factor) for parse, table in KINDS for unit, factor in table.items()]


def reason(parse, *arguments):
    """Why a text is refused."""
    with pytest.raises(units.QuantityError) as refusal:
        parse(*arguments)
    return refusal.value.reason


@pytest.mark.parametrize(("parse", "unit", "factor"), EVERY_UNIT)
def test_every_unit_has_its_exact_factor(parse, unit, factor):
    assert parse("1 " + unit) == factor
    assert parse("0 " + unit) == 0
    assert parse("0.5 " + unit) == factor // 2 if factor > 1 else True


@pytest.mark.parametrize(
    ("text", "value_nl"),
    [("2.5ML", 2_500_000), ("2.5   ml", 2_500_000), (" 10 Ul ", 10_000), ("62 nl", 62)],
)
def test_a_unit_may_be_written_in_any_case_and_with_or_without_spaces(text, value_nl):
    assert units.volume_nl(text) == value_nl


def test_a_rate_says_whether_it_counts_drug_or_volume():
    assert units.rate("120 UG/D") == (units.NG_D, 120_000)
    assert units.rate("0.24 ML/D") == (units.NL_D, 240_000)


@pytest.mark.parametrize("number", ["0", "0.5", "0.05", "10", "100.001", "999999999999999"])
def test_numbers_without_superfluous_zeros_in_front_are_accepted(number):
    assert units.decimal(number, 3) == Fraction(number) * 1000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", units.EMPTY),
        ("   ", units.EMPTY),
        ("007", units.LEADING_ZERO),
        ("00", units.LEADING_ZERO),
        ("00.5", units.LEADING_ZERO),
        ("+5", units.SIGN),
        ("-5", units.SIGN),
        ("-0", units.SIGN),
        (".5", units.BARE_POINT),
        ("5.", units.BARE_POINT),
        (".", units.BARE_POINT),
        ("1e3", units.EXPONENT),
        ("1.5E-3", units.EXPONENT),
        ("1E+3", units.EXPONENT),
        ("1,5", units.COMMA),
        ("1.2.3", units.NOT_A_NUMBER),
        ("1 000", units.NOT_A_NUMBER),
        ("1_000", units.NOT_A_NUMBER),
        ("x", units.NOT_A_NUMBER),
        ("#H10", units.NOT_A_NUMBER),
        ("\u0663", units.NOT_A_NUMBER),
        ("1\u0663", units.NOT_A_NUMBER),
        ("1" * 16, units.TOO_LONG),
        ("0." + "1" * 15, units.TOO_LONG),
        ("9" * 5000, units.TOO_LONG),
    ],
)
def test_a_malformed_number_is_refused_with_its_own_reason(text, why):
    assert reason(units.decimal, text, 7) == why
    assert reason(units.volume_nl, f"{text} ML" if text.strip() else text) == why


def test_a_missing_a_wrong_and_a_superfluous_unit_are_three_different_refusals():
    assert reason(units.volume_nl, "5") == units.UNIT_MISSING
    assert reason(units.volume_nl, "5 UG") == units.UNIT_WRONG
    assert reason(units.integer, "5 ML") == units.UNIT_NOT_ALLOWED


def test_the_refusal_of_a_unit_names_those_that_are_right():
    with pytest.raises(units.QuantityError) as refusal:
        units.volume_nl("5")
    assert refusal.value.detail == "5: unit needed: NL UL ML"
    with pytest.raises(units.QuantityError) as refusal:
        units.time_ms("5 ML")
    assert refusal.value.detail == "5 ML: unit must be S MIN HR D"


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (units.volume_nl, "0.5 NL"),
        (units.volume_nl, "0.0000001 ML"),
        (units.dose_ng, "0.0001 UG"),
        (units.time_ms, "0.0001 S"),
        (units.time_ms, "0.00001 MIN"),
        (units.concentration_ng_ml, "0.0005 UG/ML"),
        (units.rate, "0.0001 UL/HR"),
        (units.integer, "2.5"),
    ],
)
def test_more_decimals_than_the_base_unit_can_keep_are_refused_not_rounded(parse, text):
    assert reason(parse, text) == units.TOO_FINE


def test_decimals_that_are_whole_base_units_are_kept_exactly():
    assert units.time_ms("0.00001 HR") == 36
    assert units.rate("0.0005 UL/HR") == (units.NL_D, 12)
    assert units.decimal("1.0000001", 7) == 10_000_001
    assert units.integer("5.0") == 5


@given(st.sampled_from(EVERY_UNIT), st.integers(0, 10**9), st.integers(0, 5))
def test_any_number_is_either_exact_or_refused(kind, digits, decimals):
    parse, unit, factor = kind
    exact = Fraction(digits, 10**decimals) * factor
    text = f"{units.fixed(digits, decimals)} {unit}"
    if exact.denominator == 1:
        assert parse(text) == exact
    else:
        assert reason(parse, text) == units.TOO_FINE


@given(st.text(max_size=40))
def test_any_text_is_a_non_negative_integer_or_a_refusal(text):
    for parse, _ in KINDS:
        try:
            assert parse(text) >= 0
        except units.QuantityError as refusal:
            assert refusal.detail


@given(st.integers(0, 10**15 - 1))
def test_what_is_printed_reads_back_as_the_same_integer(value):
    assert units.volume_nl(units.ml(value) + " ML") == value
    assert units.dose_ng(units.ug(value) + " UG") == value
    assert units.time_ms(units.seconds(value) + " S") == value
    assert units.concentration_ng_ml(units.ug_ml(value) + " UG/ML") == value
    assert units.decimal(units.fixed(value, 7), 7) == value
    assert units.integer(units.fixed(value, 0)) == value


def test_queries_print_fixed_decimals():
    assert units.ml(0) == "0.000000"
    assert units.ml(2_500_001) == "2.500001"
    assert units.ug(120_000) == "120.000"
    assert units.seconds(61_005) == "61.005"
    assert units.ug_ml(500_000) == "500.000"
    assert units.fixed(-1_500, 3) == "-1.500"
    assert units.fixed(12, 0) == "12"


@given(st.integers(0, 10**30), st.integers(1, 10**9))
def test_a_ratio_is_printed_rounded_down_and_never_up(numerator, divisor):
    shown_ml = Fraction(units.ml_of_pl(numerator, divisor))
    exact_ml = Fraction(numerator, divisor * 10**9)
    assert 0 <= exact_ml - shown_ml < Fraction(1, 10**6)


def test_one_step_of_the_reference_pump_is_shown_as_62_nanolitres_not_63():
    assert units.ml_of_pl(200_000_000, 3200) == "0.000062"
