# SPDX-License-Identifier: MIT
"""In a run with several workers each begins with the files that take long."""

from itertools import groupby

import pytest

from host_tests.support.run.order import longest_first


class Item:
    """A test as far as its order goes."""

    def __init__(self, path, *markers):
        self.path = path
        self._markers = markers

    def get_closest_marker(self, name):
        return name if name in self._markers else None


def run_of(*files):
    """Items of files, each given as (path, how many tests, markers of the first of them)."""
    return [
        Item(path, *(markers if number == 0 else ()))
        for path, count, *markers in files
        for number in range(count)
    ]


MIXED = (
    ("a", 10),
    ("b", 3, "slow"),
    ("c", 2, "emulator"),
    ("d", 40),
    ("e", 1, "emulator", "slow"),
    ("f", 5, "slow"),
    ("g", 7),
)


def paths(items):
    return [path for path, _ in groupby(item.path for item in items)]


def test_each_of_two_stretches_begins_with_the_emulator_and_then_what_is_slow():
    ordered = longest_first(run_of(*MIXED), 2)
    half = len(ordered) // 2
    assert paths(ordered[:half]) == ["c", "b", "a", "d"]
    assert paths(ordered[half:]) == ["e", "f", "d", "g"]


@pytest.mark.parametrize("workers", [1, 2, 3, 8, 100])
def test_every_test_is_there_once_and_those_of_a_long_file_stay_together(workers):
    items = run_of(*MIXED)
    ordered = longest_first(items, workers)
    assert sorted(map(id, ordered)) == sorted(map(id, items))
    assert [paths(ordered).count(path) for path in "bcef"] == [1] * 4


@pytest.mark.parametrize("files", [(), (("a", 3),), (("a", 1, "emulator"), ("b", 1, "emulator"))])
def test_a_run_of_few_or_of_one_kind_is_whole(files):
    items = run_of(*files)
    assert sorted(map(id, longest_first(items, 2))) == sorted(map(id, items))
