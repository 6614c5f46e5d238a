# SPDX-License-Identifier: MIT
"""The board of tests that need no other: a stopped pump on `sim`."""

import pytest

from host_tests.support.sessions.bench import Bench
from pumpbench.targets.sim import SimTarget


@pytest.fixture
def pump():
    return Bench(SimTarget())
