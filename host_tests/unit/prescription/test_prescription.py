# SPDX-License-Identifier: MIT
"""A prescription: drug and volume follow from each other, and the token stands for all of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.sessions.prescriptions import (
    FIELDS,
    content,
    prescriptions,
    simple,
    with_patient,
)
from pump.prescription.prescription import Prescription
from pump.units import NG_D, NL_D


def test_a_dose_becomes_a_volume_rounded_down():
    assert simple(rate_ng_d=100_000, ng_ml=300_000).rate_nl_d() == 333_333


def test_a_volume_becomes_a_dose_rounded_down():
    prescription = Prescription()
    prescription.concentration_ng_ml = 333
    prescription.program_volume(999_999)
    assert prescription.rate_ng_d() == 332


def test_a_rate_is_what_was_programmed_last():
    prescription = simple()
    prescription.program_volume(7)
    assert (prescription.programmed_ng_d, prescription.rate_nl_d()) == (0, 7)
    prescription.program_dose(9)
    assert (prescription.programmed_nl_d, prescription.rate_ng_d()) == (0, 9)


def test_without_a_concentration_nothing_follows_from_what_is_programmed():
    prescription = simple(rate_ng_d=100_000, ng_ml=0)
    assert (prescription.rate_ng_d(), prescription.rate_nl_d()) == (100_000, 0)
    prescription.program_volume(100_000)
    assert (prescription.rate_ng_d(), prescription.rate_nl_d()) == (0, 100_000)
    prescription.limit_rate = (NG_D, 5)
    assert prescription.limit_nl_d() == 0


def test_a_limit_of_the_rate_follows_the_concentration():
    prescription = simple(ng_ml=2_000_000)
    assert prescription.limit_nl_d() is None
    prescription.limit_rate = (NG_D, 100_001)
    assert prescription.limit_nl_d() == 50_000
    prescription.limit_rate = (NL_D, 7)
    assert prescription.limit_nl_d() == 7


def test_the_lockout_and_the_maximum_both_bound_the_patient_boluses_of_a_day():
    hour_ms = 3_600_000
    assert simple().patient_a_day() == 0
    assert with_patient(simple(), lockout_ms=6 * hour_ms, maximum=3).patient_a_day() == 3
    assert with_patient(simple(), lockout_ms=6 * hour_ms, maximum=9).patient_a_day() == 4
    assert with_patient(simple(), lockout_ms=7 * hour_ms, maximum=9).patient_a_day() == 4
    assert with_patient(simple(), lockout_ms=24 * hour_ms, maximum=9).patient_a_day() == 1


def test_every_field_of_a_prescription_is_drawn_here():
    assert set(FIELDS) == set(vars(Prescription()))


@given(prescriptions())
def test_a_copy_has_the_same_content_and_the_same_token_and_a_life_of_its_own(prescription):
    copy, before, token = prescription.copy(), content(prescription), prescription.token()
    assert content(copy) == before
    assert copy.token() == token
    copy.flex.clear()
    copy.program_dose(10**10)
    copy.limit_day_ng += 1
    assert content(prescription) == before
    assert prescription.token() == token


@pytest.mark.slow
@given(prescriptions(), st.sampled_from(sorted(FIELDS)), st.data())
def test_the_token_changes_if_and_only_if_the_content_does(prescription, field, data):
    other = prescription.copy()
    setattr(other, field, data.draw(FIELDS[field]))
    is_same = content(other) == content(prescription)
    assert (other.token() == prescription.token()) == is_same


@given(prescriptions())
def test_a_token_is_eight_hexadecimal_digits(prescription):
    assert len(prescription.token()) == 8
    assert set(prescription.token()) <= set("0123456789ABCDEF")


@pytest.mark.slow
@given(prescriptions(), prescriptions())
def test_different_prescriptions_have_different_tokens(one, other):
    assert (one.token() == other.token()) == (content(one) == content(other))
