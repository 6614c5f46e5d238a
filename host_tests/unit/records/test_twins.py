# SPDX-License-Identifier: MIT
"""Copies: no power cut and no full flash makes a value anything but the old or the new one."""

import contextlib
import itertools

import pytest

from host_tests.support.flash.copies import (
    BOARD,
    COPIES,
    VALUE,
    VALUES,
    assert_both_good,
    line,
    loaded,
    mended,
    saved,
)
from host_tests.support.flash.files import MemoryFiles, PowerCut
from pump.records.mirrored_records import LOST, MENDED, MOST_BYTES, VERSION, MirroredRecords


@pytest.mark.parametrize("value", [[], [10**400, -(10**400)], ["", 'a"\\\n\x00é', [None, [[]]]]])
def test_a_value_comes_back_as_it_was(value):
    assert loaded(saved(value)) == (value, [])


def test_a_copy_is_one_line_of_checksum_and_json():
    content = saved([1], VALUE).content
    assert content[COPIES[0]] == content[COPIES[1]] == line([VERSION, BOARD, 2, VALUE])


def test_values_are_kept_by_their_keys():
    files = saved(VALUE)
    MirroredRecords((files, files), BOARD).save("rate", [7])
    assert MirroredRecords((files, files), BOARD).load("rate") == [7]
    assert_both_good(files)


def test_nothing_saved_is_none_and_no_finding():
    assert mended({})[:2] == (None, [])


def test_a_value_that_is_saved_already_is_not_written_again():
    files = saved(VALUE)
    again = MirroredRecords((files, files), BOARD)
    assert again.load("dose") == VALUE
    writes = files.writes
    assert again.save("dose", list(VALUE)) is False
    assert files.writes == writes
    assert again.save("dose", [5]) is True
    assert again.save("dose", [5]) is False
    assert files.writes == writes + 2


def test_a_change_of_a_list_that_was_saved_is_seen():
    files = MemoryFiles()
    twins = MirroredRecords((files, files), BOARD)
    value = [1, [2]]
    twins.save("dose", value)
    value[1].append(3)
    assert twins.save("dose", value) is True
    assert loaded(files) == ([1, [2, 3]], [])


def test_a_save_without_a_load_goes_on_from_what_is_there():
    files = saved(*VALUES)
    files.cut_after = 2 * len(VALUES) + 1
    with pytest.raises(PowerCut):
        MirroredRecords((files, files), BOARD).save("dose", ["new"])
    assert loaded(files) == (["new"], [])


@pytest.mark.parametrize("when", ["cut_before", "cut_after"])
@pytest.mark.parametrize("write", range(1, 2 * len(VALUES) + 1))
def test_a_power_cut_at_any_write_leaves_the_old_or_the_new_value_and_no_finding(when, write):
    files = MemoryFiles()
    setattr(files, when, write)
    twins = MirroredRecords((files, files), BOARD)
    current = None
    with pytest.raises(PowerCut):
        for old, new in itertools.pairwise((None, *VALUES)):
            current = (old, new)
            twins.save("dose", new)
    value, findings, after = mended(files.content)
    assert value in current and findings == []
    is_first_written = when == "cut_after" or write % 2 == 0
    assert value == current[is_first_written]
    if value is not None:
        assert_both_good(after, value)


@pytest.mark.parametrize("when", ["cut_before", "cut_after"])
@pytest.mark.parametrize("damaged", COPIES)
@pytest.mark.parametrize("cut", range(1, 3))
def test_a_power_cut_while_mending_leaves_the_value(damaged, when, cut):
    content = {**saved([1], VALUE).content, damaged: b"garbage"}
    files = MemoryFiles(content)
    setattr(files, when, cut)
    with pytest.raises(PowerCut):
        MirroredRecords((files, files), BOARD).load("dose")
    value, findings, after = mended(files.content)
    assert value == VALUE
    assert findings == ([] if (when, cut) == ("cut_after", 2) else [("dose", MENDED)])
    assert_both_good(after)


def test_the_newest_good_copy_counts():
    old, new = (line([VERSION, BOARD, seq, [seq]]) for seq in (9, 10))
    assert mended({COPIES[0]: new, COPIES[1]: old})[:2] == ([10], [])
    assert mended({COPIES[0]: old, COPIES[1]: new})[:2] == ([10], [("dose", MENDED)])


def test_a_missing_copy_is_usual_only_where_a_power_cut_leaves_it_so():
    first, later = line([VERSION, BOARD, 1, VALUE]), line([VERSION, BOARD, 2, VALUE])
    assert mended({COPIES[0]: first})[:2] == (VALUE, [])
    assert mended({COPIES[0]: later})[:2] == (VALUE, [("dose", MENDED)])
    assert mended({COPIES[1]: first})[:2] == (VALUE, [("dose", MENDED)])
    for content in ({COPIES[0]: first}, {COPIES[0]: later}, {COPIES[1]: first}):
        assert_both_good(mended(content)[2])


