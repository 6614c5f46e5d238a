# SPDX-License-Identifier: MIT
"""The console's serial line: USB or a UART, read and written without ever waiting.

Keyboard interrupt is off while a line is open, so byte 0x03 is a byte like any other.
"""

import select
import sys

import micropython
from micropython import const

_CTRL_C = const(3)


class Usb:
    """The USB serial port of the board (sys.stdin and sys.stdout)."""

    def __init__(self):
        self._in = select.poll()
        self._in.register(sys.stdin, select.POLLIN)
        self._out = select.poll()
        self._out.register(sys.stdout, select.POLLOUT)
        self._byte = bytearray(1)
        micropython.kbd_intr(-1)

    def close(self):
        """Give the line back to the REPL."""
        micropython.kbd_intr(_CTRL_C)

    def has_input(self):
        """True when a byte can be read."""
        return bool(self._in.poll(0))

    def read_into(self, buffer):
        """Fill `buffer` with what has come, at most its length. Returns the number of bytes."""
        count = 0
        while count < len(buffer) and self._in.poll(0):
            sys.stdin.buffer.readinto(self._byte)
            buffer[count] = self._byte[0]
            count += 1
        return count

    def write(self, data):
        """Write what the host takes now. Returns the number of bytes.

        Byte by byte: a longer write to a host that has stopped reading would wait for it.
        """
        count = 0
        while count < len(data) and self._out.poll(0):
            sys.stdout.buffer.write(data[count : count + 1])
            count += 1
        return count


class Uart:
    """A `machine.UART` with buffers of its own."""

    def __init__(self, uart):
        self._uart = uart
        self._out = select.poll()
        self._out.register(uart, select.POLLOUT)
        micropython.kbd_intr(-1)  # the REPL's own line must not end the pump either

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
        while count < len(data) and self._out.poll(0):
            self._uart.write(data[count : count + 1])
            count += 1
        return count
