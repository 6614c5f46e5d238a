# SPDX-License-Identifier: MIT
"""The console's task: moves bytes between a serial line and a session, never waiting for the host.

A cycle takes a bounded piece of input, so that a flood of lines keeps no other task waiting. A
response that the host does not read waits in a bounded buffer; further responses are dropped whole
and reported (-430): the buffer never holds half a line.
"""

from micropython import const

from pump.console.errors import QUERY_DEADLOCKED

_CHUNK = const(64)  # bytes read in one cycle
_BACKLOG = const(2048)  # bytes of responses kept for a host that is slow to read
_SOON_US = const(5_000)  # when to try again to write what the host did not take


class Link:
    """port: `read_into`, `write`, `has_input`. session: `feed`. errors: the error queue."""

    def __init__(self, port, session, errors):
        self._port = port
        self._session = session
        self._errors = errors
        self._chunk = bytearray(_CHUNK)
        self._backlog = bytearray()

    def poll(self, now_us):
        """Run what has come, send what is to be sent. Returns when it is due next."""
        count = self._port.read_into(self._chunk)
        if count:
            for line in self._session.feed(memoryview(self._chunk)[:count]):
                self._queue(line)
        self._send()
        if count:
            return now_us  # there may be more
        return now_us + _SOON_US if self._backlog else None

    def flush(self):
        """Send what is left, as far as the host takes it."""
        self._send()

    def _queue(self, line):
        data = line.encode() + b"\n"
        if self._is_too_much(data):
            self._send()
        if self._is_too_much(data):
            self._errors.push(QUERY_DEADLOCKED)
        else:
            self._backlog.extend(data)

    def _is_too_much(self, data):
        """Whether the backlog cannot take a line; an empty one takes any."""
        return bool(self._backlog) and len(self._backlog) + len(data) > _BACKLOG

    def _send(self):
        if self._backlog:
            sent = self._port.write(self._backlog)
            self._backlog = self._backlog[sent:]
