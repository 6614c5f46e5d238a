# SPDX-License-Identifier: MIT
"""Assembles lines from bytes: the first stage of console input, in a buffer of fixed size.

A line ends at LF, CR, or both; a tab counts as a space. A byte that is not printable ASCII, or the
256th byte, causes one error at once, and the whole line is dropped up to its end.
"""

from micropython import const

from pump.console.errors import INPUT_BUFFER_OVERRUN, INVALID_CHARACTER, ScpiError

MAX_LINE = const(255)

_TAB = const(0x09)
_LF = const(0x0A)
_CR = const(0x0D)
_SPACE = const(0x20)
_TILDE = const(0x7E)


class LineAssembler:
    """Collects the bytes of one line at a time.

    stray(character): called for each dropped character; LF for a line end or a non-printable byte.
    """

    def __init__(self, stray):
        self._stray = stray
        self._buffer = bytearray(MAX_LINE)
        self._view = memoryview(self._buffer)
        self._length = 0
        self._is_dropping = False

    def take_plain(self, data):
        """Take the printable bytes of `data` up to the end of the line. Returns their number.

        0 when the next byte needs `add`, which takes a board 0.4 ms a byte.
        """
        if self._is_dropping:
            return 0
        count = _plain_bytes(data)
        if count > MAX_LINE - self._length:
            return 0
        self._view[self._length : self._length + count] = data[:count]
        self._length += count
        return count

    def add(self, byte):
        """Take one byte. Returns the line as text if this byte ended one, else None.

        ScpiError INVALID_CHARACTER or INPUT_BUFFER_OVERRUN for the first byte that spoils a line.
        """
        if byte in (_LF, _CR):
            return self._end_line()
        if byte == _TAB:
            byte = _SPACE
        is_printable = _SPACE <= byte <= _TILDE
        if self._is_dropping:
            self._stray(chr(byte) if is_printable else "\n")
        elif not is_printable:
            self._drop(_LF)
            raise ScpiError(INVALID_CHARACTER, f"byte 0x{byte:02X}, line dropped")
        elif self._length == MAX_LINE:
            self._drop(byte)
            raise ScpiError(INPUT_BUFFER_OVERRUN, f"line longer than {MAX_LINE} bytes dropped")
        else:
            self._buffer[self._length] = byte
            self._length += 1
        return None

    def drop(self):
        """Drop the line that is open, from its beginning to its end."""
        if not self._is_dropping:
            self._drop_begun()

    def expire(self):
        """Drop a line that has begun and does not end. Returns whether there was one."""
        is_open = self._is_dropping or self._length > 0
        self._is_dropping, self._length = False, 0
        return is_open

    def _drop(self, byte):
        self._drop_begun()
        self._stray(chr(byte))

    def _drop_begun(self):
        self._is_dropping = True
        for each in self._view[: self._length]:
            self._stray(chr(each))

    def _end_line(self):
        if self._is_dropping:
            self._stray("\n")
        length = 0 if self._is_dropping else self._length
        self._length = 0
        self._is_dropping = False
        return str(self._view[:length], "ascii") if length else None


def _plain_bytes(data):
    """The number of bytes before the line end; 0 when one of them is not printable."""
    count = len(data)
    for end in b"\r\n":
        place = data.find(bytes((end,)))
        if 0 <= place < count:
            count = place
    plain = data[:count]
    return count if count and min(plain) >= _SPACE and max(plain) <= _TILDE else 0
