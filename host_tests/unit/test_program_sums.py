# SPDX-License-Identifier: MIT
"""The sums of the program's files: whatever is changed, in a file or in the sums, is found."""

import pytest

from pump.selftest_parts import Sums
from pumpbench.images.image import SUMS, sums

PROGRAM = {
    "/main.py": b"import board\n",
    "/pump/app.mpy": bytes(range(256)) * 2,
    "/pump/empty.mpy": b"",
    "/pump/long.mpy": bytes(range(97)) * 40,
}
FILES = {**PROGRAM, SUMS: sums(PROGRAM)}


def is_whole(files):
    """Whether all of it passes; at least one thing is looked at where there is a program."""

    def read(path, _part=None):
        path = f"/{path.lstrip('/')}"
        if path not in files:
            raise OSError(2)
        content = files[path]
        return (content[at : at + 100] for at in range(0, len(content), 100))

    found = list(Sums(SUMS, lambda: bool(files), read).check())
    assert bool(found) == bool(files)
    return all(found)


def test_what_was_put_there_is_whole():
    assert is_whole(FILES)


def test_a_long_file_is_read_a_piece_at_a_time():
    long = {"/pump/long.mpy": bytes(100 * 100)}
    opened = []

    def read(path, _part=None):
        for at in range(0, 100 * 100, 100):
            opened.append(at)
            yield ({**long, SUMS: sums(long)})[f"/{path.lstrip('/')}"][at : at + 100]

    for _ in Sums(SUMS, lambda: True, read).check():
        assert len(opened) <= 100 + 16  # those of the sums' own file, and a piece
        opened.clear()


def test_no_files_at_all_are_a_frozen_program():
    assert is_whole({})


@pytest.mark.parametrize("path", FILES)
def test_a_file_that_is_missing_is_found(path):
    assert not is_whole({other: FILES[other] for other in FILES if other != path})


@pytest.mark.parametrize("path", FILES)
def test_any_bit_that_is_flipped_is_found(path):
    """But for the spaces between a sum and its path, which say nothing."""
    content = FILES[path]
    for place in range(0, len(content), 1 + len(content) // 512):
        if path == SUMS and content[place] == ord(" "):
            continue
        for bit in range(8):
            flipped = bytearray(content)
            flipped[place] ^= 1 << bit
            assert not is_whole({**FILES, path: bytes(flipped)}), (place, bit)


@pytest.mark.parametrize("content", [b"", b"\n", b"garbage", b"\xff" * 300, bytes(64)])
def test_sums_that_are_none_are_found(content):
    assert not is_whole({**FILES, SUMS: content})
