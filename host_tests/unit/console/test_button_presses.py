# SPDX-License-Identifier: MIT
"""A button by its level and edges, looked at when it asks to be: press, hold, bounce, stuck."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.console.buttons import HELD, NOTHING, PRESSED, Button

MS, S = 1_000, 1_000_000
BORN_US = 7 * S
REST_US = S


class Line:
    """A line with its edges, and a button that is looked at when it asks to be, or at an edge."""

    def __init__(self, is_active=False, has_interrupt=True):
        self.now_us = BORN_US
        self.button = Button(BORN_US)
        self.events = []  # (when, what)
        self._is_active = is_active
        self._has_interrupt = has_interrupt
        self._due_us = BORN_US
        self._has_edge = False

    def wait(self, us):
        end_us = self.now_us + us
        while self._due_us <= end_us:
            self.now_us = max(self._due_us, self.now_us)
            self._look()
        self.now_us = end_us

    def edge(self):
        self._is_active = not self._is_active
        self._has_edge = self._has_interrupt
        if self._has_interrupt and self.button.is_settled(self.now_us):
            self._look()

    def press(self, down_us, up_us=500 * MS):
        self.edge()
        self.wait(down_us)
        self.edge()
        self.wait(up_us)

    def found(self):
        return [event for _, event in self.events]

    def _look(self):
        event = self.button.look(self._is_active, self._has_edge, self.now_us)
        self._has_edge = False
        if event != NOTHING:
            self.events.append((self.now_us, event))
        is_settled = self.button.is_settled(self.now_us)
        rest_us = REST_US + self.now_us
        self._due_us = rest_us if is_settled else self.button.next_us(self.now_us)


def released():
    line = Line()
    line.wait(S)
    assert line.button.is_settled(line.now_us)
    return line


@pytest.mark.parametrize(("down_ms", "expected"), [(30, []), (49, []), (61, [PRESSED])])
def test_a_press_counts_when_it_was_quiet_for_50_ms(down_ms, expected):
    line = released()
    line.press(down_ms * MS)
    assert line.found() == expected


def test_a_press_is_seen_50_to_60_ms_after_its_edge():
    line = released()
    began_us = line.now_us
    line.press(200 * MS)
    assert 50 * MS <= line.events[0][0] - began_us <= 60 * MS


@pytest.mark.parametrize(("down_ms", "expected"), [(900, [PRESSED]), (1000, [PRESSED, HELD])])
def test_a_hold_takes_a_second(down_ms, expected):
    line = released()
    line.press(down_ms * MS)
    assert line.found() == expected


def test_a_hold_that_is_interrupted_begins_anew():
    line = released()
    for _ in range(5):
        line.press(800 * MS, 5 * MS)
    line.wait(S)
    assert line.found() == [PRESSED]


def test_a_hold_right_after_a_press_is_a_hold():
    line = released()
    line.press(100 * MS, 200 * MS)
    line.press(1100 * MS)
    assert line.found() == [PRESSED, HELD]


@pytest.mark.parametrize(("apart_ms", "count"), [(500, 1), (980, 1), (1020, 2)])
def test_presses_that_begin_within_a_second_are_one(apart_ms, count):
    line = released()
    line.press(150 * MS, (apart_ms - 150) * MS)
    line.press(150 * MS)
    assert line.found() == [PRESSED] * count


def test_what_is_down_at_power_up_does_nothing_until_it_was_released():
    line = Line(is_active=True)
    line.wait(5 * S)
    assert line.found() == []
    line.edge()
    line.wait(300 * MS)
    line.press(200 * MS)
    assert line.found() == [PRESSED]


def test_a_stuck_button_is_stuck_until_it_is_released():
    line = released()
    line.edge()
    line.wait(60 * S - 20 * MS)
    assert not line.button.is_stuck
    line.wait(130 * MS)
    assert line.button.is_stuck
    line.edge()
    line.wait(160 * MS)
    assert not line.button.is_stuck
    line.press(200 * MS)
    assert line.found() == [PRESSED, HELD, PRESSED]


def test_a_line_that_is_never_quiet_is_stuck_and_orders_nothing():
    line = released()
    for _ in range(61 * 50):
        line.edge()
        line.wait(20 * MS)
    assert line.button.is_stuck
    assert line.found() == []


def test_a_press_whose_interrupt_is_lost_is_seen_within_a_second():
    line = Line(has_interrupt=False)
    line.wait(S)
    began_us = line.now_us
    line.press(1100 * MS)
    assert line.found()[:1] == [PRESSED]
    assert line.events[0][0] - began_us <= S + 60 * MS


GAPS_US = st.lists(st.integers(1, 49_000), min_size=1, max_size=60)


@given(gaps_us=GAPS_US)
def test_bounce_that_ends_released_is_no_press(gaps_us):
    line = released()
    for gap_us in gaps_us if len(gaps_us) % 2 == 0 else [*gaps_us, 1]:
        line.edge()
        line.wait(gap_us)
    line.wait(2 * S)
    assert line.found() == []
    assert line.button.is_settled(line.now_us)


@given(before=GAPS_US, after=GAPS_US)
def test_bounce_around_a_press_leaves_one_press(before, after):
    line = released()
    for gaps_us in (before, after):
        for gap_us in gaps_us if len(gaps_us) % 2 else gaps_us[1:]:
            line.edge()
            line.wait(gap_us)
        line.wait(200 * MS)
    line.wait(S)
    is_pressed = len(before) > 1 or len(before) % 2
    assert line.found().count(PRESSED) == bool(is_pressed)


@given(gaps_us=st.lists(st.integers(1, 3 * S), max_size=40))
def test_presses_never_come_closer_than_a_second(gaps_us):
    line = released()
    for gap_us in gaps_us:
        line.edge()
        line.wait(gap_us)
    times_us = [t_us for t_us, event in line.events if event == PRESSED]
    assert all(b - a >= S - 20 * MS for a, b in itertools.pairwise(times_us))
