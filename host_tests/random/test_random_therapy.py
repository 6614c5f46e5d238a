# SPDX-License-Identifier: MIT
"""Random therapies at the console of the whole firmware, on `sim`, judged by an oracle.

A failing session prints its script: the lines sent and the times waited, from power-up.
"""

import pytest

from host_tests.support.sessions.campaign import run
from host_tests.support.sessions.operator import Operator, PatientOperator
from host_tests.support.sessions.survival import CutOperator
from host_tests.support.sessions.tally import Tally
from host_tests.support.sessions.troubled import TroubledOperator


def judged(operator, sessions, rules, seed, record_property):
    """A campaign, and what it met."""
    operator.tally = Tally()
    try:
        run(operator, sessions, rules, seed)
    finally:
        record_property("measured", f"{operator.__name__}: {operator.tally.text()}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operator", "sessions", "rules"),
    [(Operator, 2, 20), (TroubledOperator, 3, 12), (CutOperator, 10, 8)],
)
def test_random_therapies_give_what_the_oracle_says(operator, sessions, rules, record_property):
    judged(operator, sessions, rules, 35, record_property)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize(
    ("operator", "rules"), [(Operator, 30), (TroubledOperator, 15), (CutOperator, 12)]
)
def test_many_random_therapies_give_what_the_oracle_says(
    operator, rules, days, seed, record_property
):
    judged(operator, days, rules, seed, record_property)


@pytest.mark.soak
def test_random_therapies_of_days_give_what_the_oracle_says(days, seed, record_property):
    judged(PatientOperator, max(days // 2, 1), min(2 * days, 20), seed, record_property)