def test_two_good_copies_of_one_number_that_differ_are_a_finding():
    content = {name: line([VERSION, BOARD, 5, [name]]) for name in COPIES}
    value, findings, files = mended(content)
    assert (value, findings) == ([COPIES[0]], [("dose", MENDED)])
    assert_both_good(files, [COPIES[0]])


@pytest.mark.parametrize("damaged", COPIES)
@pytest.mark.parametrize("write", [1, 2])
def test_a_full_flash_while_mending_still_gives_the_value(damaged, write):
    files = MemoryFiles({**saved([1], VALUE).content, damaged: b"garbage"})
    files.fail_from = write
    twins = MirroredRecords((files, files), BOARD)
    assert twins.load("dose") == VALUE
    assert twins.findings == [("dose", MENDED)]
    assert loaded(files) == (VALUE, [("dose", MENDED)])
    files.fail_from = None
    assert twins.save("dose", VALUE) is True  # no second copy yet: the same value is written
    assert_both_good(files)


def test_a_full_flash_while_setting_aside_raises_nothing():
    files = MemoryFiles(dict.fromkeys(COPIES, b"garbage"))
    files.fail_from = 1
    twins = MirroredRecords((files, files), BOARD)
    assert twins.load("dose") is None
    assert twins.findings == [("dose", LOST)]
    files.fail_from = None
    twins.save("dose", VALUE)
    assert_both_good(files)


@pytest.mark.parametrize("old", [None, [1]])
@pytest.mark.parametrize("write", [1, 2])
def test_a_save_that_fails_once_leaves_the_old_value(write, old):
    files = saved(old) if old else saved()
    twins = MirroredRecords((files, files), BOARD)
    files.fail_at = files.writes + write
    with pytest.raises(OSError, match="28"):
        twins.save("dose", VALUE)
    assert loaded(files) == (old, [])
    assert twins.save("dose", VALUE) is True
    assert_both_good(files)


@pytest.mark.parametrize("write", [1, 2])
def test_a_save_on_a_flash_that_takes_nothing_more_leaves_the_old_or_the_new_value(write):
    files = saved([1])
    files.fail_from = 2 + write
    with pytest.raises(OSError):
        MirroredRecords((files, files), BOARD).save("dose", VALUE)
    value, findings = loaded(files)
    assert value == ([1] if write == 1 else VALUE)
    assert findings == []


@pytest.mark.parametrize("when", ["cut_before", "cut_after"])
@pytest.mark.parametrize("cut", range(3, 7))
def test_a_power_cut_while_a_failed_save_is_undone_leaves_one_of_both(when, cut):
    files = saved([1])
    files.fail_at = 4
    setattr(files, when, cut)
    with pytest.raises((PowerCut, OSError)):
        MirroredRecords((files, files), BOARD).save("dose", VALUE)
    value, findings = loaded(files)
    assert value in ([1], VALUE) and findings == []


def test_a_first_copy_that_is_written_and_fails_all_the_same_leaves_the_old_value():
    files = saved([1])
    files.fail_late = 3
    with pytest.raises(OSError):
        MirroredRecords((files, files), BOARD).save("dose", VALUE)
    assert loaded(files) == ([1], [])


def test_a_second_copy_that_is_written_though_that_fails_is_a_save():
    files = saved([1])
    files.fail_late = 4
    assert MirroredRecords((files, files), BOARD).save("dose", VALUE) is True
    assert loaded(files) == (VALUE, [])
    assert_both_good(files)


@pytest.mark.parametrize("when", ["cut_before", "cut_after"])
def test_a_power_cut_while_that_is_undone_leaves_one_of_both(when):
    files = saved([1])
    files.fail_late = 3
    setattr(files, when, 4)
    with pytest.raises(PowerCut):
        MirroredRecords((files, files), BOARD).save("dose", VALUE)
    assert loaded(files) == ([1] if when == "cut_after" else VALUE, [])


def test_a_number_is_never_used_for_two_contents():
    files = saved([1])
    twins = MirroredRecords((files, files), BOARD)
    files.fail_at = 4
    with pytest.raises(OSError):
        twins.save("dose", ["failed"])
    twins.save("dose", VALUE)
    assert files.content[COPIES[0]] == line([VERSION, BOARD, 3, VALUE])


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_that_flash_does_not_give_back_is_damaged(name):
    files = saved([1], VALUE)
    files.unreadable = {name}
    twins = MirroredRecords((files, files), BOARD)
    assert twins.load("dose") == VALUE
    assert twins.findings == [("dose", MENDED)]
    files.unreadable = set(COPIES)
    assert MirroredRecords((files, files), BOARD).load("dose") is None


def test_a_value_too_big_for_the_heap_is_refused_and_the_old_one_kept():
    files = saved(VALUE)
    with pytest.raises(OSError):
        MirroredRecords((files, files), BOARD).save("dose", ["x" * 10_000])
    assert_both_good(files)


