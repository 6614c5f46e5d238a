# SPDX-License-Identifier: MIT
"""Response lines on their way to a host, which may be slow, or not read at all.

They wait in the pieces that they were made of, see `reply`, and a piece is sent at a time: nothing
here needs memory by the length of a line. What the host does not read is bounded, and does not
wait for long: a line too much, and all lines once a host has taken nothing for seconds, are
dropped whole and reported (-430), so what waits never holds half a line.
"""

from micropython import const

from pump.console.errors import OUT_OF_MEMORY, QUERY_DEADLOCKED
from pump.console.reply import size

_MOST = const(2048)  # bytes that wait; a longer line is taken when nothing waits
_LF = const(0x0A)
_PATIENCE_US = const(5_000_000)  # a host that takes nothing for so long has gone


class Outbox:
    """port: `write(data)`, how much of it was taken. errors: the queue."""

    def __init__(self, port, errors):
        self._port = port
        self._errors = errors
        self._pieces = []  # of all lines that wait; the last one of a line ends in LF
        self._sending = b""  # the piece before them, as far as it was not taken
        self._size = 0  # bytes of both
        self._has_begun = False  # a part of the first line that waits was sent
        self._has_sent = False  # something was, since `expire` looked last
        self._still_us = 0  # since when nothing was

    @property
    def is_empty(self):
        """Whether nothing waits."""
        return self._size == 0

    def put(self, line):
        """Take a line, as a list of its pieces, and send what can be sent."""
        count = size(line) + 1
        if self._size and self._size + count > _MOST:
            self.send()
        if self._size and self._size + count > _MOST:
            self._errors.push(QUERY_DEADLOCKED)
            return
        line[-1] += "\n"
        try:
            self._pieces.extend(line)
        except MemoryError:
            self._errors.push(OUT_OF_MEMORY)
            return
        self._size += count
        self.send()

    def send(self):
        """Send as much as the host takes now."""
        try:
            while self._size:
                if not self._sending:
                    self._sending = self._pieces[0].encode()
                    self._pieces.pop(0)
                sent = self._port.write(self._sending)
                if sent:
                    self._has_sent = True
                    self._has_begun = self._sending[sent - 1] != _LF
                self._size -= sent
                self._sending = self._sending[sent:]
                if self._sending:
                    return
        except MemoryError:
            return  # it is tried again

    def expire(self, now_us):
        """Drop what nobody has taken anything of for long, but for the rest of a line begun.

        True while that is so: there is no hurry to try again.
        """
        if self._has_sent or not self._size:
            self._has_sent = False
            self._still_us = now_us
        if now_us - self._still_us < _PATIENCE_US:
            return False
        self._keep_begun()
        return True

    def _keep_begun(self):
        """Drop every line but the one of which a part was sent."""
        before, kept = self._size, 0
        if not self._has_begun:
            self._sending = b""
        elif not self._sending.endswith(b"\n"):
            kept = 1
            while not self._pieces[kept - 1].endswith("\n"):
                kept += 1
        del self._pieces[kept:]
        self._size = size(self._pieces) + len(self._sending)
        if self._size < before:
            self._errors.push(QUERY_DEADLOCKED)
