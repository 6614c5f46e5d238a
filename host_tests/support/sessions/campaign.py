# SPDX-License-Identifier: MIT
"""A campaign: random sessions of an operator, a state machine of hypothesis."""

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test


def run(operator, sessions, rules, seed):
    """So many sessions of so many rules each, the same ones for the same seed."""
    hypothesis.seed(seed)(operator)
    limits = settings(
        max_examples=sessions,
        stateful_step_count=rules,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),  # a session is readable; shrinking takes minutes
    )
    run_state_machine_as_test(operator, settings=limits)
