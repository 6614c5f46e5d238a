# SPDX-License-Identifier: MIT
"""Staging: nothing of the active prescription changes before a commit with the right token."""

import pytest

from pump.faults import NOTHING_STAGED, STALE_TOKEN, Refused
from pump.therapy.prescription import SIMPLE, Prescription, problems
from pump.therapy.staging import Staging

MAX_NL_D = 24_000_000_000


def program(prescription, rate_ng_d=120_000):
    prescription.concentration_ng_ml = 500_000
    prescription.mode = SIMPLE
    prescription.program_dose(rate_ng_d)


def refusal(action, *arguments):
    with pytest.raises(Refused) as refused:
        action(*arguments)
    return refused.value.code


def test_a_dose_becomes_a_volume_rounded_down():
    prescription = Prescription()
    prescription.concentration_ng_ml = 300_000
    prescription.program_dose(100_000)
    assert prescription.rate_nl_d() == 333_333


def test_a_volume_becomes_a_dose_rounded_down():
    prescription = Prescription()
    prescription.concentration_ng_ml = 333
    prescription.program_volume(999_999)
    assert prescription.rate_ng_d() == 332


def test_every_problem_is_listed_at_once():
    assert len(problems(Prescription(), MAX_NL_D)) == 3


def test_a_rate_above_the_pump_is_a_problem_with_its_numbers():
    prescription = Prescription()
    program(prescription)
    prescription.program_volume(MAX_NL_D + 1)
    (problem,) = problems(prescription, MAX_NL_D)
    assert "24000000001" in problem and "24000000000" in problem


def test_a_dose_too_small_to_be_a_volume_is_a_problem():
    prescription = Prescription()
    program(prescription, rate_ng_d=1)
    prescription.concentration_ng_ml = 10_000_000
    assert problems(prescription, MAX_NL_D) == ("rate is below 1 nL a day",)


def test_editing_needs_something_staged():
    assert refusal(Staging().staged) == NOTHING_STAGED
    assert refusal(Staging().commit, "00000000") == NOTHING_STAGED


def test_a_token_is_stale_after_any_edit_and_good_again_for_the_same_content():
    staging = Staging()
    staging.new()
    program(staging.staged())
    token = staging.staged().token()
    staging.staged().program_dose(120_001)
    assert refusal(staging.commit, token) == STALE_TOKEN
    assert staging.active is None
    staging.staged().program_dose(120_000)
    staging.commit(token.lower())
    assert staging.active.rate_ng_d() == 120_000


def test_a_commit_ends_the_staging():
    staging = Staging()
    staging.new()
    program(staging.staged())
    staging.commit(staging.staged().token())
    assert refusal(staging.staged) == NOTHING_STAGED


def test_a_new_staging_and_a_discard_leave_the_active_prescription_alone():
    staging = Staging()
    staging.new()
    program(staging.staged())
    staging.commit(staging.staged().token())
    staging.new()
    program(staging.staged(), rate_ng_d=999_000)
    assert staging.active.rate_ng_d() == 120_000
    staging.discard()
    staging.discard()
    assert staging.active.rate_ng_d() == 120_000
