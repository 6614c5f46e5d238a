# SPDX-License-Identifier: MIT
"""MicroPython's `time` in virtual time: ticks wrap at 2**30, the wall clock starts in 2021."""

import calendar
import time as _host_time

from pumpbench.targets.sim import timeline as _timeline
from pumpbench.targets.sim import world as _world

_PERIOD = 1 << 30
_MASK = _PERIOD - 1
_HALF = _PERIOD >> 1
_BOOT_S = 1_609_459_200  # 2021-01-01 00:00:00 since 1970


def ticks_us() -> int:
    w = _world.current
    w.spins += 1  # `spin` and `timer_ns`, without calls where there is nothing to do
    if w.spins > _timeline.SPIN_BUDGET:
        w.spin()
    timer_ns = w.now_ns if w.timer is None else w.timer_ns()
    return (timer_ns // 1_000 + w.ticks_us_at_boot) & _MASK


def ticks_ms() -> int:
    w = _world.current
    w.spin()
    return (w.timer_ns() // 1_000_000 + w.ticks_ms_at_boot) & _MASK


def ticks_cpu() -> int:
    ticks = _world.current.ticks_cpu()
    return ticks_us() if ticks is None else ticks & _MASK


def ticks_diff(end: int, start: int) -> int:
    return ((end - start + _HALF) & _MASK) - _HALF


def ticks_add(ticks: int, delta: int) -> int:
    if not -_HALF < delta < _HALF:
        raise OverflowError("ticks interval overflow")
    return (ticks + delta) & _MASK


def sleep(seconds: float) -> None:
    _sleep_ns(round(seconds * 1e9))


def sleep_ms(duration_ms: int) -> None:
    _sleep_ns(max(0, duration_ms) * 1_000_000)


def sleep_us(duration_us: int) -> None:
    _sleep_ns(max(0, duration_us) * 1_000)


def _sleep_ns(duration_ns: int) -> None:
    w = _world.current
    w.sleep_ns(w.by_timer_ns(duration_ns))


def time_ns() -> int:
    w = _world.current
    w.spin()
    return _BOOT_S * 1_000_000_000 + w.now_ns


def time() -> int:
    return time_ns() // 1_000_000_000


def gmtime(seconds: int | None = None) -> tuple[int, ...]:
    return tuple(_host_time.gmtime(time() if seconds is None else seconds))[:8]


localtime = gmtime


def mktime(fields: tuple[int, ...]) -> int:
    return calendar.timegm((*fields[:6], 0, 0, 0))
