# SPDX-License-Identifier: MIT
"""The memory of one file is kept: with it a file opens where the heap has room for no other."""

import pytest

from host_tests.support.boards.board_files import board
from pump.hal import files
from pump.hal.files import Files


@pytest.fixture
def heap(monkeypatch):
    """Room for a file only in what is kept: [how often a file found none]."""
    failures = [0]

    def scarce(path, mode):
        if files._kept:
            failures[0] += 1
            raise MemoryError
        return opens(path, mode)

    opens = files.__builtins__["open"]
    monkeypatch.setattr(files, "open", scarce, raising=False)
    with board():
        yield failures


@pytest.mark.hazard("heap-low")
def test_records_are_written_in_the_memory_that_is_kept_and_it_is_kept_again(heap):
    folder = Files("/store")
    for number in range(3):
        folder.replace("record", [b"%d" % number])
        assert folder.read("record") == b"%d" % number
    folder.append("record", b"!")
    assert folder.read_at("record", 0, 9) == b"2!"
    assert heap == [8]  # opened once more each time


def test_memory_that_is_lent_is_kept_again():
    files.lend()
    assert files._kept == []
    files.keep()
    files.keep()
    assert [len(kept) for kept in files._kept] == [files._FILE_BYTES]


def test_where_there_is_none_to_keep_the_next_call_tries_again(monkeypatch):
    def nothing(_size):
        raise MemoryError

    files.lend()
    monkeypatch.setattr(files, "bytearray", nothing, raising=False)
    files.keep()
    assert files._kept == []
    monkeypatch.undo()
    files.keep()
    assert files._kept
