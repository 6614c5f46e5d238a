# SPDX-License-Identifier: MIT
"""The alarm manager: what is shown, what sounds, who has answered, and what survives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.alarm.conditions import HIGH, LOW, MEDIUM, PRIORITIES, row, rows
from pump.alarm.manager import (
    ACKNOWLEDGED,
    ACTIVE,
    ANSWERED,
    AUDIBLE,
    LATCHED,
    OFF,
    ON,
    PAUSE_US,
    PAUSED,
    SILENCED,
    AlarmManager,
)
from pump.faults import NO_ALARM, Refused

CODES = [each.code for each in rows()]
PERMANENT = {
    301: ("Clock not set", LOW),
    302: ("Programming left open", LOW),
    303: ("Staged copy dropped", MEDIUM),
    304: ("Power interrupted", HIGH),
    305: ("Reservoir low", LOW),
    306: ("Reservoir empty", HIGH),
    307: ("Refill mismatch", MEDIUM),
    308: ("Records lost", HIGH),
    309: ("Cannot record", HIGH),
    310: ("Pump fault", HIGH),
    311: ("Stopped too long", HIGH),
    312: ("Observation over", LOW),
    313: ("No buzzer", LOW),
    314: ("Reservoir unknown", LOW),
    315: ("Button stuck", MEDIUM),
    316: ("Memory low", LOW),
    317: ("Motor stall", HIGH),
    318: ("Under-infusion", HIGH),
    319: ("Over-infusion", HIGH),
    320: ("Rotor sensor faulty", MEDIUM),
    321: ("Host silent", LOW),
    322: ("Task late", LOW),
    323: ("Load high", LOW),
    324: ("Self-test failed", MEDIUM),
    325: ("Periodic dose missed", MEDIUM),
}
FIRST_LOW, SECOND_LOW, MIDDLE, FIRST_HIGH, SECOND_HIGH = 301, 305, 307, 304, 306
MIN_US = 60_000_000


class Watched:
    """A manager and a clock."""

    def __init__(self):
        self.now_us = 5_000_000
        self.alarms = AlarmManager()

    def set(self, code, is_on=True):
        self.alarms.set(code, is_on, self.now_us)

    def pass_by(self, us):
        self.now_us += us
        self.alarms.poll(self.now_us)


@pytest.fixture
def watched():
    return Watched()


def refused(call, *arguments):
    with pytest.raises(Refused) as refusal:
        call(*arguments)
    return refusal.value.code


def test_codes_are_permanent_and_each_has_name_and_priority():
    assert {each.code: (each.name, each.priority) for each in rows()} == PERMANENT
    for each in rows():
        assert row(each.code).name == each.name
        assert each.action in ("RUNS", "HOLDS", "STOPS")
        assert each.is_latching == (each.priority == HIGH)


@pytest.mark.parametrize("code", [0, 3, 30, 300, 399, 3010])
def test_a_code_that_is_not_in_the_table_is_a_bug(watched, code):
    with pytest.raises(KeyError):
        watched.set(code)


def test_nothing_is_shown_at_power_up(watched):
    alarms = watched.alarms
    assert alarms.shown() == ()
    assert alarms.sounding() is alarms.showing() is None
    assert not alarms.is_standing()


def test_the_most_urgent_comes_first_and_equals_in_order_of_their_codes(watched):
    for code in (SECOND_LOW, FIRST_LOW, MIDDLE):
        watched.set(code)
    assert watched.alarms.shown() == (MIDDLE, FIRST_LOW, SECOND_LOW)
    assert watched.alarms.sounding() == watched.alarms.showing() == MEDIUM


@given(st.lists(st.tuples(st.sampled_from(CODES), st.booleans())))
def test_what_is_present_is_shown_and_the_most_urgent_that_nobody_answered_sounds(said):
    watched, present = Watched(), {}
    for code, is_on in said:
        watched.set(code, is_on)
        present[code] = is_on
    alarms = watched.alarms
    shown = {code: alarms.state(code) for code in alarms.shown()}
    assert {code for code, is_on in present.items() if is_on} <= set(shown)
    for code, state in shown.items():
        assert state == (ACTIVE if present[code] else LATCHED)
    ranks = [PRIORITIES.index(row(code).priority) for code in shown]
    assert ranks == sorted(ranks)
    assert alarms.sounding() == (PRIORITIES[ranks[0]] if ranks else None)


def test_a_high_one_that_is_over_is_latched_until_it_is_acknowledged(watched):
    watched.set(FIRST_HIGH)
    watched.set(FIRST_HIGH, False)
    assert watched.alarms.state(FIRST_HIGH) == LATCHED
    assert watched.alarms.sounding() == HIGH
    watched.alarms.acknowledge(FIRST_HIGH)
    assert watched.alarms.shown() == ()


@pytest.mark.parametrize("code", [FIRST_HIGH, FIRST_LOW])
def test_what_is_over_is_told_once(watched, code):
    watched.set(code)
    watched.set(code, False)
    assert watched.alarms.take_events() == [(ON, code), (OFF, code)]
    watched.set(code, False)
    assert watched.alarms.take_events() == []


def test_a_high_one_that_is_acknowledged_is_shown_in_silence_until_it_is_over(watched):
    watched.set(FIRST_HIGH)
    watched.alarms.acknowledge()
    assert watched.alarms.state(FIRST_HIGH) == ACKNOWLEDGED
    assert watched.alarms.sounding() is None
    assert watched.alarms.showing() == HIGH
    assert watched.alarms.is_standing()
    watched.set(FIRST_HIGH, False)
    assert watched.alarms.shown() == ()
    watched.set(FIRST_HIGH)
    assert watched.alarms.sounding() == HIGH


@pytest.mark.parametrize("code", [MIDDLE, FIRST_LOW])
def test_what_does_not_latch_ends_by_itself(watched, code):
    watched.set(code)
    watched.set(code, False)
    assert watched.alarms.shown() == ()


def test_what_is_not_shown_cannot_be_acknowledged(watched):
    alarms = watched.alarms
    assert refused(alarms.acknowledge) == NO_ALARM
    watched.set(FIRST_LOW)
    for code in (MIDDLE, 0, 999, -1):
        assert refused(alarms.acknowledge, code) == NO_ALARM
    assert alarms.state(FIRST_LOW) == ACTIVE


def test_a_pause_silences_what_is_there_and_nothing_that_comes(watched):
    alarms = watched.alarms
    watched.set(FIRST_HIGH)
    alarms.pause(PAUSE_US, watched.now_us)
    assert alarms.state(FIRST_HIGH) == PAUSED
    assert alarms.sounding() is None
    assert alarms.showing() == HIGH
    assert not alarms.is_standing()  # no beep in a pause
    watched.set(FIRST_LOW)
    assert alarms.sounding() == LOW
    watched.set(SECOND_HIGH)
    assert alarms.sounding() == HIGH


def test_after_a_pause_it_sounds_again(watched):
    alarms = watched.alarms
    watched.set(FIRST_LOW)
    alarms.told()
    alarms.pause(PAUSE_US, watched.now_us)
    watched.pass_by(PAUSE_US - 1)
    assert alarms.sounding() is None
    assert alarms.pause_left_us(watched.now_us) == 1
    watched.pass_by(1)
    assert alarms.sounding() == LOW
    assert alarms.state(FIRST_LOW) == ACTIVE


def test_a_pause_is_ended_by_one_of_no_time(watched):
    alarms = watched.alarms
    alarms.pause(0, watched.now_us)  # no error: there is none
    watched.set(FIRST_HIGH)
    alarms.pause(MIN_US, watched.now_us)
    alarms.pause(0, watched.now_us)
    assert alarms.sounding() == HIGH
    assert alarms.pause_left_us(watched.now_us) == 0


def test_there_is_no_pause_of_nothing(watched):
    assert refused(watched.alarms.pause, MIN_US, watched.now_us) == NO_ALARM
    watched.set(FIRST_HIGH)
    watched.alarms.acknowledge()
    assert refused(watched.alarms.pause, MIN_US, watched.now_us) == NO_ALARM


def test_what_is_low_sounds_once_and_stands_in_silence_then(watched):
    alarms = watched.alarms
    watched.set(FIRST_LOW)
    assert alarms.sounding() == LOW
    assert not alarms.is_standing()
    alarms.told()
    assert alarms.sounding() is None
    assert alarms.is_standing()
    watched.set(SECOND_LOW)
    assert alarms.sounding() == LOW


def test_told_silences_nothing_but_low(watched):
    for code in (FIRST_LOW, MIDDLE, FIRST_HIGH):
        watched.set(code)
    watched.alarms.told()
    assert watched.alarms.sounding() == HIGH
    watched.alarms.acknowledge(FIRST_HIGH)
    assert watched.alarms.sounding() == MEDIUM


def test_what_comes_three_times_in_ten_minutes_stays_until_it_is_acknowledged(watched):
    for _ in range(3):
        watched.set(FIRST_LOW)
        watched.set(FIRST_LOW, False)
        watched.pass_by(4 * MIN_US)
    assert watched.alarms.state(FIRST_LOW) == LATCHED
    watched.alarms.acknowledge(FIRST_LOW)
    assert watched.alarms.shown() == ()


def test_what_comes_three_times_in_a_longer_time_does_not_stay(watched):
    for _ in range(9):
        watched.set(FIRST_LOW)
        watched.set(FIRST_LOW, False)
        watched.pass_by(5 * MIN_US)
    assert watched.alarms.shown() == ()


@pytest.mark.parametrize("code", [FIRST_LOW, MIDDLE, FIRST_HIGH])
def test_what_flickers_at_every_look_is_told_three_times_and_no_more(watched, code):
    alarms = watched.alarms
    for _ in range(500):
        watched.set(code)
        watched.set(code, False)
        watched.pass_by(10_000)
    kinds = [kind for kind, _ in alarms.take_events()]
    assert kinds.count(ON) == 3
    assert kinds.count(OFF) <= 3
    assert alarms.state(code) == LATCHED


def test_what_flickers_does_not_break_a_pause(watched):
    for _ in range(4):
        watched.set(FIRST_HIGH)
        watched.set(FIRST_HIGH, False)
    watched.alarms.pause(PAUSE_US, watched.now_us)
    watched.set(FIRST_HIGH)
    assert watched.alarms.sounding() is None


def test_everything_that_happens_is_an_event(watched):
    alarms = watched.alarms
    watched.set(FIRST_HIGH)
    alarms.pause(MIN_US, watched.now_us)
    watched.pass_by(MIN_US)
    alarms.acknowledge()
    alarms.acknowledge()  # again: nothing new
    watched.set(FIRST_HIGH, False)
    expected = [
        (ON, FIRST_HIGH), (SILENCED, MIN_US), (AUDIBLE, 0), (ANSWERED, FIRST_HIGH),
        (OFF, FIRST_HIGH),
    ]  # fmt: skip
    assert alarms.take_events() == expected
    assert alarms.take_events() == []


def test_each_new_one_is_told_by_its_priority_while_others_last(watched):
    alarms = watched.alarms
    watched.set(FIRST_LOW)
    assert alarms.take_new() == 0b100
    assert alarms.take_new() == 0
    watched.set(SECOND_LOW)
    watched.set(FIRST_HIGH)
    assert alarms.take_new() == 0b101


def test_all_at_once_are_all_shown_and_one_sounds(watched):
    for code in CODES:
        watched.set(code)
    alarms = watched.alarms
    assert sorted(alarms.shown()) == CODES
    assert alarms.sounding() == HIGH
    for code in CODES:
        alarms.acknowledge(code)
    assert alarms.sounding() is None
    assert sorted(alarms.shown()) == CODES


def test_answers_and_latches_survive_a_reset(watched):
    for code in (FIRST_LOW, FIRST_HIGH, SECOND_HIGH, MIDDLE):
        watched.set(code)
    watched.alarms.acknowledge(FIRST_LOW)
    watched.alarms.acknowledge(SECOND_HIGH)
    watched.set(FIRST_HIGH, False)
    watched.alarms.reminder_us = 7 * MIN_US

    later = Watched()
    later.alarms.from_record(watched.alarms.to_record())
    assert later.alarms.reminder_us == 7 * MIN_US
    for code in (FIRST_LOW, SECOND_HIGH, MIDDLE):
        later.set(code)
    alarms = later.alarms
    assert {code: alarms.state(code) for code in alarms.shown()} == {
        FIRST_LOW: ACKNOWLEDGED, FIRST_HIGH: LATCHED, SECOND_HIGH: ACKNOWLEDGED, MIDDLE: ACTIVE,
    }  # fmt: skip
    later.set(SECOND_HIGH, False)
    assert SECOND_HIGH not in alarms.shown()


def test_a_record_with_a_code_that_is_not_known_here_loses_that_one_alone():
    alarms = AlarmManager()
    alarms.from_record([MIN_US, [[FIRST_HIGH, 0], [399, 0]]])
    assert alarms.shown() == (FIRST_HIGH,)
