# SPDX-License-Identifier: MIT
"""Files: what the hal writes is in flash whole or not at all, on the filesystem a board has.

The board is the simulated one, which does not run: its `os`, `open`, LittleFS and flash are used.
"""

import pytest

from host_tests.support.boards.board_files import board
from host_tests.support.flash.files import MemoryFiles
from pump.hal import files as hal_files
from pump.hal.files import Files
from pumpbench.images.flashfiles import read_files, with_file
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.flash import FLASH_BYTES, images

STORE = "/store"
UNBORN = f"{STORE}/{hal_files._UNBORN}"


@pytest.fixture
def flash():
    with board() as flash:
        yield flash


@pytest.fixture(params=("memory", "littlefs"))
def files(request):
    """Files on each kind of ground; those in memory must behave as the real ones do."""
    if request.param == "memory":
        return MemoryFiles()
    request.getfixturevalue("flash")
    return Files(STORE)


def test_what_is_written_is_read_back(files):
    files.replace("a", (b"one",))
    files.replace("b", (b"",))
    files.replace("a", (b"\x00\xff\n",))
    files.append("a", bytearray(b"more"))
    files.append("new", b"appended")
    assert files.read("a") == b"\x00\xff\nmore"
    assert (files.read("b"), files.read("new")) == (b"", b"appended")
    assert [files.size(name) for name in ("a", "b", "new", "none")] == [7, 0, 8, 0]
    assert files.read_at("a", 2, 3) == b"\nmo"
    assert files.read_at("a", 6, 9) == b"e"
    assert files.read_at("a", 9, 9) == b""
    assert sorted(files.names()) == ["a", "b", "new"]
    assert files.writes == 5


def test_a_renamed_file_takes_the_place_of_the_one_of_that_name(files):
    files.replace("a", (b"one",))
    files.replace("a.bad", (b"older",))
    files.rename("a", "a.bad")
    assert files.read("a") is None
    assert files.read("a.bad") == b"one"
    files.remove("a.bad")
    assert files.names() == []
    assert files.writes == 4


def test_what_is_not_there_raises_an_oserror_but_is_none_to_read(files):
    assert files.read("none") is None
    for call in (
        lambda: files.read_at("none", 0, 1),
        lambda: files.remove("none"),
        lambda: files.rename("none", "new"),
    ):
        with pytest.raises(OSError):
            call()
    assert files.writes == 0


@pytest.mark.usefixtures("flash")
def test_a_folder_that_is_there_keeps_its_files():
    Files(STORE).replace("a", (b"one",))
    assert Files(STORE).read("a") == b"one"


@pytest.mark.usefixtures("flash")
def test_a_folder_that_cannot_be_made_is_told_by_the_first_write():
    files = Files("/missing/store")
    assert (files.read("a"), files.size("a")) == (None, 0)
    with pytest.raises(OSError):
        files.replace("a", (b"one",))
    with pytest.raises(OSError):
        files.append("a", b"one")
    assert files.writes == 0


def test_another_error_than_a_missing_file_is_not_taken_for_one():
    with board(with_file(SimTarget().flash, STORE, b"no folder")):
        files = Files(STORE)
        for call in (files.read, files.size):
            with pytest.raises(OSError, match="NOTDIR"):
                call("b")


@pytest.mark.usefixtures("flash")
def test_a_full_disk_leaves_the_old_content():
    files = Files(STORE)
    files.replace("a", (b"old" * 1000,))
    for name in ("a", "new"):
        with pytest.raises(OSError):
            files.replace(name, (bytes(FLASH_BYTES),))
    with pytest.raises(OSError):
        files.append("a", bytes(FLASH_BYTES))
    assert files.read("a") == b"old" * 1000
    assert files.names() == ["a"]


OLD = {"short": b"old", "long": b"old" * 3000}
WRITES = {
    "a new file": lambda files: files.replace("fresh", (b"n" * 300,)),
    "a long new file": lambda files: files.replace("fresh", (b"n" * 9000,)),
    "the same, short": lambda files: files.replace("short", (b"n" * 300,)),
    "the same, long": lambda files: files.replace("long", (b"n" * 9000,)),
    "more, short": lambda files: files.append("short", b"n" * 64),
    "more, long": lambda files: files.append("long", b"n" * 2048),
    "none": lambda files: files.remove("long"),
    "another name": lambda files: files.rename("long", "short"),
}


def contents(files):
    return {name: files.read(name) for name in files.names()}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_power_cut_at_any_step_of_the_flash_leaves_the_old_or_the_new_content(flash, write):
    files = Files(STORE)
    for name, content in OLD.items():
        files.replace(name, (content,))
    before, count = flash.content, len(flash.operations)
    write(files)
    new = contents(files)
    found = []
    for _, _, image in images(before, flash.operations[count:]):
        with board(image):
            found.append(contents(Files(STORE)))
    assert new != OLD and len(found) >= 4
    assert all(content in (OLD, new) for content in found)
    assert found[0] == OLD and found[-1] == new


def test_a_leftover_of_a_cut_new_file_is_no_file_and_does_no_harm():
    with board(with_file(SimTarget().flash, UNBORN, b"half")) as flash:
        files = Files(STORE)
        assert files.names() == []
        files.replace("a", (b"one",))
    assert read_files(flash.content) == {f"{STORE}/a": b"one"}
