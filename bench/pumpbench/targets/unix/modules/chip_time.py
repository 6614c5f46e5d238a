# SPDX-License-Identifier: MIT
"""`time` of the chip: ticks of its timer, sleeps in its time, calendar of the interpreter."""

import time as _own

import board
import link
from micropython import const

gmtime = _own.gmtime
localtime = _own.gmtime
mktime = _own.mktime

_MASK = const((1 << 30) - 1)
_HALF = const(1 << 29)
_NOW_US, _SPINS = const(0), const(2)  # in the head
_AT_BOOT_US, _AT_BOOT_MS = board._TICKS_US, board._TICKS_MS
_head = link.head


def ticks_us():
    _head[_SPINS] += 1  # `link.spin`, without a call where there is nothing to report
    if _head[_SPINS] >= link.SPINS_MAX:
        link.report_spins()
    return (_head[_NOW_US] + _AT_BOOT_US) & _MASK


def ticks_ms():
    link.spin()
    return (_head[_NOW_US] // 1000 + _AT_BOOT_MS) & _MASK


ticks_cpu = ticks_us


def ticks_diff(end, start):
    return ((end - start + _HALF) & _MASK) - _HALF


def ticks_add(ticks, delta):
    if not -_HALF < delta < _HALF:
        raise OverflowError("ticks interval overflow")
    return (ticks + delta) & _MASK


def sleep(seconds):
    link.call("time", "sleep", seconds)


def sleep_ms(duration_ms):
    link.call("time", "sleep_ms", duration_ms)


def sleep_us(duration_us):
    link.call("time", "sleep_us", duration_us)


def time_ns():
    return link.call("time", "time_ns")


def time():
    return time_ns() // 1_000_000_000
