# SPDX-License-Identifier: MIT
"""MicroPython's `os`, over the board's filesystem."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from littlefs import lfs

from pumpbench.images.image import BLOCK_BYTES, BLOCK_COUNT
from pumpbench.targets.sim import world as _world

_FOLDER, _FILE = 0x4000, 0x8000
_ENOENT = 2
_NAME_MAX = 255


def mkdir(path: str) -> None:
    _call(lfs.mkdir, path)


def remove(path: str) -> None:
    _call(lfs.remove, path)


unlink = rmdir = remove  # the same in MicroPython: of a file, or an empty folder


def rename(old: str, new: str) -> None:
    files = _world.current.files
    files.call(lfs.rename, files.path(old), files.path(new))


def stat(path: str) -> tuple[int, ...]:
    info = _call(lfs.stat, path)
    return (_mode(info), 0, 0, 0, 0, 0, _size(info), 0, 0, 0)


def statvfs(_path: str) -> tuple[int, ...]:
    free = BLOCK_COUNT - _world.current.files.call(lfs.fs_size)
    return (BLOCK_BYTES, BLOCK_BYTES, BLOCK_COUNT, free, free, 0, 0, 0, 0, _NAME_MAX)


def ilistdir(path: str = "") -> Iterator[tuple[str, int, int, int]]:
    files = _world.current.files
    folder = _call(lfs.dir_open, path)
    entries = []
    while (entry := files.call(lfs.dir_read, folder)) is not None:
        if entry.name not in (".", ".."):
            entries.append((entry.name, _mode(entry), 0, _size(entry)))
    files.call(lfs.dir_close, folder)
    return iter(entries)


def urandom(count: int) -> bytes:
    return os.urandom(count)


def listdir(path: str = "") -> list[str]:
    return [entry[0] for entry in ilistdir(path)]


def chdir(path: str) -> None:
    files = _world.current.files
    if not stat(path)[0] & _FOLDER:
        raise OSError(_ENOENT, "ENOENT")
    files.folder = files.path(path).rstrip("/") + "/"


def getcwd() -> str:
    return _world.current.files.folder.rstrip("/") or "/"


class _Uname(NamedTuple):
    sysname: str
    nodename: str
    release: str
    version: str
    machine: str


def uname() -> _Uname:
    port, release, version = _world.current.uname()
    return _Uname(port, port, release, version, _world.current.machine)


def sync() -> None:
    pass


def _call(function, path: str):
    files = _world.current.files
    return files.call(function, files.path(path))


def _mode(info: lfs.LFSStat) -> int:
    return _FILE if info.type == lfs.LFSStat.TYPE_REG else _FOLDER


def _size(info: lfs.LFSStat) -> int:
    """The size of a file; of a folder, for which littlefs gives none, an arbitrary number."""
    return info.size if info.type == lfs.LFSStat.TYPE_REG else 0