def test_the_largest_value_that_is_written_comes_back_and_one_byte_more_is_refused():
    room = MOST_BYTES - len(line([VERSION, BOARD, 1, ""]))
    assert loaded(saved("x" * room)) == ("x" * room, [])
    with pytest.raises(OSError):
        saved("x" * (room + 1))


def test_an_older_bad_file_gives_way_to_a_newer_one():
    _, _, files = mended({**saved([1], VALUE).content, COPIES[0]: b"first"})
    _, _, files = mended({**files.content, COPIES[0]: b"second"})
    assert files.content["dose.0.bad"] == b"second"


def test_between_two_copies_another_value_may_be_saved():
    files = MemoryFiles()
    twins = MirroredRecords((files, files), BOARD)
    others = []
    for _ in twins.saving("a", "first"):
        others.append((files.size("a.0") > 0, files.size("a.1")))
        twins.save("b", 2)
    assert others == [(True, 0)]
    assert files.content["a.0"] == files.content["a.1"]
    again = MirroredRecords((files, files), BOARD)
    assert (again.load("a"), again.load("b"), again.findings) == ("first", 2, [])
    assert list(twins.saving("a", "first")) == []


@pytest.mark.parametrize("later", ["second", "third"])
def test_a_save_that_is_left_between_its_copies_is_made_whole_by_the_next_one(later):
    files = MemoryFiles()
    twins = MirroredRecords((files, files), BOARD)
    twins.save("a", "first")
    left = twins.saving("a", "second")
    next(left)
    assert MirroredRecords((MemoryFiles(files.content),) * 2, BOARD).load("a") == "second"
    files.fail_from = files._tries + 3  # copy 1 comes up, copy 0 is written, and no more
    with contextlib.suppress(OSError):
        twins.save("a", later)
    again = MirroredRecords((MemoryFiles(files.content),) * 2, BOARD)
    assert again.load("a") in ("second", later)
    assert again.findings == []
    files.fail_from = None
    assert twins.save("a", "fourth")
    assert list(left) == []  # what was left has nothing more to say
    assert MirroredRecords((files, files), BOARD).load("a") == "fourth"


def in_two_folders(*values):
    """(folders, twins) in which these values were saved one after the other."""
    folders = MemoryFiles(), MemoryFiles()
    twins = MirroredRecords(folders, BOARD)
    for value in values:
        twins.save("a", value)
    return folders, twins


def spoil(folders, number):
    name = f"a.{number}"
    folders[number].content[name] = b"0" + folders[number].content[name][1:]


def test_each_copy_lies_in_its_own_folder():
    folders, _ = in_two_folders("first")
    assert [list(files.content) for files in folders] == [["a.0"], ["a.1"]]


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("values", [["first"], ["first", "second"]])
def test_a_spoiled_copy_is_mended_from_the_other_folder_even_that_of_the_first_save(
    values, number
):
    folders, _ = in_two_folders(*values)
    spoil(folders, number)
    again = MirroredRecords(folders, BOARD)
    assert (again.load("a"), again.findings) == (values[-1], [("a", MENDED)])
    assert folders[0].content["a.0"] == folders[1].content["a.1"]
    assert f"a.{number}.bad" in folders[number].content


def test_a_save_that_was_left_is_made_whole_from_the_other_folder():
    folders, twins = in_two_folders("first")
    next(twins.saving("a", "second"))
    folders[0].fail_from = folders[0]._tries + 1
    with pytest.raises(OSError, match="28"):
        twins.save("a", "third")
    assert folders[1].content["a.1"] == folders[0].content["a.0"]
    assert MirroredRecords(folders, BOARD).load("a") == "second"


@pytest.mark.parametrize("number", [0, 1])
def test_a_copy_that_verify_finds_spoiled_is_made_anew(number):
    folders, twins = in_two_folders("first", "second")
    assert twins.verify("a")
    assert twins.findings == []
    spoil(folders, number)
    assert twins.verify("a")
    assert twins.findings == [("a", MENDED)]
    assert folders[0].content["a.0"] == folders[1].content["a.1"]


def test_a_value_of_which_no_copy_can_be_read_is_not_verified_until_it_is_saved_again():
    folders, twins = in_two_folders("first", "second")
    for number, files in enumerate(folders):
        files.unreadable.add(f"a.{number}")
    assert not twins.verify("a")
    for files in folders:
        files.unreadable.clear()
    assert twins.save("a", "second")
    assert twins.verify("a")


def test_a_value_that_was_never_saved_is_as_it_should_be():
    assert MirroredRecords((MemoryFiles(), MemoryFiles()), BOARD).verify("a")


def test_a_value_that_is_of_no_use_is_set_aside_and_the_next_one_comes_back():
    files = saved(VALUE)
    twins = MirroredRecords((files, files), BOARD)
    assert twins.load("dose") == VALUE
    twins.reject("dose")
    assert twins.findings == [("dose", LOST)]
    assert set(files.content) == {f"{name}.bad" for name in COPIES}
    assert twins.save("dose", VALUE) is True
    assert loaded(files) == (VALUE, [])
    assert_both_good(files)
