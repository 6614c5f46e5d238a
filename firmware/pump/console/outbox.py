# SPDX-License-Identifier: MIT
"""Response lines waiting for a host, which may read slowly, or not at all.

Lines wait as the pieces they were made of, see `reply`, and are sent piece by piece: no memory of
the length of a line is needed. The queue is bounded: a line for which there is no room, and all
lines once the host has taken nothing for seconds, are dropped whole and reported (-430), so it
never holds half a line.
"""

from micropython import const

from pump.console.errors import OUT_OF_MEMORY, QUERY_DEADLOCKED
from pump.console.reply import size

_MOST = const(2048)  # bytes waiting at most; a longer line is accepted when nothing waits
_LF = const(0x0A)
_PATIENCE_US = const(5_000_000)  # a host that takes nothing for this time has gone


class Outbox:
    """port: `write(data)` returns the number of bytes taken. errors: the queue."""

    def __init__(self, port, errors):
        self._port = port
        self._errors = errors
        self._pieces = []  # of all waiting lines; the last piece of a line ends in LF
        self._sending = b""  # the unsent rest of the piece before them
        self._size = 0  # bytes of both
        self._has_begun = False  # the first waiting line has been sent in part
        self._has_sent = False  # bytes were sent since the last `expire`
        self._still_us = 0  # no bytes were sent since then

    @property
    def is_empty(self):
        """Whether nothing waits."""
        return self._size == 0

    def put(self, line):
        """Queue a line, given as a list of its pieces, and send as much as the host takes."""
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
            return  # sent at the next try

    def expire(self, now_us):
        """Drop lines of which the host takes nothing for seconds, but for the rest of one begun.

        Returns whether the host has taken nothing for so long: there is no hurry to try again.
        """
        if self._has_sent or not self._size:
            self._has_sent = False
            self._still_us = now_us
        if now_us - self._still_us < _PATIENCE_US:
            return False
        self._keep_begun()
        return True

    def _keep_begun(self):
        """Drop every line except one that has been sent in part."""
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
