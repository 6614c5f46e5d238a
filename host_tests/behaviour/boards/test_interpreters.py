# SPDX-License-Identifier: MIT
"""The same session on CPython and on MicroPython: same answers, same steps, same flash.

Chip, plant and time are the same ones, so whatever differs is the interpreter: integers, texts,
the order of a dict, what an exception says.
"""

import random

import pytest

from host_tests.conftest import interpreted
from host_tests.support.console.fuzz import Fuzz
from host_tests.support.sessions.twins import Operator, compare


@pytest.mark.soak
@pytest.mark.slow
def test_a_random_session_is_the_same_on_both_interpreters(lines, seed, record_property):
    count = max(3, lines // 100)
    told = [session(seed * 1_000_000 + n) for n in range(count)]
    record_property(
        "measured",
        f"{count} sessions on CPython and MicroPython: {sum(each.lines for each in told)} lines, "
        f"{sum(each.answers for each in told)} lines answered, {sum(each.steps for each in told)} "
        f"steps, {sum(each.lives for each in told)} lives: no difference",
    )


def session(seed):
    noise = random.Random(seed)
    operator = Operator(noise, Fuzz(noise))
    return compare(operator, interpreted(), f"session {seed}")
