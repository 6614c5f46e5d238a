# SPDX-License-Identifier: MIT
"""The console of the fake chip over USB, with a host at the other end of the cable.

To the board: packets of at most 64 bytes, one a millisecond, into a buffer of 512; data without
room waits in the host. To the host: at once as long as the host reads; otherwise into a FIFO of
256 bytes, and when that is full a write waits 500 ms and drops the rest, as MicroPython does from
1.27 on; from 1.24 to 1.26 it waits for ever (`write_timeout_ns` None).

A host keeps the bus awake with a frame a millisecond. When it sleeps, or the cable is pulled, the
chip sees no more frames; it is not connected then, and reports itself writable, full or not
(`shared/tinyusb/mp_usbd_cdc.c`). If the host has closed the port, DTR is low, and the FIFO keeps
the data written last.
"""

from pumpbench.targets.sim.timeline import Timeline

PACKET_BYTES = 64
PACKET_NS = 1_000_000
INPUT_BYTES = 512
OUTPUT_BYTES = 256
WRITE_TIMEOUT_NS = 500_000_000
FRAME_NS = 1_000_000
FRAMES = 1 << 11
FRAME_ADDRESS = 0x5011_0048  # SOF_RD of RP2040 and RP2350
FOR_EVER_NS = 1 << 61


class UsbConsole:
    def __init__(self, world: Timeline, output: bytearray) -> None:
        self._world = world
        self._output = output  # data that the host has read
        self._queue = bytearray()  # data that the host has yet to send
        self._input = bytearray()
        self._fifo = bytearray()
        self._host_reads = True
        self._packet = None
        self._is_awake = self._is_open = True
        self._asleep_ns = 0  # the bus is asleep since then
        self.write_timeout_ns: int | None = WRITE_TIMEOUT_NS
        self.timeouts = 0  # number of writes that timed out

    @property
    def host_reads(self) -> bool:
        return self._host_reads

    @host_reads.setter
    def host_reads(self, reads: bool) -> None:
        self._host_reads = reads
        self._drain()

    @property
    def is_connected(self) -> bool:
        """Whether the chip sees a host as connected: it is awake and has opened the port."""
        return self._is_awake and self._is_open

    def suspend(self) -> None:
        """The host sleeps, or the cable is pulled: no more frames, and DTR stays as it was."""
        self._asleep_ns = self._world.now_ns
        self._is_awake = False

    def resume(self) -> None:
        """The host is awake again."""
        self._is_awake = True
        self._drain()
        self._next_packet()

    def plug(self) -> None:
        """A host enumerates the chip again: waiting data is gone, and the port is closed."""
        self._fifo.clear()
        self._is_open = False
        self.resume()

    def open(self) -> None:
        """A program on the host opens the port: DTR is high."""
        self._is_open = True
        self._drain()
        self._next_packet()

    def close(self) -> None:
        """It closes the port: DTR is low."""
        self._is_open = False

    @property
    def frame(self) -> int:
        """The number of the present USB frame, or of the last one before the bus stopped."""
        at_ns = self._world.now_ns if self._is_awake else self._asleep_ns
        return at_ns // FRAME_NS % FRAMES

    def _drain(self) -> None:
        if self.is_connected and self._host_reads:
            self._output += self._fifo
            self._fifo.clear()

    def send(self, data: bytes) -> None:
        """The host sends."""
        self._queue += data
        self._next_packet()

    def _next_packet(self) -> None:
        has_room = len(self._input) < INPUT_BYTES
        if self._packet is None and self._queue and has_room and self.is_connected:
            self._packet = self._world.at(self._world.now_ns + PACKET_NS, self._arrive)

    def _arrive(self) -> None:
        self._packet = None
        if not self.is_connected:
            return
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
        return not self.is_connected or self._takes()

    def _takes(self) -> bool:
        """Whether a byte can be written without waiting."""
        is_read = self.is_connected and self._host_reads
        return is_read or not self._is_open or len(self._fifo) < OUTPUT_BYTES

    def read(self, count: int) -> bytes:
        """The next `count` bytes; waits until they are there."""
        data = bytearray()
        while len(data) < count:
            self._world.wait_for(self.can_read, FOR_EVER_NS)
            piece = self._input[: count - len(data)]
            data += piece
            del self._input[: len(piece)]
            self._next_packet()
        return bytes(data)

    def write(self, data: bytes) -> int:
        """The board prints. Returns the number of bytes taken."""
        if self._world.ending is not None:
            return len(data)
        limit_ns = FOR_EVER_NS if self.write_timeout_ns is None else self.write_timeout_ns
        rest = data
        while rest:
            if self.is_connected and self._host_reads:
                self._output += rest
                return len(data)
            if not self._is_open:
                self._fifo = (self._fifo + rest)[-OUTPUT_BYTES:]
                return len(data)
            room = OUTPUT_BYTES - len(self._fifo)
            self._fifo += rest[:room]
            rest = rest[room:]
            if rest and not self._world.wait_for(self._takes, limit_ns):
                self.timeouts += 1
                return len(data) - len(rest)
        return len(data)
