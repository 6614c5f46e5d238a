# SPDX-License-Identifier: MIT
"""The watchdog of the rp2 port: its timer, and its registers, which survive the reset it makes.

RP2040 datasheet 4.7, RP2350 datasheet 12.9; base is the address of the registers.
"""

import os

import machine
from micropython import const

_BASES = {"RP2040": 0x4005_8000, "RP2350": 0x400D_8000}
_CONTROL = const(0x00)
_REASON = const(0x08)  # cause of the last reset; bit 0: the timer
_SCRATCH = const(0x0C)  # eight words; MicroPython's reset uses that of index 4
_CHECK = const(0x0C + 4 * 3)
_BITES = const(0x0C + 4 * 5)
_ENABLE = const(0x4000_0000)
_MAGIC = const(0x1758A5C3)
_SURE = const(0x5A5A5A5A)  # also in the check word when the words are certain
_COUNT = const(0x0B17E500)  # the low byte is the number of bites


def base():
    """The address of the registers; None on an unknown chip."""
    return _BASES.get(os.uname().machine.split()[-1])


class Timer:
    """Resets the chip unless it is fed in time."""

    def __init__(self, base):
        self._orders = base + _CONTROL
        self._timer = None

    def start(self, timeout_ms):
        """Start it; timeout_ms: 8388 at most."""
        self._timer = machine.WDT(timeout=timeout_ms)

    def feed(self):
        """Restart its time. No effect before `start`."""
        if self._timer is not None:
            self._timer.feed()

    def is_running(self):
        """Whether the chip reports it as enabled."""
        return machine.mem32[self._orders] & _ENABLE != 0

    def stop(self):
        """Disable it for the REPL, which does not feed it. `machine.WDT` cannot do that."""
        self._timer = None
        machine.mem32[self._orders] = machine.mem32[self._orders] & ~_ENABLE


class Scratch:
    """Three words that survive a reset with power on; a fourth is their check word."""

    def __init__(self, base):
        self._first = base + _SCRATCH
        self._check = base + _CHECK
        self._reason = base + _REASON
        self._bites = base + _BITES
        self._sure = self._unsure = 0  # values of the check word

    def is_timer(self):
        """Whether the last reset was by the watchdog, for want of feeding."""
        return machine.reset_cause() == machine.WDT_RESET and machine.mem32[self._reason] & 1 == 1

    def keep(self, words, is_sure):
        """Store three words of 32 bits, and whether they are certain; see `vouch`."""
        check = _MAGIC
        for index, word in enumerate(words):
            machine.mem32[self._first + 4 * index] = word
            check ^= word
        self._unsure, self._sure = check, check ^ _SURE
        self.vouch(is_sure)

    def vouch(self, is_sure):
        """Change whether the stored words are certain. Allocates nothing."""
        machine.mem32[self._check] = self._sure if is_sure else self._unsure

    def kept(self):
        """([three words], whether they are certain), or None if the check word is wrong."""
        words = [machine.mem32[self._first + 4 * index] & 0xFFFFFFFF for index in range(4)]
        check = words[0] ^ words[1] ^ words[2] ^ words[3]
        return (words[:3], check != _MAGIC) if check in (_MAGIC, _MAGIC ^ _SURE) else None

    def bites(self):
        """The number that `count_bites` stored before the reset; 0 after a power-up."""
        word = machine.mem32[self._bites] & 0xFFFFFFFF
        return word & 0xFF if word >> 8 == _COUNT >> 8 else 0

    def count_bites(self, number):
        """Store a number, 0 to 255, for after the next reset."""
        machine.mem32[self._bites] = _COUNT | number
