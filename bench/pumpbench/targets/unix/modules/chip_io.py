# SPDX-License-Identifier: MIT
"""`io` of the chip: files in its flash. Its `open` is the builtin one, too."""

from io import BytesIO, IOBase, StringIO

import link

__all__ = ["BytesIO", "StringIO", "open"]

_PART = 256


class _File(IOBase):
    """A stream for MicroPython, too: `json.load` reads it byte by byte, from `_ahead`."""

    def __init__(self, number, is_text):
        self._number = number
        self._is_text = is_text
        self._ahead = b""  # read ahead for a stream

    def read(self, count=-1):
        return link.call(self._number, "read", count)

    def readinto(self, buffer, count=None):
        size = len(buffer) if count is None else min(count, len(buffer))
        if size > 1:
            data = self.read(size)
        else:
            self._ahead = self._ahead or self.read(_PART)
            data, self._ahead = self._ahead[:size], self._ahead[size:]
        buffer[: len(data)] = data
        return len(data)

    def readline(self, count=-1):
        return link.call(self._number, "readline", count)

    def readlines(self):
        return list(self)

    def write(self, data):
        """Write in parts: a request is larger than its data, and must be in one block."""
        if isinstance(data, str):
            return link.call(self._number, "write", data)
        view, count = memoryview(data), 0
        for at in range(0, len(data), _PART):
            count += link.call(self._number, "write", link.hexed(view[at : at + _PART]))
        return count

    def seek(self, offset, whence=0):
        return link.call(self._number, "seek", offset, whence)

    def tell(self):
        return link.call(self._number, "tell")

    def flush(self):
        link.call(self._number, "flush")

    def close(self):
        link.call(self._number, "close")

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line


def open(path, mode="r", *_buffering, **_encoding):
    return _File(link.new("io", "open", path, mode), "b" not in mode)
