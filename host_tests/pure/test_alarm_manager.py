# SPDX-License-Identifier: MIT
"""The alarm manager: what is active, in order of urgency, and how the console says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.alarm.conditions import ALARMS, PRIORITIES
from pump.alarm.manager import AlarmManager
from pump.console.commands import alarm
from pump.console.errors import ErrorQueue
from pump.console.session import Session
from pump.console.status import Status
from pump.console.tree import Tree

CODES = sorted(ALARMS)


def answer(alarms, query):
    return Session(Tree(alarm.rows(alarms)), ErrorQueue(Status())).execute(query)


def test_nothing_is_active_at_power_up():
    assert AlarmManager().active() == ()
    assert answer(AlarmManager(), "ALAR:ACT?") == '0,"None"'


def test_the_most_urgent_comes_first_and_equals_in_order_of_their_codes():
    alarms = AlarmManager()
    for code in (302, 301, 303):
        alarms.set(code, True)
    assert alarms.active() == (303, 301, 302)
    expected = '303,"Staged copy dropped",301,"Clock not set",302,"Programming left open"'
    assert answer(alarms, "ALARM:ACTIVE?") == expected


@given(st.lists(st.tuples(st.sampled_from(CODES), st.booleans())))
def test_a_condition_is_active_when_the_last_word_was_on_however_often_it_was_said(said):
    alarms, last_words = AlarmManager(), {}
    for code, is_on in said:
        alarms.set(code, is_on)
        last_words[code] = is_on
    assert sorted(alarms.active()) == sorted(code for code, is_on in last_words.items() if is_on)


def test_a_code_that_is_not_in_the_table_is_a_bug():
    for is_on in (True, False):
        with pytest.raises(KeyError):
            AlarmManager().set(300, is_on)


def test_codes_are_permanent_and_each_has_name_and_priority():
    assert [(code, ALARMS[code]) for code in CODES[:3]] == [
        (301, ("Clock not set", "LOW")),
        (302, ("Programming left open", "LOW")),
        (303, ("Staged copy dropped", "MEDIUM")),
    ]
    for name, priority in ALARMS.values():
        assert priority in PRIORITIES
        assert '"' not in name


def test_the_table_lists_every_code_with_name_and_priority():
    expected = [f'{code},"{name}",{priority}' for code, (name, priority) in ALARMS.items()]
    assert answer(AlarmManager(), "ALAR:TABL?") == ",".join(expected)
