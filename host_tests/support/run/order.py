# SPDX-License-Identifier: MIT
"""The order of a run with several workers: each of them begins with files that take long.

pytest-xdist's worksteal gives every worker a stretch of the tests, as they come, and who is done
takes from the end of what another one has left. So what takes seconds stands first in each
stretch and what is over at once last, and no long test begins when the others are done. The tests
of a file stay together, for what they share.
"""

from collections.abc import Sequence
from itertools import groupby

import pytest

FIRST = ("emulator", "slow")  # markers, from what takes longest


def longest_first(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """The same items, so that so many equal stretches of them begin with what takes long."""
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    files.sort(key=_rank)
    quick = [test for tests in files if _rank(tests) == len(FIRST) for test in tests]
    long = [tests for tests in files if _rank(tests) < len(FIRST)]
    found = []
    for worker in range(workers):
        found += [test for tests in long[worker::workers] for test in tests]
        missing = len(items) * (worker + 1) // workers - len(found)
        found += quick[: max(missing, 0)]
        del quick[: max(missing, 0)]
    return found


def _rank(tests):
    """Of a file: that of its test that takes longest."""
    return min(
        (
            rank
            for rank, marker in enumerate(FIRST)
            if any(test.get_closest_marker(marker) for test in tests)
        ),
        default=len(FIRST),
    )
