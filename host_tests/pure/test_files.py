# SPDX-License-Identifier: MIT
"""Files: what the hal writes is in flash whole or not at all, on the filesystem a board has.

The cuts are on LittleFS itself: its flash is kept as it was after every block erased, and after
every page programmed by a byte, a half, and as a whole. Each of these is mounted again.
"""

import errno
import os

import pytest
from littlefs import LittleFS, LittleFSError, UserContext

from host_tests.files import MemoryFiles
from pump.hal import files as hal_files
from pump.hal.files import Files
from pumpbench.image import BLOCK_BYTES, DISK_VERSION, PROG_BYTES

BLOCKS = 64
KINDS = ("disk", "memory", "littlefs")


class Flash(UserContext):
    """A flash that remembers how it was after every step of writing."""

    def __init__(self, content=None):
        super().__init__(buffer=bytearray(content or b"\xff" * BLOCKS * BLOCK_BYTES))
        self.states = []

    def prog(self, cfg, block, off, data):
        for size in (1, len(data) // 2, len(data)):
            super().prog(cfg, block, off, data[:size])
            self.states.append(bytes(self.buffer))
        return 0

    def erase(self, cfg, block):
        super().erase(cfg, block)
        self.states.append(bytes(self.buffer))
        return 0


class Board:
    """`open` and `os` as MicroPython has them on LittleFS."""

    def __init__(self, content=None):
        self.flash = Flash(content)
        self.system = LittleFS(
            context=self.flash,
            block_size=BLOCK_BYTES,
            block_count=BLOCKS,
            prog_size=PROG_BYTES,
            disk_version=DISK_VERSION,
        )

    def open(self, path, mode):
        if mode == "ab" and path.rpartition("/")[2] not in self.listdir("/store"):
            self.system.open(path, "xb").close()  # as MicroPython does, and this binding does not
        return errno_of(self.system.open, path, mode, 0)

    def stat(self, path):
        return (0,) * 6 + (errno_of(self.system.stat, path).size,)

    def mkdir(self, path):
        errno_of(self.system.mkdir, path)

    def listdir(self, path):
        return errno_of(self.system.listdir, path)

    def remove(self, path):
        errno_of(self.system.remove, path)

    def rename(self, path, new):
        errno_of(self.system.rename, path, new)


def errno_of(function, *arguments):
    """Call a function of LittleFS; what it raises becomes an OSError, as in MicroPython."""
    try:
        return function(*arguments)
    except FileNotFoundError:
        raise OSError(errno.ENOENT) from None
    except LittleFSError as error:
        raise OSError(-error.code) from None


@pytest.fixture
def on_littlefs(monkeypatch):
    """Boots a board with this flash: returns (the board, its Files)."""

    def boot(content=None):
        board = Board(content)
        monkeypatch.setattr(hal_files, "os", board)
        monkeypatch.setattr(hal_files, "open", board.open, raising=False)
        return board, Files("/store")

    return boot


@pytest.fixture(params=KINDS)
def files(request, tmp_path):
    """Files on each kind of ground; the fake ones must behave as the real ones do."""
    if request.param == "disk":
        return Files(str(tmp_path / "store"))
    if request.param == "memory":
        return MemoryFiles()
    return request.getfixturevalue("on_littlefs")()[1]


def test_what_is_written_is_read_back(files):
    files.replace("a", b"one")
    files.replace("b", b"")
    files.replace("a", b"\x00\xff\n")
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
    files.replace("a", b"one")
    files.replace("a.bad", b"older")
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


def test_a_folder_that_is_there_keeps_its_files(tmp_path):
    Files(str(tmp_path)).replace("a", b"one")
    assert Files(str(tmp_path)).read("a") == b"one"


def test_a_folder_that_cannot_be_made_is_told_by_the_first_write(tmp_path):
    files = Files(str(tmp_path / "missing" / "store"))
    assert (files.read("a"), files.size("a")) == (None, 0)
    with pytest.raises(OSError):
        files.replace("a", b"one")
    with pytest.raises(OSError):
        files.append("a", b"one")
    assert files.writes == 0


def test_another_error_than_a_missing_file_is_not_taken_for_one(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    files = Files(str(tmp_path / "a"))
    for call in (files.read, files.size):
        with pytest.raises(NotADirectoryError):
            call("b")


def test_a_full_disk_leaves_the_old_content(on_littlefs):
    _, files = on_littlefs()
    files.replace("a", b"old" * 1000)
    for name in ("a", "new"):
        with pytest.raises((OSError, LittleFSError)):
            files.replace(name, bytes(BLOCKS * BLOCK_BYTES))
    with pytest.raises((OSError, LittleFSError)):
        files.append("a", bytes(BLOCKS * BLOCK_BYTES))
    assert files.read("a") == b"old" * 1000
    assert files.names() == ["a"]


OLD = {"short": b"old", "long": b"old" * 3000}
WRITES = {
    "a new file": lambda files: files.replace("fresh", b"n" * 300),
    "a long new file": lambda files: files.replace("fresh", b"n" * 9000),
    "the same, short": lambda files: files.replace("short", b"n" * 300),
    "the same, long": lambda files: files.replace("long", b"n" * 9000),
    "more, short": lambda files: files.append("short", b"n" * 64),
    "more, long": lambda files: files.append("long", b"n" * 2048),
    "none": lambda files: files.remove("long"),
    "another name": lambda files: files.rename("long", "short"),
}


def contents(files):
    return {name: files.read(name) for name in files.names()}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_power_cut_at_any_step_of_the_flash_leaves_the_old_or_the_new_content(
    on_littlefs, write
):
    board, files = on_littlefs()
    for name, content in OLD.items():
        files.replace(name, content)
    board.flash.states.clear()
    write(files)
    new = contents(files)
    states = board.flash.states
    assert new != OLD and len(states) >= 2
    found = [contents(on_littlefs(state)[1]) for state in states]
    assert all(content in (OLD, new) for content in found)
    assert found[0] == OLD and found[-1] == new


def test_a_leftover_of_a_cut_new_file_is_no_file_and_does_no_harm(tmp_path):
    files = Files(str(tmp_path))
    (tmp_path / hal_files._UNBORN).write_bytes(b"half")
    assert files.names() == []
    files.replace("a", b"one")
    assert os.listdir(tmp_path) == ["a"]
