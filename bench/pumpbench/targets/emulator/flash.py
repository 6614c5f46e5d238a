# SPDX-License-Identifier: MIT
"""The flash chip of the emulated RP2040: erasing and programming take their time.

rp2040py does both in no time. Here the chip is busy for the typical times of a W25Q16, and reports
that to the bootrom, which waits with interrupts off, as on a real board; PIO goes on. Waiting is
cheap: reading the status of a busy chip passes the time until it is ready, or until the run ends.
"""

ERASE_NS = 45_000_000  # of a sector of 4 kB
ERASE_BLOCK_NS = 150_000_000  # of 64 kB
PROGRAM_NS = 500_000  # of a page of 256 bytes

_BUSY = 0x01  # in status register 1
_PROGRAM, _ERASE, _ERASE_BLOCK, _STATUS = 0x02, 0x20, 0xD8, 0x05
_TIMES_NS = {_PROGRAM: PROGRAM_NS, _ERASE: ERASE_NS, _ERASE_BLOCK: ERASE_BLOCK_NS}
_SIZES = {_PROGRAM: 256, _ERASE: 4096, _ERASE_BLOCK: 65536}


class Flash:
    """Stands between `mcu` and its flash. run_end_ns: the end of the present run."""

    def __init__(self, mcu, run_end_ns) -> None:
        self.erased = self.programmed = 0  # operations since power-up
        self._content = mcu.flash
        self._ssi = mcu.ssi
        self._clock = mcu.clock
        self._run_end_ns = run_end_ns
        self._ready_ns = 0
        self._before = 0, b""  # address and old content of the running operation
        self._shift, self._apply = self._ssi._shift_byte, self._ssi._apply_command
        self._ssi._shift_byte = self._shift_byte
        self._ssi._apply_command = self._apply_command

    @property
    def is_busy(self) -> bool:
        """Whether a sector is being erased or a page programmed."""
        return self._clock.nanos < self._ready_ns

    @property
    def content(self) -> bytes:
        """A copy of all of it, as a power cut now leaves it: a running operation is half done."""
        image = bytearray(self._content)
        if self.is_busy:
            address, before = self._before
            half = len(before) // 2
            image[address + half : address + len(before)] = before[half:]
        return bytes(image)

    def _shift_byte(self, byte: int) -> int:
        """Send a byte to the flash chip. Returns its answer."""
        answer = self._shift(byte)
        buffer = self._ssi._tx_buffer
        if len(buffer) > 1 and buffer[0] == _STATUS and self.is_busy:
            self._wait()
            return answer | _BUSY
        return answer

    def _wait(self) -> None:
        end_ns = min(self._ready_ns, self._run_end_ns())
        if end_ns > self._clock.nanos:
            self._clock.tick(end_ns - self._clock.nanos)

    def _apply_command(self) -> None:
        """The chip was deselected: start the command."""
        buffer = self._ssi._tx_buffer
        opcode = buffer[0] if len(buffer) >= 4 and self._ssi._write_enabled else 0
        if opcode not in _TIMES_NS:
            return self._apply()
        size = _SIZES[opcode]
        address = self._ssi._address_from_buffer() & ~(size - 1)
        self._before = address, bytes(self._content[address : address + size])
        self.erased += opcode != _PROGRAM
        self.programmed += opcode == _PROGRAM
        self._ready_ns = int(self._clock.nanos) + _TIMES_NS[opcode]
        return self._apply()
