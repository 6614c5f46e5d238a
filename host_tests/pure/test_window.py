# SPDX-License-Identifier: MIT
"""The window of 24 h: what counts, since when, until when, how exactly, and in what time.

`test_sweep` holds it against brute force on anything that can happen.
"""

import pytest

from host_tests.operations import operations
from pump.therapy.cycle import Cycle
from pump.therapy.schedule import Constant
from pump.therapy.window import Window

DAY_US = 86_400_000_000
HOUR_US = DAY_US // 24
MINUTE_US = HOUR_US // 60
NG_ML = 500_000
MOST_OPERATIONS = 120_000  # 0.2 s on an emulated Pico at 125 MHz


def constant(ug_d, ng_ml=NG_ML):
    """So much drug a day."""
    return Constant(ug_d * 10**9 // ng_ml)


def periodic(interval_us, dose_ug, ug_d=100):
    """A dose over one minute every so often, the first one at once, over a background."""
    rate, dose = ug_d * 2000, dose_ug * 2000 * DAY_US
    rest_us = interval_us - MINUTE_US
    return Cycle(((MINUTE_US, rate * MINUTE_US + dose, dose), (rest_us, rate * rest_us, 0)))


def week(ug_ds):
    """48 pieces a day, of these rates one after the other."""
    rates = [ug_ds[i % len(ug_ds)] * 2000 for i in range(7 * 48)]
    return Cycle(tuple((HOUR_US // 2, rate * HOUR_US // 2, 0) for rate in rates))


def test_a_bolus_must_fit_with_the_basal_to_come_not_only_with_that_of_the_past():
    """The flaw of the Open PCA Pump requirements 1.0.0, found by Vasicek et al. (ICLP 2024)."""
    window = Window()
    limit_ng, bolus_ng = 500_000, 100_000
    window.open(0, constant(450), NG_ML)  # just started: nothing lies in the past
    now_us = HOUR_US
    assert window.now_ng(now_us) + bolus_ng < limit_ng
    assert window.peak_ng(now_us) + bolus_ng > limit_ng
    assert window.peak_ng(now_us) == 450_000


def test_what_was_already_given_counts_with_the_part_of_the_basal_that_meets_it():
    window = Window()
    window.open(0, constant(100), NG_ML)
    window.open(DAY_US, constant(400), NG_ML)
    assert window.now_ng(DAY_US) == 100_000
    assert window.peak_ng(DAY_US) == 400_000
    lower = ((DAY_US, constant(50), NG_ML),)
    assert window.peak_ng(DAY_US, lower) == 100_000
    assert window.peak_ng(DAY_US) == 400_000  # asking changes nothing


def test_a_bolus_counts_whole_until_24_h_after_its_end():
    window = Window()
    window.add(1000, HOUR_US, 25_000)
    for now_us in (0, 1000, HOUR_US, 1000 + HOUR_US + DAY_US - 1):
        assert window.now_ng(now_us) == window.peak_ng(now_us) == 25_000
    assert window.now_ng(1000 + HOUR_US + DAY_US) == 0


def test_a_bolus_that_was_cut_counts_what_it_gave_from_its_end():
    window = Window()
    window.add(0, HOUR_US, 10_000)
    window.add(HOUR_US, HOUR_US, 25_000)
    window.cut(HOUR_US + MINUTE_US, 400)
    assert window.now_ng(2 * HOUR_US) == 10_400
    assert window.now_ng(DAY_US + HOUR_US + MINUTE_US - 1) == 400
    assert window.now_ng(DAY_US + HOUR_US + MINUTE_US) == 0
    window.cut(DAY_US + 2 * HOUR_US, 5)  # long over
    assert window.now_ng(DAY_US + 2 * HOUR_US) == 0


def test_a_bridge_that_was_opened_ahead_is_dropped_by_a_stop():
    window = Window()
    window.open(0, constant(200), NG_ML)
    window.open(DAY_US, constant(900, 2_000_000), 2_000_000)
    assert window.peak_ng(HOUR_US) == 229_167  # one hour of the bridge, rounded up
    window.close(12 * HOUR_US)
    assert window.peak_ng(HOUR_US) == 100_000
    assert window.peak_ng(2 * DAY_US) == 0


@pytest.mark.parametrize("minutes", [5, 7, 60, 7 * 60, 24 * 60])
def test_periodic_doses_in_force_for_days_come_to_exactly_their_day(minutes):
    window = Window()
    window.open(0, periodic(minutes * MINUTE_US, 2), NG_ML)
    whole = -(-24 * 60 // minutes)  # the richest 24 h begin with a dose and may end with one
    for hour in range(5 * 24, 7 * 24):
        assert window.peak_ng(hour * HOUR_US + 123_456_789) == 100_000 + whole * 2_000


def test_a_change_of_the_interval_is_exact_where_the_intervals_have_a_common_multiple():
    window = Window()
    window.open(0, periodic(5 * MINUTE_US, 2), NG_ML)
    now_us = 3 * DAY_US + 2 * MINUTE_US
    window.open(now_us, periodic(7 * MINUTE_US, 2), NG_ML)
    assert window.peak_ng(now_us) == 100_000 + 288 * 2_000 + 2_000  # one more before one leaves


def test_changing_the_rate_every_ten_minutes_for_days_overstates_little():
    window, now_us = Window(), 0
    while now_us < 5 * DAY_US:
        window.peak_ng(now_us)
        window.open(now_us, constant(240), NG_ML)
        now_us += 10 * MINUTE_US
    assert 240_000 <= window.now_ng(now_us) <= 260_000
    assert 240_000 <= window.peak_ng(now_us) <= 480_000


def test_a_bolus_every_five_minutes_for_days_overstates_little():
    window, now_us = Window(), 0
    while now_us < 3 * DAY_US:
        window.now_ng(now_us)
        window.add(now_us, MINUTE_US, 1_000)
        now_us += 5 * MINUTE_US
    assert 288_000 <= window.now_ng(now_us) <= 300_000


def test_the_bolus_added_last_can_be_cut_even_when_there_are_too_many():
    window = Window()
    for number in range(100):
        window.add(number * MINUTE_US, MINUTE_US, 1_000)
    window.cut(99 * MINUTE_US, 0)
    assert window.now_ng(HOUR_US) == 99_000


@pytest.mark.parametrize(
    ("name", "opened", "instead"),
    [
        ("a constant rate", [constant(100)], None),
        ("doses every 5 min", [periodic(5 * MINUTE_US, 2)], None),
        ("doses every 5 min, then 7 min", [periodic(5 * MINUTE_US, 2)], periodic(420_000_000, 2)),
        ("48 pieces a day", [week((100, 300, 200, 150, 50))], None),
        ("48 pieces a day, then other ones", [week((1, 3, 2))], week((4, 1, 2, 2, 5))),
        ("48 pieces a day, then doses", [week((1, 3, 2))], periodic(5 * MINUTE_US, 2)),
        ("20 changes of pattern", [week((1, 2, 5)), periodic(5 * MINUTE_US, 2)] * 10, None),
    ],
)
def test_the_peak_is_found_in_bounded_time(name, opened, instead, record_property):
    window, now_us = Window(), 5 * DAY_US
    for index, schedule in enumerate(opened):
        window.open(index and now_us - (20 - index) * HOUR_US, schedule, NG_ML)
    rows = instead and ((now_us, instead, NG_ML),)
    count = operations(lambda: window.peak_ng(now_us, rows))
    record_property("measured", f"window: the peak takes {count} bytecodes for {name}")
    assert count < MOST_OPERATIONS


def test_what_is_kept_of_a_therapy_leaves_the_window_hour_by_hour_as_the_therapy_does():
    """A reset takes away no more than an hour of it too early, and none of it too late."""
    window, after = Window(), Window()
    window.open(0, constant(240), NG_ML)
    now_us = 30 * HOUR_US
    after.restore(window.state(now_us))
    for hours in range(25):
        at_us = now_us + hours * HOUR_US
        assert after.now_ng(at_us) == 10_000 * (24 - hours), hours
