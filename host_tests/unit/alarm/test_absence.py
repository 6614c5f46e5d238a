# SPDX-License-Identifier: MIT
"""The absence of therapy: how long, and over resets."""

from pump.alarm.absence import Absence

HOUR_US = 3_600_000_000


def test_it_is_too_long_after_48_hours_without_a_break():
    absence = Absence()
    assert not absence.is_too_long(True, HOUR_US)
    assert not absence.is_too_long(True, 49 * HOUR_US)
    assert absence.is_too_long(True, 49 * HOUR_US + 1)
    assert not absence.is_too_long(False, 50 * HOUR_US)
    assert not absence.is_too_long(True, 98 * HOUR_US)
    assert absence.is_too_long(True, 147 * HOUR_US)


def test_the_limit_can_be_another_one():
    absence = Absence()
    absence.limit_us = HOUR_US
    absence.is_too_long(True, 0)
    assert absence.is_too_long(True, HOUR_US + 1)


def test_it_goes_on_over_a_reset():
    absence = Absence()
    absence.is_too_long(True, 5 * HOUR_US)
    later = Absence()
    later.from_record(absence.to_record())
    assert not later.is_too_long(True, 53 * HOUR_US)
    assert later.is_too_long(True, 53 * HOUR_US + 1)
