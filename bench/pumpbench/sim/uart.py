# SPDX-License-Identifier: MIT
"""A serial port of the fake chip, with a host at the other end of the wire.

A byte is ten bits long in either direction. Received bytes wait in a buffer and are lost when it
is full; sent bytes are with the host at once, and the board never waits for it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pumpbench.sim.world import World

BITS_A_BYTE = 10


class Uart:
    def __init__(self, world: "World", output: bytearray) -> None:
        self._world = world
        self._output = output
        self._queue = bytearray()
        self._arrival = None
        self.input = bytearray()
        self.input_bytes = 256
        self.byte_ns = 1_000_000_000 * BITS_A_BYTE // 115_200
        self.host_reads = True

    def set_up(self, baudrate: int, input_bytes: int) -> None:
        self.byte_ns = 1_000_000_000 * BITS_A_BYTE // baudrate
        self.input_bytes = input_bytes

    def send(self, data: bytes) -> None:
        """The host sends."""
        self._queue += data
        self._next_byte()

    def _next_byte(self) -> None:
        if self._arrival is None and self._queue:
            self._arrival = self._world.at(self._world.now_ns + self.byte_ns, self._arrive)

    def _arrive(self) -> None:
        self._arrival = None
        byte = self._queue.pop(0)
        if len(self.input) < self.input_bytes:
            self.input.append(byte)
        self._world.interrupt()
        self._next_byte()

    def take(self, count: int) -> bytes:
        """Up to `count` bytes of what has come in."""
        data = bytes(self.input[:count])
        del self.input[:count]
        return data

    def write(self, data: bytes) -> None:
        """The board sends."""
        if self.host_reads and self._world.ending is None:
            self._output += data
