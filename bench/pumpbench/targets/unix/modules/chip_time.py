# SPDX-License-Identifier: MIT
"""`time` of the chip: ticks of its timer, sleeps in its time, calendar of the interpreter."""

import time as _own

import board
import link

gmtime = _own.gmtime
localtime = _own.gmtime
mktime = _own.mktime

_MASK = (1 << 30) - 1
_HALF = 1 << 29


def ticks_us():
    link.spin()
    return (link.now_us + board._TICKS_US) & _MASK


def ticks_ms():
    link.spin()
    return (link.now_us // 1000 + board._TICKS_MS) & _MASK


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
