# SPDX-License-Identifier: MIT
"""A serial port of the fake chip, with a host at the other end of the wire.

A byte takes ten bits in either direction. An interrupt brings received bytes into a buffer, and
they are lost when it is full. While no interrupt is served (flash is being written) the chip keeps
32 of them; the others are lost, and a register flags the loss. Sent bytes reach the host at once,
and the board never waits for it.
"""

from pumpbench.targets.sim.timeline import Timeline

BITS_A_BYTE = 10
FIFO_BYTES = 32
STATUS_ADDRESSES = {  # UARTRSR -> number of the port: of an RP2040, and of an RP2350
    0x4003_4004: 0,
    0x4003_8004: 1,
    0x4007_0004: 0,
    0x4007_8004: 1,
}
OVERRUN = 8


class Uart:
    def __init__(self, world: Timeline, output: bytearray) -> None:
        self._world = world
        self._output = output
        self._queue = bytearray()
        self._arrival = None
        self._due_ns = 0  # when the last bit of the next byte arrives
        self.status = 0
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
        if self._arrival is None:
            self._due_ns = self._world.now_ns
            self._next_byte()

    def _next_byte(self) -> None:
        self._arrival = None
        if self._queue:
            self._due_ns += self.byte_ns
            self._arrival = self._world.at(self._due_ns, self._arrive)

    def _arrive(self) -> None:
        """Take the bytes that have come by now: several if the interrupt was late."""
        count = 1 + (self._world.now_ns - self._due_ns) // self.byte_ns
        self._due_ns += (count - 1) * self.byte_ns
        come, self._queue = self._queue[:count], self._queue[count:]
        if len(come) > FIFO_BYTES:
            self.status |= OVERRUN
        self.input += come[: min(FIFO_BYTES, self.input_bytes - len(self.input))]
        self._world.interrupt()
        self._next_byte()

    def take(self, count: int) -> bytes:
        """Up to `count` received bytes."""
        data = bytes(self.input[:count])
        del self.input[:count]
        return data

    def write(self, data: bytes) -> None:
        """The board sends."""
        if self.host_reads and self._world.ending is None:
            self._output += data
