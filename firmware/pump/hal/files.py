# SPDX-License-Identifier: MIT
"""Small files in one folder of the board's filesystem, each written at once or not at all.

LittleFS keeps the old content of a file until the new one is closed. Only a new file would exist,
empty, from the moment it is opened: it is written under another name and renamed. Every method
raises OSError when the filesystem does.

An open file is one object of 1148 bytes on an RP2040. A fragmented heap may have no room for it
although 20 kB are free: then no record could be written. So the memory of one file is always kept.
"""

import json
import os

from micropython import const

_MISSING = const(2)  # ENOENT
_CORRUPT = const(84)  # LFS_ERR_CORRUPT
_UNBORN = "unborn.tmp"
_PART = const(256)
_FILE_BYTES = const(1152)

_kept = []  # the memory of a file, while none is open in it


class Files:
    """The files of `folder`, which is made when missing. writes: number of changes since boot."""

    def __init__(self, folder):
        self.writes = 0
        self._folder = folder
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it exists; any other error shows at every write

    def names(self):
        """The names of all files, in no particular order."""
        return [name for name in os.listdir(self._folder) if name != _UNBORN]

    def read(self, name):
        """The content of a file, or None when there is none."""
        try:
            with opened(self._path(name), "rb") as file:
                return file.read()
        except OSError as error:
            return _none_if_missing(error)

    def size(self, name):
        """The size of a file in bytes; 0 when there is none."""
        return self._size(name) or 0

    def read_at(self, name, offset, count):
        """At most `count` bytes of a file from `offset` on."""
        with opened(self._path(name), "rb") as file:
            file.seek(offset)
            return file.read(count)

    def json(self, name, offset):
        """The JSON value in a file from `offset` on; ValueError: there is none.

        MicroPython parses while it reads, so the text is never in memory as a whole.
        """
        with opened(self._path(name), "rb") as file:
            file.seek(offset)
            return json.load(file)

    def parts(self, name):
        """Yield a file in parts, see the function `parts`."""
        return parts(self._path(name))

    def replace(self, name, parts):
        """Write a file anew from an iterable of parts. A power cut leaves the old or the new."""
        is_new = self._size(name) is None
        path = self._path(_UNBORN if is_new else name)
        with opened(path, "wb") as file:
            for part in parts:
                file.write(part)
        if is_new:
            os.rename(path, self._path(name))
        self.writes += 1

    def append(self, name, data):
        """Append `data` to a file: all of it, or nothing."""
        with opened(self._path(name), "ab") as file:
            file.write(data)
        self.writes += 1

    def remove(self, name):
        """Remove a file."""
        os.remove(self._path(name))
        self.writes += 1

    def rename(self, name, new):
        """Rename a file; it replaces a file of the new name."""
        os.rename(self._path(name), self._path(new))
        self.writes += 1

    def copy(self, other, name, new):
        """Write file `new` as a copy of `name` in the folder of `other`; in small parts."""
        ends = range(0, other.size(name), _PART)
        self.replace(new, (other.read_at(name, at, _PART) for at in ends))

    def take(self, other, name):
        """Move a file from the folder of `other` to this one."""
        os.rename(other._path(name), self._path(name))
        self.writes += 1

    def drop_corrupt(self):
        """Remove the files that cannot be read to their end. Returns their names.

        LittleFS scans all files for a free block: a file with a bad block keeps it from writing
        any other.
        """
        dropped = []
        for name in self.names():
            try:
                for _ in self.parts(name):
                    pass
            except OSError as error:
                if error.args[0] == _CORRUPT:
                    self.remove(name)
                    dropped.append(name)
        return dropped

    def _path(self, name):
        return self._folder + "/" + name

    def _size(self, name):
        try:
            return os.stat(self._path(name))[6]
        except OSError as error:
            return _none_if_missing(error)


def keep():
    """Keep memory for a file, unless it is kept; if there is none, the next call tries again."""
    if not _kept:
        try:
            _kept.append(bytearray(_FILE_BYTES))
        except MemoryError:
            pass


def lend():
    """Give up the memory for a file, because one is about to be opened; then `keep` it again."""
    _kept.clear()


def opened(path, mode):
    """As `open`, in the memory that is kept for it if there is no other."""
    keep()
    try:
        return open(path, mode)
    except MemoryError:
        lend()
    return open(path, mode)


def is_there(path):
    """Whether there is a file or folder of that name."""
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def parts(path, part=None):
    """Yield a file in parts; each is gone when the next one comes. OSError: it cannot be read.

    part: where they are read to, a bytearray.
    """
    part = part or bytearray(_PART)
    with opened(path, "rb") as file:
        while True:
            count = file.readinto(part)
            if not count:
                return
            yield memoryview(part)[:count]


def _none_if_missing(error):
    """None when the error is ENOENT; raises any other one again."""
    if error.args[0] != _MISSING:
        raise error
