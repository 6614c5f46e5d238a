# SPDX-License-Identifier: MIT
"""The console's serial line: USB or a UART, read and written without ever waiting for a host.

Keyboard interrupt is off while a line is open, so byte 0x03 is an ordinary byte.
"""

import select
import sys
import time

import machine
import micropython
from micropython import const

_CTRL_C = const(3)
_OVERRUN = const(8)
_FRESH_US = const(2_000)  # a bus counts as awake for this time; USB suspends after 3 ms
_FRAME_US = const(1_100)  # one frame, with a margin


def _is_ready(poll):
    """Whether the polled stream is ready. Leaves no garbage; `poll` makes two objects."""
    for _ in poll.ipoll(0):
        return True
    return False


class Usb:
    """The USB serial port of the board (sys.stdin and sys.stdout).

    clock: has `now_us`. frames: address of the chip's USB frame counter, which an awake host
    advances once a millisecond; None: there is none. ring: for a UART of the REPL in place of USB,
    the bytes that its buffer holds; more are lost without notice, so bytes count as lost when that
    many were read in one go. 0: no limit, the host waits.

    From 1.24 on, MicroPython reports the port as writable whenever no host is connected, and a
    write to a full buffer then blocks: until 1.26 for ever, since then 500 ms. So nothing is
    written while the frame counter stands still: the host sleeps, or its cable is pulled. After a
    byte was not taken, none is tried again until the host has sent something.
    """

    def __init__(self, clock, frames=None, ring=0):
        self._clock = clock
        self._frames = frames
        self._ring = ring
        self._in_one_go = 0
        self._has_missed = False
        self._has_frames = False  # the counter was seen to move
        self._stood = -1  # value of the counter while it stands still; -1: it moves
        self._awake_us = -_FRESH_US
        self._is_stuck = False
        self._in = select.poll()
        self._in.register(sys.stdin, select.POLLIN)
        self._out = select.poll()
        self._out.register(sys.stdout, select.POLLOUT)
        self._byte, self._sent = bytearray(1), bytearray(1)
        micropython.kbd_intr(-1)

    def take_missed(self):
        """Whether bytes were lost since the last call; never on USB, where the host waits."""
        has_missed, self._has_missed = self._has_missed, False
        return has_missed

    def close(self):
        """Give the line back to the REPL."""
        micropython.kbd_intr(_CTRL_C)

    def has_input(self):
        """True when a byte can be read."""
        return _is_ready(self._in)

    def read_into(self, buffer):
        """Read up to len(buffer) bytes of input into `buffer`. Returns their number."""
        count, most, ready, byte = 0, len(buffer), self._in.ipoll, self._byte
        read = sys.stdin.buffer.readinto
        while count < most:
            for _ in ready(0):  # inlined `_is_ready`: a call would take as long as a byte
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
        """Write as much as the host takes now. Returns the number of bytes.

        Byte by byte: a longer write would wait for a host that has stopped reading.
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

        If the counter does not move at the first answer, when a host has just sent something, the
        chip has no such counter.
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

    status: the address of the chip's UARTRSR. Input is not read while flash is written: the chip
    keeps 32 bytes of the 518 that come in 45 ms at 115 200 baud, and flags the overrun there
    (RP2040 datasheet 4.2.8).
    """

    def __init__(self, uart, status):
        self._uart = uart
        self._status = status
        self._out = select.poll()
        self._out.register(uart, select.POLLOUT)
        micropython.kbd_intr(-1)  # the REPL's own line must not end the pump either

    def take_missed(self):
        """Whether bytes were lost since the last call."""
        if not machine.mem32[self._status] & _OVERRUN:
            return False
        machine.mem32[self._status] = _OVERRUN
        return True

    def close(self):
        """Allow keyboard interrupt again; the REPL is on another line."""
        micropython.kbd_intr(_CTRL_C)

    def has_input(self):
        """True when a byte can be read."""
        return self._uart.any() > 0

    def read_into(self, buffer):
        """Read up to len(buffer) bytes of input into `buffer`. Returns their number."""
        count = min(self._uart.any(), len(buffer))
        if count:
            buffer[:count] = self._uart.read(count)
        return count

    def write(self, data):
        """Write as much as fits the transmit buffer now. Returns the number of bytes."""
        count = 0
        while count < len(data) and _is_ready(self._out):
            self._uart.write(data[count : count + 1])
            count += 1
        return count
