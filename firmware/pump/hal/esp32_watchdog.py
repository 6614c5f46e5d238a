# SPDX-License-Identifier: MIT
"""The watchdog of the esp32 port: the task watchdog, and memory that survives its reset.

Interrupts that are off for 300 ms, and a panic of the system, reset the chip as well; the first
counts as the watchdog.
"""

import struct

import machine
from micropython import const

_NEVER_MS = const(1_000_000_000)  # 11 days, which is as long as it can be made
_BYTES = const(20)  # three words, a check word, sure and its inverse, bites and their inverse
_FORMAT = "<IIII"
_MAGIC = const(0x1758A5C3)
_SURE = const(16)
_BITES = const(18)


class Timer:
    """Resets the chip when nobody feeds it in time."""

    def __init__(self):
        self._timer = None

    def start(self, timeout_ms):
        """Let it run."""
        self._timer = machine.WDT(timeout=timeout_ms)

    def feed(self):
        """Begin its time anew. Nothing is done before `start`."""
        if self._timer is not None:
            self._timer.feed()

    def is_running(self):
        """Whether it was started; the chip cannot be asked."""
        return self._timer is not None

    def stop(self):
        """The REPL comes next, and nobody feeds it there. It has 11 days then, no end."""
        if self._timer is not None:
            machine.WDT(timeout=_NEVER_MS)
            self._timer = None


class Scratch:
    """Three words in RTC memory, which is as it was after a reset without power.

    It is not believed after a power-up.
    """

    def __init__(self):
        self._memory = machine.RTC()
        self._bytes = bytearray(_BYTES)
        kept = self._memory.memory()
        if machine.reset_cause() != machine.PWRON_RESET and len(kept) == _BYTES:
            self._bytes[:] = kept

    def is_timer(self):
        """True when the watchdog has reset the board because nobody fed it."""
        return machine.reset_cause() == machine.WDT_RESET

    def keep(self, words, is_sure):
        """Three words of 32 bits, and whether they are certain; see `vouch`."""
        first, second, third = words
        check = first ^ second ^ third ^ _MAGIC
        struct.pack_into(_FORMAT, self._bytes, 0, first, second, third, check)
        self.vouch(is_sure)

    def vouch(self, is_sure):
        """Say whether what was kept is certain. Allocates nothing."""
        self._put(_SURE, int(is_sure))

    def kept(self):
        """(the three words, whether they are certain), or None."""
        first, second, third, check = struct.unpack_from(_FORMAT, self._bytes, 0)
        sure = self._get(_SURE)
        if first ^ second ^ third ^ _MAGIC != check or sure is None:
            return None
        return [first, second, third], sure == 1

    def bites(self):
        """The number that `count_bites` was told of in the life before; 0 after a power-up."""
        return self._get(_BITES) or 0

    def count_bites(self, number):
        """Keep a number up to 255 for the next life."""
        self._put(_BITES, number)

    def _put(self, at, byte):
        self._bytes[at] = byte
        self._bytes[at + 1] = byte ^ 0xFF
        self._memory.memory(self._bytes)

    def _get(self, at):
        byte = self._bytes[at]
        return byte if self._bytes[at + 1] == byte ^ 0xFF else None
