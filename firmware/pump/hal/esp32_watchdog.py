# SPDX-License-Identifier: MIT
"""The watchdog of the esp32 port: the task watchdog, and memory that survives its reset.

Interrupts disabled for 300 ms, and a panic of the system, reset the chip as well; the former
counts as a watchdog reset.
"""

import struct

import machine
from micropython import const

_NEVER_MS = const(1_000_000_000)  # 11 days, the longest possible
_BYTES = const(20)  # three words, a check word, sure and its inverse, bites and their inverse
_FORMAT = "<IIII"
_MAGIC = const(0x1758A5C3)
_SURE = const(16)
_BITES = const(18)


class Timer:
    """Resets the chip unless it is fed in time."""

    def __init__(self):
        self._timer = None

    def start(self, timeout_ms):
        """Start it."""
        self._timer = machine.WDT(timeout=timeout_ms)

    def feed(self):
        """Restart its time. No effect before `start`."""
        if self._timer is not None:
            self._timer.feed()

    def is_running(self):
        """Whether it was started; the chip has no status of it."""
        return self._timer is not None

    def stop(self):
        """For the REPL, which does not feed it: set 11 days, as it cannot be ended."""
        if self._timer is not None:
            machine.WDT(timeout=_NEVER_MS)
            self._timer = None


class Scratch:
    """Three words in RTC memory, which survives a reset with power on.

    The content is ignored after a power-up.
    """

    def __init__(self):
        self._memory = machine.RTC()
        self._bytes = bytearray(_BYTES)
        kept = self._memory.memory()
        if machine.reset_cause() != machine.PWRON_RESET and len(kept) == _BYTES:
            self._bytes[:] = kept

    def is_timer(self):
        """Whether the last reset was by the watchdog, for want of feeding."""
        return machine.reset_cause() == machine.WDT_RESET

    def keep(self, words, is_sure):
        """Store three words of 32 bits, and whether they are certain; see `vouch`."""
        first, second, third = words
        check = first ^ second ^ third ^ _MAGIC
        struct.pack_into(_FORMAT, self._bytes, 0, first, second, third, check)
        self.vouch(is_sure)

    def vouch(self, is_sure):
        """Change whether the stored words are certain. Allocates nothing."""
        self._put(_SURE, int(is_sure))

    def kept(self):
        """([three words], whether they are certain), or None if the check word is wrong."""
        first, second, third, check = struct.unpack_from(_FORMAT, self._bytes, 0)
        sure = self._get(_SURE)
        if first ^ second ^ third ^ _MAGIC != check or sure is None:
            return None
        return [first, second, third], sure == 1

    def bites(self):
        """The number that `count_bites` stored before the reset; 0 after a power-up."""
        return self._get(_BITES) or 0

    def count_bites(self, number):
        """Store a number, 0 to 255, for after the next reset."""
        self._put(_BITES, number)

    def _put(self, at, byte):
        self._bytes[at] = byte
        self._bytes[at + 1] = byte ^ 0xFF
        self._memory.memory(self._bytes)

    def _get(self, at):
        byte = self._bytes[at]
        return byte if self._bytes[at + 1] == byte ^ 0xFF else None
