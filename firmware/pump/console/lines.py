# SPDX-License-Identifier: MIT
"""Lines out of bytes: the first thing that console input meets, in a buffer that never grows.

A line ends at LF; CR is ignored; a tab counts as a space. A byte that is not printable ASCII, or
the 256th byte, makes one error at once, and the whole line is dropped up to its LF.
"""

from micropython import const

from pump.console.errors import INPUT_BUFFER_OVERRUN, INVALID_CHARACTER, ScpiError

MAX_LINE = const(255)

_TAB = 0x09
_LF = 0x0A
_CR = 0x0D
_SPACE = 0x20
_TILDE = 0x7E


class LineAssembler:
    """Collects the bytes of one line at a time."""

    def __init__(self):
        self._buffer = bytearray(MAX_LINE)
        self._view = memoryview(self._buffer)
        self._length = 0
        self._is_dropping = False

    def add(self, byte):
        """Take one byte; the line as text if this byte ended one, else None.

        ScpiError INVALID_CHARACTER or INPUT_BUFFER_OVERRUN for the byte that spoils a line, once.
        """
        if byte == _LF:
            return self._end_line()
        if self._is_dropping or byte == _CR:
            return None
        if byte == _TAB:
            byte = _SPACE
        if not _SPACE <= byte <= _TILDE:
            self._is_dropping = True
            raise ScpiError(INVALID_CHARACTER, f"byte 0x{byte:02X}, line dropped")
        if self._length == MAX_LINE:
            self._is_dropping = True
            raise ScpiError(INPUT_BUFFER_OVERRUN, f"line longer than {MAX_LINE} bytes dropped")
        self._buffer[self._length] = byte
        self._length += 1
        return None

    def _end_line(self):
        length = 0 if self._is_dropping else self._length
        self._length = 0
        self._is_dropping = False
        return str(self._view[:length], "ascii") if length else None
