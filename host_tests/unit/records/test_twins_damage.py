# SPDX-License-Identifier: MIT
"""Damage to twins: found, told, mended from the other copy; alien copies are never used."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.support.flash.copies import (
    BOARD,
    COPIES,
    VALUE,
    assert_both_good,
    line,
    loaded,
    mended,
    saved,
    sealed,
)
from host_tests.support.flash.files import MemoryFiles, PowerCut
from pump.records.loading import FOREIGN, NEWER
from pump.records.mirrored_records import LOST, MENDED, VERSION, MirroredRecords


def flips(content):
    for index, bit in itertools.product(range(len(content)), range(8)):
        changed = bytearray(content)
        changed[index] ^= 1 << bit
        yield bytes(changed)


def truncations(content):
    return (content[:size] for size in range(len(content)))


@pytest.mark.parametrize("damage", [flips, truncations])
@pytest.mark.parametrize("damaged", COPIES)
def test_any_damage_to_one_copy_is_found_and_mended(damaged, damage):
    content = saved([1], VALUE).content
    for bad in damage(content[damaged]):
        value, findings, files = mended({**content, damaged: bad})
        assert value == VALUE
        assert findings == [("dose", MENDED)]
        assert files.content[damaged + ".bad"] == bad
        assert_both_good(files)


RIGHT_CHECKSUM = [
    sealed(b""),
    sealed(b" \n"),
    sealed(b" {\n"),
    sealed(b" [1, \xff\xfe]\n"),
    sealed(b" [" + b"[" * 4000 + b"\n"),
    *map(line, [{}, 1, None, "text", [], [[]], ["1"], [None], [True, BOARD, 1, VALUE]]),
    *map(
        line, [[VERSION], [VERSION, BOARD, 1], [VERSION, BOARD, 3, VALUE, 0], [1.0, BOARD, 1, 1]]
    ),
    *map(line, [[VERSION, 5, 1, 1], [VERSION, BOARD, "1", 1], [VERSION, BOARD, True, 1]]),
    *map(
        line,
        [[0, BOARD, 1, 1], [-1, BOARD, 1, 1], [VERSION, BOARD, 0, 1], [VERSION, BOARD, -4, 1]],
    ),
]
GOOD = line([VERSION, BOARD, 2, VALUE])
WRONG_CHECKSUM = [
    b"",
    b"\x00" * 64,
    b"\xff" * 4096,
    bytes(range(256)),
    GOOD.upper(),
    GOOD + b"\n",
    b"+" + GOOD[1:],
    b" " + GOOD,
    GOOD * 500,
    b"\xff" * 1_000_000,
]


@pytest.mark.parametrize("bad", RIGHT_CHECKSUM + WRONG_CHECKSUM)
@pytest.mark.parametrize("damaged", COPIES)
def test_garbage_of_any_kind_is_damage_and_never_raises(damaged, bad):
    value, findings, files = mended({**saved([1], VALUE).content, damaged: bad})
    assert (value, findings) == (VALUE, [("dose", MENDED)])
    assert_both_good(files)
    value, findings, files = mended(dict.fromkeys(COPIES, bad))
    assert (value, findings) == (None, [("dose", LOST)])
    assert set(files.content) == {"dose.0.bad", "dose.1.bad"}


def test_a_file_too_big_for_the_heap_is_not_even_read():
    value, _, files = mended({**saved([1], VALUE).content, COPIES[0]: b"\xff" * 100_000})
    assert value == VALUE
    assert (COPIES[0], 0) not in files.reads


@given(st.binary(max_size=200), st.booleans())
def test_random_garbage_never_raises(rest, is_sealed):
    bad = sealed(rest) if is_sealed else rest
    assert mended({COPIES[0]: bad})[:2] == (None, [("dose", LOST)])


def test_a_value_that_is_lost_stays_lost_until_one_is_saved():
    _, _, files = mended(dict.fromkeys(COPIES, b"garbage"))
    assert loaded(files) == (None, [("dose", LOST)])
    assert loaded(files) == (None, [("dose", LOST)])
    MirroredRecords((files, files), BOARD).save("dose", VALUE)
    assert_both_good(files)


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_power_cut_while_setting_aside_hides_no_loss(cut):
    files = MemoryFiles(dict.fromkeys(COPIES, b"garbage"))
    files.cut_after = cut
    twins = MirroredRecords((files, files), BOARD)
    with pytest.raises(PowerCut):
        twins.load("dose")
        twins.save("dose", VALUE)
    expected = (None, [("dose", LOST)]) if cut <= 2 else (VALUE, [])
    assert loaded(files) == expected


ALIENS = [
    (line([VERSION + 1, BOARD, 9, VALUE]), NEWER),
    (line([VERSION + 1]), NEWER),
    (line([VERSION + 1, {"other": "shape"}]), NEWER),
    (line([10**30, BOARD, 9, VALUE]), NEWER),
    (line([VERSION, "OTHER", 9, VALUE]), FOREIGN),
    (line([VERSION, "", 9, VALUE]), FOREIGN),
]


@pytest.mark.parametrize(("alien", "what"), ALIENS)
def test_a_copy_of_another_version_or_board_is_set_aside_and_never_used(alien, what):
    value, findings, files = mended(dict.fromkeys(COPIES, alien))
    assert (value, findings) == (None, [("dose", what)])
    assert files.content == {"dose.0.bad": alien, "dose.1.bad": alien}
    assert mended({COPIES[1]: alien})[:2] == (None, [("dose", what)])


@pytest.mark.parametrize(("alien", "what"), ALIENS)
@pytest.mark.parametrize("place", [0, 1])
def test_one_alien_copy_gives_way_to_a_good_one_and_counts_less_than_damage(alien, what, place):
    value, findings, files = mended({**saved([1], VALUE).content, COPIES[place]: alien})
    assert (value, findings) == (VALUE, [("dose", MENDED)])
    assert files.content[COPIES[place] + ".bad"] == alien
    assert_both_good(files)
    content = {COPIES[place]: alien, COPIES[1 - place]: b"garbage"}
    assert mended(content)[:2] == (None, [("dose", LOST)])


@pytest.mark.parametrize("length", range(20, 60))
def test_a_text_of_more_than_ascii_anywhere_is_read(length):
    value = ["x" * length + "\u00b5g"]
    text = json.dumps([VERSION, BOARD, 7, value], ensure_ascii=False)
    found, findings, _ = mended(dict.fromkeys(COPIES, sealed(f" {text}\n".encode())))
    assert (found, findings) == (value, [])
