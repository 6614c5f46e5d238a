# SPDX-License-Identifier: MIT
"""The DMA controller of the fake chip, limited to feeding state machines: memory to a TX FIFO.

Whenever the FIFO has room, the next word is in it at that very instant, whatever the processor
does. A word is read from memory when it is transferred. A transfer that is not simulated is
refused when it is to start.
"""

from array import array

from pumpbench.targets.sim.pio.blocks import Pio
from pumpbench.targets.sim.pio.machine import FIFO_DEPTH, Machine

CHANNEL_COUNT = 12
ENABLE = 1
# Name -> (shift, length) in a channel's control word; those of READ_ONLY cannot be packed.
FIELDS = {
    "enable": (0, 1),
    "high_pri": (1, 1),
    "size": (2, 2),
    "inc_read": (4, 1),
    "inc_write": (5, 1),
    "ring_size": (6, 4),
    "ring_sel": (10, 1),
    "chain_to": (11, 4),
    "treq_sel": (15, 6),
    "irq_quiet": (21, 1),
    "bswap": (22, 1),
    "sniff_en": (23, 1),
    "busy": (24, 1),
    "write_err": (29, 1),
    "read_err": (30, 1),
    "ahb_err": (31, 1),
}
READ_ONLY = ("busy", "ahb_err")

Memory = bytes | bytearray | memoryview | array

_TXF0 = 0x50200010  # of PIO0; that of PIO1 is _BLOCK_BYTES further
_BLOCK_BYTES = 0x100000


def pack(ctrl: int, fields: dict[str, int]) -> int:
    """A control word with some of its fields changed."""
    for name, value in fields.items():
        if name not in FIELDS:
            raise TypeError(f"DMA has no field {name!r}")
        at, length = FIELDS[name]
        if value >> length:
            raise ValueError("bad field value")
        if name not in READ_ONLY:
            ctrl = ctrl & ~(((1 << length) - 1) << at) | value << at
    return ctrl


def unpack(ctrl: int) -> dict[str, int]:
    """The fields of a control word."""
    return {name: ctrl >> at & ((1 << length) - 1) for name, (at, length) in FIELDS.items()}


def _bytes_of(memory: Memory | None) -> memoryview:
    if not isinstance(memory, Memory):
        raise NotImplementedError("DMA from anything but an object in memory is not simulated")
    return memoryview(memory).cast("B")


class Channel:
    """One channel: its registers, and the transfer under way, if any."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.memory: Memory | None = None
        self.read_to = 0  # bytes of the memory that were read
        self.write: object = 0
        self.ctrl = 0
        self.next_count = 0  # of the next transfer
        self.count = 0  # words left of this one
        self.is_busy = False
        self._machine: Machine | None = None

    def start(self, pio: Pio) -> None:
        """Start a transfer, unless one runs or the channel is disabled; PIO is up to date."""
        if self.is_busy or not self.ctrl & ENABLE:
            return
        self._check_fields()
        machine = self._find_machine(pio)
        left = len(_bytes_of(self.memory)) - self.read_to
        if left < 4 * self.next_count:
            raise NotImplementedError(f"DMA beyond the end of its memory, {left} bytes from here")
        self.count = self.next_count
        if self.count:
            self.is_busy = True
            self._machine = machine
            machine.feed = self._feed
            self._feed()
            pio.forget_trace()
            machine.poke(pio.now_ns)

    def abort(self) -> None:
        """End the transfer; the words in the FIFO stay there."""
        self.is_busy = False
        if self._machine is not None:
            self._machine.feed = None
            self._machine = None

    def _feed(self) -> None:
        """Fill the FIFO; to be called whenever the machine has taken a word."""
        machine = self._machine
        while machine is not None and len(machine.tx) < FIFO_DEPTH:
            data = _bytes_of(self.memory)[self.read_to : self.read_to + 4]
            machine.tx.append(int.from_bytes(data, "little"))
            self.read_to += 4
            self.count -= 1
            if self.count == 0:
                self.abort()
                return

    def _check_fields(self) -> None:
        wanted = {"size": 2, "inc_read": 1, "chain_to": self.number}
        names = ("size", "inc_read", "inc_write", "ring_size", "chain_to", "bswap", "sniff_en")
        fields = unpack(self.ctrl)
        for name in names:
            if fields[name] != wanted.get(name, 0):
                raise NotImplementedError(f"DMA with {name}={fields[name]} is not simulated")

    def _find_machine(self, pio: Pio) -> Machine:
        """The machine whose FIFO is written; the transfer must be paced by that FIFO."""
        treq = unpack(self.ctrl)["treq_sel"]
        for machine in pio.machines:
            block, number = machine.block.number, machine.number
            if self.write == _TXF0 + block * _BLOCK_BYTES + 4 * number:
                break
        else:
            raise NotImplementedError("DMA to anything but a TX FIFO of PIO is not simulated")
        if treq != block * 8 + number:
            raise NotImplementedError(
                f"DMA to this FIFO paced by treq_sel={treq} is not simulated"
            )
        if machine.feed is not None:
            raise NotImplementedError("two DMA channels into one FIFO are not simulated")
        return machine


class Dma:
    """The controller: its channels, and the free ones among them."""

    def __init__(self) -> None:
        self.channels = [Channel(number) for number in range(CHANNEL_COUNT)]
        self._free = set(self.channels)

    def claim(self) -> Channel:
        """The first free channel; OSError when there is none."""
        for channel in self.channels:
            if channel in self._free:
                self._free.remove(channel)
                return channel
        raise OSError(16, "EBUSY")

    def release(self, channel: Channel) -> None:
        """The channel is free; a transfer under way goes on."""
        self._free.add(channel)

    def reset(self) -> None:
        """The chip was reset: end all transfers, and free all channels."""
        for channel in self.channels:
            channel.abort()
        self.__init__()
