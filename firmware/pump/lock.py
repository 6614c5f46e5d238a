# SPDX-License-Identifier: MIT
"""The lock: a PIN protects the commands that change therapy or its basis. Off until a PIN is set.

`require_open` is the one place of judgement, and `is_open_to_all` the one rule: a command that the
rule does not list needs the PIN. The buttons bypass it. Only a salted hash of the PIN is stored;
it keeps out a passer-by, not somebody who can read the flash.
"""

import binascii
import hashlib

from micropython import const

from pump.faults import LOCKED, WAIT, Refused

_OPEN_US = const(600_000_000)  # it locks after 10 min without a command that needs the PIN
_FREE = const(3)  # wrong PINs without a waiting time; then 2, 4, 8 ... s
_LONGEST_S = const(900)
_US_PER_S = const(1_000_000)
_SALT_BYTES = const(8)
_SALT_DIGITS = const(16)
_HASH_BYTES = const(16)  # of the 32 of SHA-256; a PIN has far less entropy
_ROUNDS = const(256)

# Commands that stop, silence and answer; also open: queries, common commands and STATus.
_OPEN = (
    " THERapy:STOP BOLus:ABORt BOLus:PATient PRIMe:ABORt ALARm:ACKNowledge ALARm:PAUSe ALARm:TEST"
    " SYSTem:LOCK SYSTem:UNLock "
)


def is_open_to_all(pattern):
    """Whether the command with that pattern never needs the PIN. *RST needs it."""
    if pattern.endswith("?") or pattern.startswith("STATus:"):
        return True
    return pattern != "*RST" if pattern[0] == "*" else " %s " % pattern in _OPEN


def has_pin(text):
    """Whether a message or header, in upper case, may contain a PIN."""
    return "UNL" in text or ":PIN" in text


class Lock:
    """clock: `now_us()`. random_bytes(count): unpredictable bytes, from the port."""

    def __init__(self, clock, random_bytes):
        self._clock = clock
        self._random_bytes = random_bytes
        self._secret = ""  # salt and hash as hexadecimal digits; "": no PIN is set
        self._failures = 0  # since the PIN was last right
        self._failed_us = 0
        self._open_until_us = 0

    def begin(self):
        """The pump has started: the waiting time after wrong PINs begins anew."""
        self._failed_us = self._clock.now_us()

    def is_set(self):
        """Whether a PIN is set."""
        return bool(self._secret)

    def is_locked(self):
        """Whether the PIN is needed now."""
        return self.is_set() and self._clock.now_us() >= self._open_until_us

    def wait_us(self):
        """Microseconds until a PIN may be tried."""
        if self._failures < _FREE:
            return 0
        wait_s = min(2 << min(self._failures - _FREE, 9), _LONGEST_S)
        return max(self._failed_us + wait_s * _US_PER_S - self._clock.now_us(), 0)

    def require_open(self, pattern):
        """For a command that needs the PIN: Refused LOCKED, or else prolong the open time."""
        if not self._secret or is_open_to_all(pattern):
            return
        if self.is_locked():
            raise Refused(LOCKED)
        self._stay_open()

    def close(self):
        """Lock."""
        self._open_until_us = 0

    def count_try(self):
        """Count a try, as wrong until `opens` succeeds. Returns the count. Refused WAIT.

        To be recorded before `opens`, so that a power cut undoes no try.
        """
        if self.wait_us():
            raise Refused(WAIT)
        self._failures += 1
        return self._failures

    def opens(self, pin):
        """Whether the PIN is right. If so, unlock; if not, begin the waiting time."""
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
        """Set another PIN, "" for none, and unlock."""
        salt = binascii.hexlify(self._random_bytes(_SALT_BYTES)).decode()
        self._secret, self._failures = _secret(salt, pin) if pin else "", 0
        self._stay_open()

    def to_record(self):
        """[salt and hash, count of wrong PINs], for JSON."""
        return [self._secret, self._failures]

    def from_record(self, record):
        """Restore the state that `to_record` returned."""
        self._secret, self._failures = record

    def lose(self):
        """The record is lost: no PIN is set, as nobody could open the lock."""
        self._secret, self._failures = "", 0

    def _stay_open(self):
        self._open_until_us = self._clock.now_us() + _OPEN_US


def _secret(salt, pin):
    value = (salt + pin).encode()
    for _ in range(_ROUNDS):
        value = hashlib.sha256(value).digest()
    return salt + binascii.hexlify(value[:_HASH_BYTES]).decode()
