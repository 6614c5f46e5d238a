# SPDX-License-Identifier: MIT
"""The console on UART0: `sys.stdin` and `sys.stdout` of the REPL on a board without USB.

An interrupt handler in IRAM brings received bytes into a ring of 259, also while flash is written;
bytes without room are lost without notice (`ports/esp32/uart.c`). A write goes into a FIFO of 128
bytes and waits while that is full. It always reports itself writable.
"""

from pumpbench.targets.sim.timeline import Timeline

RING_BYTES = 259
FIFO_BYTES = 128
BYTE_NS = 1_000_000_000 * 10 // 115_200


class UartStdio:
    """lost: number of bytes that found the ring full."""

    def __init__(self, world: Timeline, output: bytearray) -> None:
        self.host_reads = True
        self.lost = 0
        self._world = world
        self._output = output
        self._queue = bytearray()  # bytes that the host has yet to send
        self._ring = bytearray()
        self._arrival = None
        self._due_ns = 0  # when the next byte has arrived
        self._sent_ns = 0  # when the last written byte has been sent

    def send(self, data: bytes) -> None:
        """The host sends."""
        self._queue += data
        if self._arrival is None:
            self._due_ns = self._world.now_ns
            self._next_byte()

    def can_read(self) -> bool:
        return bool(self._ring)

    def can_write(self) -> bool:
        return True

    def read(self, count: int) -> bytes:
        """The next `count` bytes; waits until they are there."""
        data = bytearray()
        while len(data) < count:
            self._world.wait_for(self.can_read, 1 << 61)
            piece = self._ring[: count - len(data)]
            data += piece
            del self._ring[: len(piece)]
        return bytes(data)

    def write(self, data: bytes) -> int:
        """The board prints; waits for room in the FIFO."""
        w = self._world
        if w.ending is not None:
            return len(data)
        self._sent_ns = max(self._sent_ns, w.now_ns) + len(data) * BYTE_NS
        over_ns = self._sent_ns - w.now_ns - FIFO_BYTES * BYTE_NS
        if over_ns > 0:
            w.sleep_ns(over_ns)
        if self.host_reads:
            self._output += data
        return len(data)

    def _next_byte(self) -> None:
        self._arrival = None
        if self._queue:
            self._due_ns += BYTE_NS
            self._arrival = self._world.at(self._due_ns, self._arrive)

    def _arrive(self) -> None:
        """Take the bytes that have come by now: several if this event is late."""
        count = 1 + max(0, self._world.now_ns - self._due_ns) // BYTE_NS
        self._due_ns += (count - 1) * BYTE_NS
        come, self._queue = self._queue[:count], self._queue[count:]
        for byte in come:
            if byte == self._world.keyboard_char:
                self._world.keyboard_interrupt = True
            elif len(self._ring) < RING_BYTES:
                self._ring.append(byte)
            else:
                self.lost += 1
        self._world.interrupt()
        self._next_byte()
