# SPDX-License-Identifier: MIT
"""The lock: a PIN guards what changes therapy, or what it rests on. Off until a PIN is set.

`require_open` is the one place that judges, and `is_open_to_all` the one rule: a command that the
rule does not name needs the PIN. The buttons do not come this way and need none. The PIN itself is
never kept, only a salted hash; it keeps a passer-by out, nobody who can read the flash.
"""

import binascii
import hashlib

from micropython import const

from pump.faults import LOCKED, WAIT, Refused

_OPEN_US = const(600_000_000)  # 10 min without a command that needs the PIN lock it again
_FREE = const(3)  # wrong PINs that cost no time; then 2, 4, 8 ... s
_LONGEST_S = const(900)
_US_PER_S = const(1_000_000)
_SALT_BYTES = const(8)
_SALT_DIGITS = const(16)
_HASH_BYTES = const(16)  # of the 32; a PIN has far fewer
_ROUNDS = const(256)

# What stops, silences and answers, besides queries, common commands and STATus.
_OPEN = (
    " THERapy:STOP BOLus:ABORt BOLus:PATient PRIMe:ABORt ALARm:ACKNowledge ALARm:PAUSe ALARm:TEST"
    " SYSTem:LOCK SYSTem:UNLock "
)


def is_open_to_all(pattern):
    """Whether the row of the tree with that pattern never needs the PIN. *RST discards edits."""
    if pattern.endswith("?") or pattern.startswith("STATus:"):
        return True
    return pattern != "*RST" if pattern[0] == "*" else " %s " % pattern in _OPEN


def has_pin(text):
    """Whether a message or header, in upper case, may have a PIN in it or behind it."""
    return "UNL" in text or ":PIN" in text


class Lock:
    """clock: `now_us()`. random_bytes(count): from the port."""

    def __init__(self, clock, random_bytes):
        self._clock = clock
        self._random_bytes = random_bytes
        self._secret = ""  # salt and hash as hexadecimal digits; no PIN is set: ""
        self._failures = 0  # since the PIN was last right
        self._failed_us = 0
        self._open_until_us = 0

    def begin(self):
        """The pump has started: the waiting time begins anew."""
        self._failed_us = self._clock.now_us()

    def is_set(self):
        """Whether there is a PIN."""
        return bool(self._secret)

    def is_locked(self):
        """Whether the PIN is needed now."""
        return self.is_set() and self._clock.now_us() >= self._open_until_us

    def wait_us(self):
        """How long until a PIN may be tried."""
        if self._failures < _FREE:
            return 0
        wait_s = min(2 << min(self._failures - _FREE, 9), _LONGEST_S)
        return max(self._failed_us + wait_s * _US_PER_S - self._clock.now_us(), 0)

    def require_open(self, pattern):
        """Raise Refused LOCKED if the command of a row needs the PIN; else it stays unlocked."""
        if not self._secret or is_open_to_all(pattern):
            return
        if self.is_locked():
            raise Refused(LOCKED)
        self._stay_open()

    def close(self):
        """Lock."""
        self._open_until_us = 0

    def count_try(self):
        """A PIN is about to be tried: it counts as wrong until it was right. Returns how many.

        To be recorded before `opens`: a power cut makes no try undone. Refused WAIT.
        """
        if self.wait_us():
            raise Refused(WAIT)
        self._failures += 1
        return self._failures

    def opens(self, pin):
        """Whether the PIN is right. It unlocks then; else the waiting time begins."""
        difference = 0
        for kept, given in zip(self._secret, _secret(self._secret[:_SALT_DIGITS], pin)):
            difference |= ord(kept) ^ ord(given)
        self._failed_us = self._clock.now_us()
        if difference:
            return False
        self._failures = 0
        self._stay_open()
        return True

    def set_pin(self, pin):
        """Take another PIN, "" for none; it is unlocked."""
        salt = binascii.hexlify(self._random_bytes(_SALT_BYTES)).decode()
        self._secret, self._failures = _secret(salt, pin) if pin else "", 0
        self._stay_open()

    def to_record(self):
        """[salt and hash, wrong PINs], as JSON can keep it."""
        return [self._secret, self._failures]

    def from_record(self, record):
        """Be again what `to_record` told."""
        self._secret, self._failures = record

    def lose(self):
        """There is no PIN: nobody could open it."""
        self._secret, self._failures = "", 0

    def _stay_open(self):
        self._open_until_us = self._clock.now_us() + _OPEN_US


def _secret(salt, pin):
    value = (salt + pin).encode()
    for _ in range(_ROUNDS):
        value = hashlib.sha256(value).digest()
    return salt + binascii.hexlify(value[:_HASH_BYTES]).decode()
