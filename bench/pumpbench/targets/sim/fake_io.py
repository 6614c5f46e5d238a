# SPDX-License-Identifier: MIT
"""MicroPython's `io`: files on the board's filesystem. Its `open` is the builtin one, too."""

from io import BytesIO, StringIO

from littlefs import lfs

from pumpbench.targets.sim import world as _world
from pumpbench.targets.sim.filesystem import Filesystem

__all__ = ["BytesIO", "StringIO", "open"]

_EBADF = 9
# The flags of littlefs.
_READ, _WRITE = 0x001, 0x002
_CREATE, _EXCLUSIVE, _TRUNCATE, _APPEND = 0x100, 0x200, 0x400, 0x800
_FLAGS = {
    "r": _READ,
    "w": _WRITE | _CREATE | _TRUNCATE,
    "x": _WRITE | _CREATE | _EXCLUSIVE,
    "a": _WRITE | _CREATE | _APPEND,
}


def open(path: str, mode: str = "r", *_buffering: int, **_encoding: object) -> "File":
    flags = 0
    for letter in mode:
        if letter in _FLAGS:
            if flags:
                raise ValueError
            flags = _FLAGS[letter]
        elif letter == "+":
            flags |= _READ | _WRITE
    return File(_world.current.files, path, flags or _READ, "b" not in mode)


class File:
    """An open file. Only littlefs buffers; text is UTF-8, lines end in LF."""

    def __init__(self, files: Filesystem, path: str, flags: int, is_text: bool) -> None:
        self._files = files
        self._flags = flags
        self._is_text = is_text
        self._handle: lfs.LFSFile | None = files.open(path, flags)

    def read(self, count: int | None = -1) -> str | bytes:
        if count is None or count < 0:
            size = self._call(lfs.file_size)
            return self._told(self._read(max(0, size - self.tell())))
        if self._is_text:
            return b"".join(self._character() for _ in range(count)).decode()
        return self._read(count)

    def readinto(self, buffer, count: int | None = None) -> int:
        data = self._read(len(buffer) if count is None else min(count, len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def readline(self, count: int = -1) -> str | bytes:
        line = bytearray()
        while len(line) != count:
            byte = self._read(1)
            line += byte
            if byte in (b"", b"\n"):
                break
        return self._told(bytes(line))

    def readlines(self) -> list[str | bytes]:
        return list(self)

    def write(self, data) -> int:
        self._need(_WRITE)
        data = data.encode() if isinstance(data, str) else bytes(data)
        return self._call(lfs.file_write, data)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._call(lfs.file_seek, offset, whence)
        return self.tell()

    def tell(self) -> int:
        return self._call(lfs.file_tell)

    def flush(self) -> None:
        self._call(lfs.file_sync)

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            self._files.close(handle)

    def __enter__(self) -> "File":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __iter__(self) -> "File":
        return self

    def __next__(self) -> str | bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def _read(self, count: int) -> bytes:
        self._need(_READ)
        return self._call(lfs.file_read, count)

    def _character(self) -> bytes:
        """The bytes of the next character."""
        first = self._read(1)
        following = sum(first >= lead for lead in (b"\xc0", b"\xe0", b"\xf0"))
        return first + self._read(following)

    def _told(self, data: bytes) -> str | bytes:
        return data.decode() if self._is_text else data

    def _need(self, flag: int) -> None:
        """Check that the file is open for this operation, which littlefs takes for granted."""
        if not self._flags & flag:
            raise OSError(_EBADF, "EBADF")

    def _call(self, function, *arguments):
        if self._handle is None:
            raise ValueError("the file is closed")
        return self._files.call(function, self._handle, *arguments)
