# SPDX-License-Identifier: MIT
"""The console's task: moves bytes between a serial line and a session, never waiting for the host.

A cycle reads a bounded amount of input, and begins no command once it has spent `_LONG_US` on
commands: a flood of lines, or a message of many slow commands, delays the other tasks and the
watchdog by one command at most. Input that waits is searched for a STOP.
"""

from micropython import const

from pump.console.errors import INPUT_BUFFER_OVERRUN
from pump.console.outbox import Outbox

_DRAINED = const(2)  # buffers of `_ROOM` bytes that hold all that a port may have
_ROOM = const(320)  # bytes of the buffer: the longest line, and a STOP behind it
_LONG_US = const(50_000)
_FEW = const(16)  # bytes between two readings of the clock
_LF = const(0x0A)
_CR = const(0x0D)
_OPEN_US = const(10_000_000)  # an open line is dropped after such a pause
_SOON_US = const(5_000)  # until the next try to send bytes that the host did not take
_LATER_US = const(100_000)  # the same, once it has taken nothing for seconds


class Link:
    """port: `read_into`, `take_missed`, `write`. session: see `Session`. errors: the queue.

    clock: `now_us()`. heard(now_us): called when the host has ended a line.
    """

    def __init__(self, port, session, errors, clock, heard):
        self._port = port
        self._session = session
        self._errors = errors
        self._outbox = Outbox(port, errors)
        self._clock = clock
        self._heard = heard
        self._view = memoryview(bytearray(_ROOM))
        self._at = self._count = 0  # bytes taken from the buffer, and bytes in it
        self._quiet_us = None  # since when there has been nothing to read

    def poll(self, now_us):
        """Run commands and send answers. Returns when it is due next; None: at every wake."""
        has_waited = self._has_work()
        has_read = self._read(now_us)
        if has_waited:
            self._look_ahead()
        if self._has_work():
            self._run(self._clock.now_us() + _LONG_US)
        self._look_ahead()
        self._session.settle()
        self._outbox.send()
        is_left = self._outbox.expire(now_us)
        if has_read or self._has_work():
            return now_us  # there may be more
        if self._outbox.is_empty:
            return None
        return now_us + (_LATER_US if is_left else _SOON_US)

    def listen(self):
        """Read input in the middle of a command, and carry out a STOP that is in it."""
        self._read(self._clock.now_us())
        self._look_ahead()

    def _has_work(self):
        """Whether a message or input is waiting to be run."""
        return self._at < self._count or self._session.is_busy()

    def _look_ahead(self):
        self._session.look_ahead(bytes(self._view[self._at : self._count]))

    def _read(self, now_us):
        """Read input into the free space of the buffer. Returns whether there was any."""
        waiting = self._count - self._at
        if self._at:
            self._view[:waiting] = bytes(self._view[self._at : self._count])
            self._at, self._count = 0, waiting
        count = self._port.read_into(self._view[waiting:])
        self._count += count
        if self._port.take_missed():
            self._lose()
        self._look_at_pause(now_us)
        return count > 0

    def _lose(self):
        """Bytes were lost in the input just read, or in its rest still to be read: drop both."""
        self._errors.push(INPUT_BUFFER_OVERRUN, "bytes lost on the line, dropped")
        for _ in range(_DRAINED):
            self._session.lose(bytes(self._view[: self._count]))
            self._at, self._count = 0, self._port.read_into(self._view)
        self._session.lose(bytes(self._view[: self._count]))
        self._count = 0

    def _look_at_pause(self, now_us):
        """Drop a line left open for too long. Input that waits in the buffer is no pause."""
        if self._count == 0:
            if self._quiet_us is None:
                self._quiet_us = now_us
        elif self._quiet_us is not None:
            if now_us - self._quiet_us > _OPEN_US:
                self._session.expire()
            self._quiet_us = None

    def flush(self):
        """Send waiting answers, as far as the host takes them."""
        self._outbox.send()

    def _run(self, until_us):
        """Run messages, command by command, until `until_us` or until the buffer is empty."""
        session = self._session
        while session.is_busy() or self._at < self._count:
            if not session.is_busy():
                self._at += session.take_plain(bytes(self._view[self._at : self._count]))
                if self._at == self._count:
                    return
                byte = self._view[self._at]
                self._at += 1
                if byte in (_LF, _CR):
                    self._heard(self._clock.now_us())
                session.take(byte)
                if self._at % _FEW or self._clock.now_us() < until_us:
                    continue
                return
            line = session.step()
            if line is not None:
                self._outbox.put(line)
            if self._clock.now_us() >= until_us:
                return
