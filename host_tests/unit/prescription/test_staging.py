# SPDX-License-Identifier: MIT
"""Staging: nothing of the active prescription changes before a commit with the right token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.sessions.prescriptions import MIN_NL_D, Clock, content, flex, simple
from pump.faults import NO_PRESCRIPTION, NOTHING_STAGED, STALE_TOKEN, Refused
from pump.prescription.prescription import MINIMUM, Prescription
from pump.prescription.staging import Staging

HOUR = 60
DAY = 24 * HOUR


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def staging(clock):
    return Staging(clock, MIN_NL_D)


def activate(staging, staged):
    staging.activate(staged, staging.past(), 0)


def commit(staging, prescription):
    """Stage and commit content that was made elsewhere."""
    staging.new()
    vars(staging.staged()).update(vars(prescription.copy()))
    activate(staging, staging.staged())


def refusal(action, *arguments):
    with pytest.raises(Refused) as refused:
        action(*arguments)
    return refused.value.code


def test_editing_and_committing_need_something_staged(staging):
    assert refusal(staging.staged) == NOTHING_STAGED
    assert refusal(staging.check, "00000000") == NOTHING_STAGED
    assert refusal(staging.edit) == NO_PRESCRIPTION


def test_a_token_is_stale_after_any_edit_and_good_again_for_the_same_content(staging):
    commit(staging, simple(1))
    staging.edit()
    staging.staged().program_dose(120_000)
    token = staging.staged().token()
    staging.staged().program_dose(120_001)
    assert refusal(staging.check, token) == STALE_TOKEN
    assert refusal(staging.check, token) == STALE_TOKEN
    assert staging.active.rate_ng_d() == 1
    staging.staged().program_dose(120_000)
    staged = staging.staged()
    assert staging.check(token) is staged
    activate(staging, staging.check(token.lower()))
    assert staging.active is staged


def test_an_old_token_is_stale(staging):
    commit(staging, simple(120_000))
    old = staging.active.token()
    staging.edit()
    staging.staged().program_dose(130_000)
    assert refusal(staging.check, old) == STALE_TOKEN


def test_a_commit_ends_the_staging(staging):
    commit(staging, simple())
    assert refusal(staging.staged) == NOTHING_STAGED


def test_a_new_staging_and_a_discard_leave_the_active_prescription_alone(staging):
    commit(staging, simple(120_000))
    staging.new()
    staging.staged().program_dose(999_000)
    assert staging.active.rate_ng_d() == 120_000
    staging.discard()
    staging.discard()
    assert staging.active.rate_ng_d() == 120_000


def test_an_edited_copy_begins_with_the_active_content_and_is_apart_from_it(staging):
    commit(staging, flex(("MON", 360, 100_000)))
    before = content(staging.active)
    staging.edit()
    assert content(staging.staged()) == before
    staging.staged().flex.clear()
    staging.staged().drug = "other"
    assert content(staging.active) == before


def test_a_new_staging_is_empty(staging):
    commit(staging, simple())
    staging.new()
    assert content(staging.staged()) == content(Prescription())


@pytest.mark.hazard("programming-left-open")
def test_a_copy_left_alone_is_reported_after_five_minutes_and_dropped_after_ten(staging, clock):
    staging.new()
    assert staging.poll(clock.now_us()) == 5 * 60_000_000
    clock.run(5)
    clock.us -= 1
    staging.poll(clock.now_us())
    assert not staging.is_left_open
    clock.us += 1
    assert staging.poll(clock.now_us()) == 10 * 60_000_000
    assert staging.is_left_open
    clock.run(5)
    clock.us -= 1
    staging.poll(clock.now_us())
    assert staging.staged()
    assert not staging.was_dropped
    clock.us += 1
    staging.poll(clock.now_us())
    assert staging.was_dropped
    assert not staging.is_left_open
    assert refusal(staging.staged) == NOTHING_STAGED


@pytest.mark.hazard("programming-left-open")
def test_every_edit_begins_the_ten_minutes_anew(staging, clock):
    staging.new()
    for _ in range(5):
        clock.run(9)
        staging.poll(clock.now_us())
        assert staging.is_left_open
        staging.touched()
        assert not staging.is_left_open
    clock.run(10)
    assert refusal(staging.staged) == NOTHING_STAGED


@pytest.mark.hazard("programming-left-open")
def test_a_copy_whose_time_is_over_cannot_be_committed_even_before_the_next_poll(staging, clock):
    staging.new()
    token = staging.staged().token()
    clock.run(10)
    assert refusal(staging.check, token) == NOTHING_STAGED
    assert staging.was_dropped
    assert staging.active is None


def test_a_drop_is_on_record_until_somebody_stages_or_discards(staging, clock):
    for answer in (staging.new, staging.discard):
        staging.new()
        clock.run(10)
        staging.poll(clock.now_us())
        assert staging.was_dropped
        answer()
        assert not staging.was_dropped


def test_a_discard_and_a_commit_end_what_was_left_open(staging, clock):
    for end in (staging.discard, lambda: activate(staging, staging.staged())):
        staging.new()
        clock.run(6)
        staging.poll(clock.now_us())
        assert staging.is_left_open
        end()
        assert not staging.is_left_open
        clock.run(6)
        staging.poll(clock.now_us())
        assert not (staging.is_left_open or staging.was_dropped)


@given(st.lists(st.sampled_from(["new", "touch", "wait", "late"]), max_size=30))
def test_polled_when_it_asks_to_be_the_staging_is_never_late(actions):
    clock = Clock()
    staging = Staging(clock, MIN_NL_D)
    due_us = staging.poll(clock.us)
    edited_us = None

    def run_to(end_us):
        nonlocal due_us, edited_us
        while due_us <= end_us:
            assert due_us > clock.us
            clock.us = due_us
            due_us = staging.poll(clock.us)
            idle_us = 0 if edited_us is None else clock.us - edited_us
            assert staging.is_left_open == (300_000_000 <= idle_us < 600_000_000)
            assert edited_us is None or staging.was_dropped == (idle_us >= 600_000_000)
            edited_us = None if idle_us >= 600_000_000 else edited_us
        clock.us = end_us

    for action in actions:
        if action == "new":
            staging.new()
            edited_us = clock.us
        elif action == "touch" and edited_us is not None:
            staging.touched()
            edited_us = clock.us
        else:
            run_to(clock.us + (60_000_000 if action == "wait" else 299_999_999))


def test_without_a_past_there_is_nothing_to_measure_a_change_against(staging, clock):
    assert staging.before(0) is None
    staging.new()
    assert staging.before(0) is None


def test_a_change_is_measured_against_all_that_was_active_within_a_day(staging, clock):
    commit(staging, simple(100_000))
    clock.run(HOUR)
    commit(staging, simple(130_000))
    clock.run(HOUR)
    commit(staging, simple(90_000))
    clock.run(23 * HOUR)
    clock.us -= 1
    assert staging.before(clock.us) == ((90_000,) * 7, (130_000,) * 7)
    clock.run(HOUR)
    assert staging.before(clock.us) == ((90_000,) * 7, (130_000,) * 7)
    clock.us += 1
    assert staging.before(clock.us) == ((90_000,) * 7, (90_000,) * 7)
    clock.run(100 * DAY)
    assert staging.before(clock.us) == ((90_000,) * 7, (90_000,) * 7)


def test_small_increases_one_after_the_other_are_one_large_one(staging, clock):
    for rate_ng_d in (100_000, 125_000, 156_000):
        commit(staging, simple(rate_ng_d))
        clock.run(HOUR)
    assert staging.before(clock.us)[0] == (100_000,) * 7


def test_weekdays_are_measured_one_by_one(staging, clock):
    commit(staging, flex(("WD", 0, 100_000), ("WE", 0, 60_000)))
    assert staging.before(clock.us) == ((100_000,) * 5 + (60_000,) * 2,) * 2


def test_the_minimum_counts_as_what_it_delivers(staging, clock):
    prescription = simple()
    prescription.mode = MINIMUM
    commit(staging, prescription)
    assert staging.before(clock.us)[0] == (3_000,) * 7


RATES = st.lists(st.tuples(st.integers(12, 4_000), st.integers(0, 8 * HOUR)), min_size=1)


@given(RATES)
def test_however_many_commits_the_bounds_are_never_understated(commits):
    clock = Clock()
    staging = Staging(clock, MIN_NL_D)
    ended = []
    for rate_ug_d, minutes in commits:
        if staging.active:
            ended.append((clock.us, staging.active.rate_ng_d()))
        commit(staging, simple(1_000 * rate_ug_d))
        clock.run(minutes)
    recent = [ng_d for at_us, ng_d in ended if at_us > clock.us - DAY * 60_000_000]
    recent.append(staging.active.rate_ng_d())
    least, most = staging.before(clock.us)
    assert least[0] <= min(recent)
    assert most[0] >= max(recent)
    if len(commits) <= 9:
        assert (least[0], most[0]) == (min(recent), max(recent))
