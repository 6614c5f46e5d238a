# SPDX-License-Identifier: MIT
"""Small files in one folder of the board's filesystem, each written at once or not at all.

LittleFS keeps the old content of a file until the new one is closed. Only a file that is new would
be there, empty, from the moment it is opened: it is written under another name and renamed.
Every method raises OSError when the filesystem does.
"""

import json
import os

from micropython import const

_MISSING = const(2)  # ENOENT
_CORRUPT = const(84)  # LFS_ERR_CORRUPT
_UNBORN = "unborn.tmp"
_PART = const(256)


class Files:
    """The files of `folder`, which is made when missing. `writes`: how often it wrote."""

    def __init__(self, folder):
        self.writes = 0
        self._folder = folder
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there; or else every write will say so

    def names(self):
        """The names of all files, in no order."""
        return [name for name in os.listdir(self._folder) if name != _UNBORN]

    def read(self, name):
        """All of a file, or None when there is none."""
        try:
            with open(self._path(name), "rb") as file:
                return file.read()
        except OSError as error:
            return _none_if_missing(error)

    def size(self, name):
        """The bytes of a file; 0 when there is none."""
        return self._size(name) or 0

    def read_at(self, name, offset, count):
        """At most `count` bytes of a file from `offset` on."""
        with open(self._path(name), "rb") as file:
            file.seek(offset)
            return file.read(count)

    def json(self, name, offset):
        """What is in a file from `offset` on, as JSON; ValueError: it is none.

        MicroPython reads on as it understands, so the text is never in memory.
        """
        with open(self._path(name), "rb") as file:
            file.seek(offset)
            return json.load(file)

    def parts(self, name):
        """Yield a file in parts, see `parts` of this module."""
        return parts(self._path(name))

    def replace(self, name, parts):
        """Write a file anew, part after part. After a power cut it is as before, or holds all."""
        is_new = self._size(name) is None
        path = self._path(_UNBORN if is_new else name)
        with open(path, "wb") as file:
            for part in parts:
                file.write(part)
        if is_new:
            os.rename(path, self._path(name))
        self.writes += 1

    def append(self, name, data):
        """Write at the end of a file: all of `data`, or nothing."""
        with open(self._path(name), "ab") as file:
            file.write(data)
        self.writes += 1

    def remove(self, name):
        """Remove a file."""
        os.remove(self._path(name))
        self.writes += 1

    def rename(self, name, new):
        """Give a file another name; a file that had that name is gone."""
        os.rename(self._path(name), self._path(new))
        self.writes += 1

    def copy(self, other, name, new):
        """Write file `new` anew, as `name` of another folder is; small parts at a time."""
        ends = range(0, other.size(name), _PART)
        self.replace(new, (other.read_at(name, at, _PART) for at in ends))

    def take(self, other, name):
        """Move a file of another folder here."""
        os.rename(other._path(name), self._path(name))
        self.writes += 1

    def drop_corrupt(self):
        """Remove the files that cannot be read to their end; returns their names.

        LittleFS looks through all files for a free block: one of which a block is gone keeps it
        from writing any other.
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
    with open(path, "rb") as file:
        while True:
            count = file.readinto(part)
            if not count:
                return
            yield memoryview(part)[:count]


def _none_if_missing(error):
    """None when the error is that there is no such file; any other one is raised again."""
    if error.args[0] != _MISSING:
        raise error
