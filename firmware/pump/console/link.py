# SPDX-License-Identifier: MIT
"""The console's task: moves bytes between a serial line and a session, never waiting for the host.

A cycle takes a bounded piece of input, and begins no command once it has spent `_LONG_US` on it:
neither a flood of lines nor a message of many slow commands keeps other tasks, or the watchdog,
waiting for more than one of them. What has to wait is looked through for a STOP.
"""

from micropython import const

from pump.console.errors import INPUT_BUFFER_OVERRUN
from pump.console.outbox import Outbox

_DRAINED = const(2)  # so many times all of this hold what a port may have
_ROOM = const(320)  # bytes that may wait: the longest line, and a STOP behind it
_LONG_US = const(50_000)
_FEW = const(16)  # bytes that are taken between two looks at the clock
_LF = const(0x0A)
_CR = const(0x0D)
_OPEN_US = const(10_000_000)  # a line whose next byte does not come for so long is dropped
_SOON_US = const(5_000)  # when to try again to write what the host did not take
_LATER_US = const(100_000)  # and when it has not taken anything for seconds


class Link:
    """port: `read_into`, `take_missed`, `write`. session: see `Session`. errors: the queue.

    heard(now_us): the host has ended a line.
    """

    def __init__(self, port, session, errors, clock, heard):
        self._port = port
        self._session = session
        self._errors = errors
        self._outbox = Outbox(port, errors)
        self._clock = clock
        self._heard = heard
        self._view = memoryview(bytearray(_ROOM))
        self._at = self._count = 0  # bytes of it that were taken, and that there are
        self._quiet_us = None  # since when there has been nothing to read

    def poll(self, now_us):
        """Run what has come, send what is to be sent. Returns when it is due next."""
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

    def _has_work(self):
        """Whether anything waits to be run."""
        return self._at < self._count or self._session.is_busy()

    def _look_ahead(self):
        self._session.look_ahead(bytes(self._view[self._at : self._count]))

    def _read(self, now_us):
        """Read what has come, as far as there is room behind what waits; whether there was any."""
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
        """Bytes were lost among what has just come, or what is still to be read of it."""
        self._errors.push(INPUT_BUFFER_OVERRUN, "bytes lost on the line, dropped")
        for _ in range(_DRAINED):
            self._session.lose(bytes(self._view[: self._count]))
            self._at, self._count = 0, self._port.read_into(self._view)
        self._session.lose(bytes(self._view[: self._count]))
        self._count = 0

    def _look_at_pause(self, now_us):
        """Drop a line that was left open for too long. Input that has to wait here is no pause."""
        if self._count == 0:
            if self._quiet_us is None:
                self._quiet_us = now_us
        elif self._quiet_us is not None:
            if now_us - self._quiet_us > _OPEN_US:
                self._session.expire()
            self._quiet_us = None

    def flush(self):
        """Send what is left, as far as the host takes it."""
        self._outbox.send()

    def _run(self, until_us):
        """Run messages, command by command, until then, or until what was read has been taken."""
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
