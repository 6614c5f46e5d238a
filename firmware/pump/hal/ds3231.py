# SPDX-License-Identifier: MIT
"""The DS3231, a clock with a battery, on I2C. Datasheet: Maxim 19-5170, registers 0x00 to 0x0F.

Date and time are text, `2026-03-01T07:30:00`, years 2000 to 2099, 24 hours. Its alarms are off:
their seven registers, which the battery keeps as well, hold the last instant at which the pump was
alive, as second, minute, hour, day, month, year and a check byte.
"""

from micropython import const

_ADDRESS = const(0x68)
_ALARMS = const(0x07)
_STATUS = const(0x0F)
_CHECK = const(0x5A)  # start of the exclusive-or check, so that zeros are not valid
_STOPPED = const(0x80)  # OSF: the oscillator has stopped since the time was set
_HOUR_BITS = const(0x3F)
_TWELVE = const(0x40)  # 12-hour mode: set by other software
_REST = b"\0\0\0\0\0\0\0\x1c\0"  # both alarms off; control as at power-up; status: it runs


class Ds3231:
    """bus: a `machine.I2C`."""

    def __init__(self, bus):
        self._bus = bus

    def read(self):
        """The time as text; None if it does not answer, or has stopped since it was set."""
        try:
            if self._bus.readfrom_mem(_ADDRESS, _STATUS, 1)[0] & _STOPPED:
                return None
            raw = self._bus.readfrom_mem(_ADDRESS, 0, 7)
        except OSError:
            return None
        if raw[2] & _TWELVE:
            return None
        return _text(raw[:3] + raw[4:])

    def mark(self):
        """Store the present time as the last instant alive; OSError if it does not answer."""
        raw = self._bus.readfrom_mem(_ADDRESS, 0, 7)
        kept = raw[:3] + raw[4:]
        self._bus.writeto_mem(_ADDRESS, _ALARMS, kept + bytes([_check(kept)]))

    def marked(self):
        """The last mark, as text like `read`; None if it is unknown."""
        try:
            raw = self._bus.readfrom_mem(_ADDRESS, _ALARMS, 7)
        except OSError:
            return None
        return _text(raw[:6]) if raw[6] == _check(raw[:6]) else None

    def write(self, text):
        """Set the time, in one transfer, the running flag last; OSError if it does not answer."""
        year, month, day = text[2:4], text[5:7], text[8:10]
        digits = text[17:19], text[14:16], text[11:13], "01", day, month, year
        self._bus.writeto_mem(_ADDRESS, 0, bytes([int(pair, 16) for pair in digits]) + _REST)


def _text(raw):
    second, minute, hour, day, month, year = raw
    fields = year, month & 0x1F, day, hour & _HOUR_BITS, minute, second
    return "20%02x-%02x-%02xT%02x:%02x:%02x" % fields


def _check(kept):
    check = _CHECK
    for byte in kept:
        check ^= byte
    return check
