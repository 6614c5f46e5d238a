# SPDX-License-Identifier: MIT
"""The console of the fake chip over USB, with a host at the other end of the cable.

Towards the board: packets of at most 64 bytes, one a millisecond, into a buffer of 512; what does
not fit waits in the host. Towards the host: at once as long as the host reads; otherwise into a
FIFO of 256 bytes, and when that is full a write waits 500 ms and drops the rest, as TinyUSB does.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pumpbench.sim.world import World

PACKET_BYTES = 64
PACKET_NS = 1_000_000
INPUT_BYTES = 512
OUTPUT_BYTES = 256
WRITE_TIMEOUT_NS = 500_000_000


class UsbConsole:
    def __init__(self, world: "World", output: bytearray) -> None:
        self._world = world
        self._output = output  # what the host has read
        self._queue = bytearray()  # what the host has yet to send
        self._input = bytearray()
        self._fifo = bytearray()
        self._host_reads = True
        self._packet = None

    @property
    def host_reads(self) -> bool:
        return self._host_reads

    @host_reads.setter
    def host_reads(self, reads: bool) -> None:
        self._host_reads = reads
        if reads:
            self._output += self._fifo
            self._fifo.clear()

    def send(self, data: bytes) -> None:
        """The host sends."""
        self._queue += data
        self._next_packet()

    def _next_packet(self) -> None:
        if self._packet is None and self._queue and len(self._input) < INPUT_BYTES:
            self._packet = self._world.at(self._world.now_ns + PACKET_NS, self._arrive)

    def _arrive(self) -> None:
        self._packet = None
        size = min(PACKET_BYTES, INPUT_BYTES - len(self._input))
        packet = self._queue[:size]
        del self._queue[:size]
        for byte in packet:
            if byte == self._world.keyboard_char:
                self._input.clear()
                self._world.keyboard_interrupt = True
            else:
                self._input.append(byte)
        self._world.interrupt()
        self._next_packet()

    def can_read(self) -> bool:
        return bool(self._input)

    def can_write(self) -> bool:
        return self._host_reads or len(self._fifo) < OUTPUT_BYTES

    def read(self, count: int) -> bytes:
        """The next `count` bytes; waits until they are there."""
        data = bytearray()
        while len(data) < count:
            self._world.wait_for(self.can_read, 1 << 61)
            piece = self._input[: count - len(data)]
            data += piece
            del self._input[: len(piece)]
            self._next_packet()
        return bytes(data)

    def write(self, data: bytes) -> None:
        """The board prints."""
        if self._world.ending is not None:
            return
        rest = data
        while rest:
            if self._host_reads:
                self._output += rest
                return
            room = OUTPUT_BYTES - len(self._fifo)
            self._fifo += rest[:room]
            rest = rest[room:]
            if rest and not self._world.wait_for(self.can_write, WRITE_TIMEOUT_NS):
                return
