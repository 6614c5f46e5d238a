# SPDX-License-Identifier: MIT
"""The heartbeat of the host: from which instant on it is silent for too long."""

from pump.alarm.heartbeat import Heartbeat

S = 1_000_000


def test_it_is_off_at_first():
    heartbeat = Heartbeat()
    assert not heartbeat.is_silent(0)
    assert not heartbeat.is_silent(10**15)


def test_it_counts_from_the_first_question_and_then_from_each_line():
    heartbeat = Heartbeat()
    heartbeat.limit_ms = 5_000
    start_us = 1_000 * S  # the clock of an old pump
    assert not heartbeat.is_silent(start_us)
    assert not heartbeat.is_silent(start_us + 5 * S - 1)
    assert heartbeat.is_silent(start_us + 5 * S)
    heartbeat.hear(start_us + 6 * S)
    assert not heartbeat.is_silent(start_us + 11 * S - 1)
    assert heartbeat.is_silent(start_us + 11 * S)
