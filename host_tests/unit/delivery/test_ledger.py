# SPDX-License-Identifier: MIT
"""The ledger: kinds add up, volumes keep the calibration they were delivered with."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.delivery.ledger import Ledger
from pump.kinds import BASAL, NAMES

BOOKING = st.tuples(
    st.integers(0, 10**6),
    st.tuples(
        st.sampled_from(sorted(NAMES)), st.integers(10**6, 10**9), st.sampled_from((0, 500_000))
    ),
)


@given(st.lists(BOOKING))
def test_the_kinds_add_up_to_everything_that_was_booked(bookings):
    ledger = Ledger(3200)
    for steps, batch in bookings:
        ledger.add([(steps, batch)])
    assert sum(ledger.steps(kind) for kind in NAMES) == ledger.steps()
    assert ledger.steps() == sum(steps for steps, _ in bookings)


@given(st.lists(BOOKING))
def test_volume_and_drug_are_the_exact_sums_rounded_down(bookings):
    ledger = Ledger(3200)
    for steps, batch in bookings:
        ledger.add([(steps, batch)])
    volume_pl = sum(Fraction(steps * pl, 3200) for steps, (_, pl, _) in bookings)
    drug_ng = sum(Fraction(steps * pl * ng_ml, 3200 * 10**9) for steps, (_, pl, ng_ml) in bookings)
    assert ledger.volume_pl() == volume_pl // 1
    assert ledger.drug_ng() == drug_ng // 1


def test_one_millilitre_at_500_ug_per_ml_is_500_ug():
    ledger = Ledger(3200)
    ledger.add([(16_000, (BASAL, 200_000_000, 500_000))])
    assert ledger.volume_pl() == 10**9
    assert ledger.drug_ng() == 500_000


class Greedy(int):
    """A number for whose product there is no memory."""

    def __rmul__(self, _other):
        raise MemoryError


def test_what_there_is_no_memory_for_is_not_booked_by_half():
    ledger = Ledger(3200)
    ledger.add([(7, (BASAL, 200_000_000, 500_000))])
    before = ledger.to_record(), ledger.steps()
    with pytest.raises(MemoryError):
        ledger.add([(9, (BASAL, 200_000_000, 0)), (1, (BASAL, Greedy(1), 0))])
    assert (ledger.to_record(), ledger.steps()) == before


@given(
    st.lists(BOOKING, min_size=1),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(10**6, 10**9),
    st.sampled_from([3200, 6400, 1600, 1000]),
)
def test_what_is_kept_and_recovered_is_the_same_drug_whatever_the_steps_of_a_revolution(
    bookings, sure, unsure, pl_per_rev, steps_per_rev
):
    ledger = Ledger(3200)
    for steps, batch in bookings:
        ledger.add([(steps, batch)])
    after = Ledger(steps_per_rev)
    after.from_record(ledger.to_record())
    assert ledger.drug_ng() - 1 <= after.drug_ng() <= ledger.drug_ng()
    before_ng = after.drug_ng()
    after.recover(sure, unsure, (BASAL, pl_per_rev, 500_000))
    sure_ng = Fraction(sure * pl_per_rev * 500_000, steps_per_rev * 10**9)
    unsure_ng = Fraction(unsure * pl_per_rev * 500_000, steps_per_rev * 10**9)
    assert abs(after.drug_ng() - before_ng - sure_ng) <= 1
    assert abs(after.most_ng() - before_ng - sure_ng - unsure_ng) <= 2
