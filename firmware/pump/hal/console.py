# SPDX-License-Identifier: MIT
"""The console's serial line: USB or a UART, read and written without ever waiting for a host.

Keyboard interrupt is off while a line is open, so byte 0x03 is a byte like any other.
"""

import select
import sys
import time

import machine
import micropython
from micropython import const

_CTRL_C = const(3)
_OVERRUN = const(8)
_FRESH_US = const(2_000)  # a bus counts as awake for so long: USB says asleep after 3 ms
_FRAME_US = const(1_100)  # a frame, and a little


def _is_ready(poll):
    """Whether what is polled is ready. Leaves nothing on the heap, of which a `poll` makes two."""
    for _ in poll.ipoll(0):
        return True
    return False


class Usb:
    """The USB serial port of the board (sys.stdin and sys.stdout).

    clock: has `now_us`. frames: the address of the chip's count of frames, of which a host that is
    awake sends one a millisecond; None: there is none. ring: where it is no USB, but a UART of the
    REPL, the bytes that can wait for Python; the next ones are lost and nobody says so. So when
    as many are read in one go, some count as lost. 0: the host waits.

    From 1.24 on, MicroPython's port says that it can be written to whenever no host is connected,
    and a write then waits where its buffer is full: until 1.26 for ever, since then 500 ms. So
    nothing is written while the count of frames stands still: the host sleeps, or its cable is
    pulled. And what was not taken once is not tried again until the host has sent something.
    """

    def __init__(self, clock, frames=None, ring=0):
        self._clock = clock
        self._frames = frames
        self._ring = ring
        self._in_one_go = 0
        self._has_missed = False
        self._has_frames = False  # the count was seen to move
        self._stood = -1  # the count that stood still, while it does
        self._awake_us = -_FRESH_US
        self._is_stuck = False
        self._in = select.poll()
        self._in.register(sys.stdin, select.POLLIN)
        self._out = select.poll()
        self._out.register(sys.stdout, select.POLLOUT)
        self._byte, self._sent = bytearray(1), bytearray(1)
        micropython.kbd_intr(-1)

    def take_missed(self):
        """Whether bytes were lost since this was asked last: USB has the host wait instead."""
        has_missed, self._has_missed = self._has_missed, False
        return has_missed

    def close(self):
        """Give the line back to the REPL."""
        micropython.kbd_intr(_CTRL_C)

    def has_input(self):
        """True when a byte can be read."""
        return _is_ready(self._in)

    def read_into(self, buffer):
        """Fill `buffer` with what has come, at most its length. Returns the number of bytes."""
        count, most, ready, byte = 0, len(buffer), self._in.ipoll, self._byte
        read = sys.stdin.buffer.readinto
        while count < most:
            for _ in ready(0):  # as in `_is_ready`: a call takes as long as a byte
                break
            else:
                break
            read(byte)
            buffer[count] = byte[0]
            count += 1
        if count:
            self._is_stuck = False
        if self._ring:
            self._in_one_go += count
            self._has_missed = self._has_missed or self._in_one_go >= self._ring
            if count < most:
                self._in_one_go = 0
        return count

    def write(self, data):
        """Write what the host takes now. Returns the number of bytes.

        Byte by byte: a longer write to a host that has stopped reading would wait for it.
        """
        count = 0
        if self._is_stuck or not self._is_awake():
            return count
        ready, sent, write = self._out.ipoll, self._sent, sys.stdout.buffer.write
        for byte in data:
            sent[0] = byte
            for _ in ready(0):
                break
            else:
                break
            if not write(sent):
                self._is_stuck = True
                break
            count += 1
        return count

    def _is_awake(self):
        """Whether a host keeps the bus awake, as far as the chip can tell.

        A chip whose count does not move at the first answer, to what a host has just sent, has
        none.
        """
        if self._frames is None or 0 <= self._clock.now_us() - self._awake_us < _FRESH_US:
            return True
        before = machine.mem32[self._frames]
        if before == self._stood:
            return False
        time.sleep_us(_FRAME_US)
        if machine.mem32[self._frames] != before:
            self._has_frames, self._stood = True, -1
            self._awake_us = self._clock.now_us()
        elif self._has_frames:
            self._stood = before
            return False
        else:
            self._frames = None
        return True


class Uart:
    """A `machine.UART` with buffers of its own.

    status: the address of the chip's UARTRSR. While flash is written nobody takes what comes: the
    chip keeps 32 bytes, of 518 that come in 45 ms at 115 200 baud, and says there that it lost
    some (RP2040 datasheet 4.2.8).
    """

    def __init__(self, uart, status):
        self._uart = uart
        self._status = status
        self._out = select.poll()
        self._out.register(uart, select.POLLOUT)
        micropython.kbd_intr(-1)  # the REPL's own line must not end the pump either

    def take_missed(self):
        """Whether bytes were lost since this was asked last."""
        if not machine.mem32[self._status] & _OVERRUN:
            return False
        machine.mem32[self._status] = _OVERRUN
        return True

    def close(self):
        """The REPL is elsewhere; it may interrupt again."""
        micropython.kbd_intr(_CTRL_C)

    def has_input(self):
        """True when a byte can be read."""
        return self._uart.any() > 0

    def read_into(self, buffer):
        """Fill `buffer` with what has come, at most its length. Returns the number of bytes."""
        count = min(self._uart.any(), len(buffer))
        if count:
            buffer[:count] = self._uart.read(count)
        return count

    def write(self, data):
        """Write what fits the line's buffer now. Returns the number of bytes."""
        count = 0
        while count < len(data) and _is_ready(self._out):
            self._uart.write(data[count : count + 1])
            count += 1
        return count
