# SPDX-License-Identifier: MIT
"""Masks of registers: every form of a number that IEEE 488.2 has, and nothing else."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.console.errors import ScpiError
from pump.console.params import mask

BITS = 16
take = mask(BITS, 0xFFFF)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("32", 32), ("+32", 32), ("32.", 32), (".5", 1), ("31.6", 32), ("31.4", 31),
        ("3.2E1", 32), ("3.2e+1", 32), ("320E-1", 32), ("0.032E3", 32), ("0032", 32),
        ("#H20", 32), ("#h1f", 31), ("#Q40", 32), ("#B100000", 32), ("-0", 0), ("-0.4", 0),
    ],
)  # fmt: skip
def test_every_form_is_the_same_number(text, value):
    assert take(text) == value


@given(st.decimals(0, 65535, places=4), st.integers(-9, 9))
def test_a_decimal_is_rounded_to_a_whole_number(value, exponent):
    text = f"{value.scaleb(-exponent):f}E{exponent}"
    if len(text) < 24:
        assert take(text) == int(value.quantize(Decimal(1), ROUND_HALF_UP))


@given(st.integers(0, 65535))
def test_other_bases_say_the_same(value):
    assert take(f"#H{value:x}") == take(f"#Q{value:o}") == take(f"#B{value:b}") == value


def test_bits_that_are_not_kept_are_forgotten():
    assert mask(16, 0x7FFF)("65535") == 32767


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("65536", -222), ("-1", -222), ("#H10000", -222), ("1E99", -222), ("-0.5", -222),
        ("1E100", -123), ("1" * 21, -124), ("#B" + "1" * 21, -124),
        ("#", -121), ("#X1", -121), ("#H", -121), ("#HG", -121), ("#B2", -121), ("#H-1", -121),
        ("3 2", -121), ("3V", -121), ("1E", -121), ("E1", -148), (".", -121), ("+", -121),
        ("--1", -121), ("1.2.3", -121), ("1E1.5", -121), ("1_0", -121), ("'1'", -158),
        ("ON", -148),
    ],
)  # fmt: skip
def test_anything_else_is_its_error(text, number):
    with pytest.raises(ScpiError) as error:
        take(text)
    assert error.value.number == number
