# SPDX-License-Identifier: MIT
"""The sums of a day: made once for a week of flex steps, and anew when anything changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.prescriptions import HOUR_MS, MIN_NL_D, STEPS, flex, flexes, periodic, simple
from pump.faults import Refused
from pump.prescription.daily_totals import daily_totals
from pump.prescription.flex import Flex
from pump.prescription.prescription import MINIMUM


def numbers(prescription):
    day = daily_totals(prescription, MIN_NL_D)
    return day.totals_ng, day.most_ng, day.mean_nl


def fresh(prescription):
    """The same for a prescription that nothing has been asked of before."""
    other = prescription.copy()
    other.flex = Flex(prescription.flex.steps)
    return numbers(other)


def test_the_sums_of_every_mode():
    assert numbers(simple(100_000)) == ((100_000,), 100_000, 200_000)
    minimum = simple()
    minimum.mode = MINIMUM
    assert numbers(minimum) == ((3_000,), 3_000, 6_000)
    assert numbers(periodic(25_000, 6 * HOUR_MS)) == ((200_000,), 200_000, 400_000)
    week = flex(("MON", 0, 50_000), rate_ng_d=120_000)
    assert numbers(week) == ((50_000,) + (120_000,) * 6, 120_000, 220_000)
    assert daily_totals(week, MIN_NL_D).mean_ng() == 110_000
    assert daily_totals(simple(100_000), MIN_NL_D).week_ng() == (100_000,) * 7


def test_the_sums_of_a_week_are_made_once():
    week = flex(("MON", 0, 50_000))
    assert daily_totals(week, MIN_NL_D) is daily_totals(week, MIN_NL_D)
    assert daily_totals(week.copy(), MIN_NL_D) is daily_totals(week, MIN_NL_D)


CHANGES = st.one_of(
    STEPS,
    st.just("clear"),
    st.tuples(st.sampled_from(["rate", "concentration_ng_ml"]), st.integers(1, 10**7)),
)


@pytest.mark.slow
@given(flexes(), st.lists(CHANGES, max_size=6))
def test_after_any_change_the_sums_and_the_checksum_are_those_of_the_new_content(steps, changes):
    week = flex()
    week.flex = steps
    for change in changes:
        numbers(week)
        week.flex.crc()
        if change == "clear":
            week.flex.clear()
        elif change[0] == "rate":
            week.program_dose(change[1])
        elif change[0] == "concentration_ng_ml":
            week.concentration_ng_ml = change[1]
        else:
            try:
                week.flex.add(*change)
            except Refused:
                continue
        assert numbers(week) == fresh(week)
        assert week.flex.crc() == Flex(week.flex.steps).crc()
