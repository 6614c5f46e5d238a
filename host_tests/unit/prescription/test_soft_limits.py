# SPDX-License-Identifier: MIT
"""Soft limits: what is not usual has a name, which a commit must give."""

import pytest

from host_tests.support.sessions.prescriptions import HOUR_MS, LIMITS, baclofen, periodic
from pump.prescription import validation


def names(prescription, before=None):
    return [name for name, _ in validation.soft(prescription, LIMITS, before)]


def week(*ng):
    return ng * 7


def test_an_hour_between_doses_is_no_soft_limit():
    assert names(periodic(25_000, HOUR_MS)) == []
    assert names(periodic(25_000, HOUR_MS - 1)) == ["INTERVAL"]


@pytest.mark.parametrize(
    ("indication", "rate_ng_d", "expected"),
    [
        ("SPINAL", 299_999, ["LOW"]),
        ("SPINAL", 300_000, []),
        ("SPINAL", 800_000, []),
        ("SPINAL", 800_001, ["HIGH"]),
        ("CEREBRAL", 89_999, ["LOW"]),
        ("CEREBRAL", 90_000, []),
        ("CEREBRAL", 703_000, []),
        ("CEREBRAL", 703_001, ["HIGH"]),
        ("NONE", 1_000_000, []),
    ],
)
def test_what_is_not_usual_is_high_or_low(indication, rate_ng_d, expected):
    assert names(baclofen(rate_ng_d, indication)) == expected


@pytest.mark.parametrize(
    ("indication", "rate_ng_d", "expected"),
    [
        ("SPINAL", 520_000, []),
        ("SPINAL", 520_001, ["INCREASE"]),
        ("CEREBRAL", 460_000, []),
        ("CEREBRAL", 460_001, ["INCREASE"]),
        ("SPINAL", 320_000, []),
        ("SPINAL", 319_999, ["DECREASE"]),
        ("NONE", 1_000_000, []),
    ],
)
def test_a_change_is_measured_in_per_cent_of_what_was_in_force(indication, rate_ng_d, expected):
    prescription = baclofen(rate_ng_d, indication)
    assert names(prescription, (week(400_000), week(400_000))) == expected
    assert names(prescription) == []


def test_4_for_44_must_be_named_as_an_increase():
    soft = validation.soft(baclofen(440_000), LIMITS, (week(40_000), week(40_000)))
    text = "MON: from 40.000 to 440.000 ug within 24 h, more than 30 % up"
    assert soft == (("INCREASE", text),)


def test_a_change_is_measured_from_the_least_and_the_most_in_force():
    before = week(300_000), week(500_000)
    assert names(baclofen(395_000), before) == ["INCREASE", "DECREASE"]


def test_a_change_of_one_weekday_is_a_change():
    same, other = week(400_000), (*week(400_000)[:6], 300_000)
    assert names(baclofen(400_000), (same, same)) == []
    assert names(baclofen(400_000), (other, other)) == ["INCREASE"]
    text = validation.soft(baclofen(400_000), LIMITS, (other, other))[0][1]
    assert text.startswith("SUN: from 300.000 to 400.000 ug")
