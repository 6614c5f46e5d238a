# SPDX-License-Identifier: MIT
"""MicroPython's `select.poll`, over the console's streams and serial ports."""

from pumpbench.targets.sim import fake_sys as _sys
from pumpbench.targets.sim import world as _world

POLLIN, POLLOUT, POLLERR, POLLHUP = 1, 4, 8, 16


class _Poll:
    def __init__(self) -> None:
        self._streams: dict[int, tuple] = {}  # (stream, what it is read from, flags)

    def register(self, stream, flags: int = POLLIN | POLLOUT) -> None:
        is_console = isinstance(stream, _sys._Text | _sys._Bytes)
        device = _world.current.console if is_console else stream
        self._streams[id(stream)] = stream, device, flags

    def modify(self, stream, flags: int) -> None:
        self._streams[id(stream)] = (*self._streams[id(stream)][:2], flags)

    def unregister(self, stream) -> None:
        self._streams.pop(id(stream), None)

    def poll(self, timeout_ms: int = -1) -> list[tuple[object, int]]:
        w = _world.current
        w.spin()
        ready = self._ready()
        if not ready and timeout_ms:
            timeout_ns = 1 << 61 if timeout_ms < 0 else timeout_ms * 1_000_000
            w.wait_for(lambda: bool(self._ready()), timeout_ns)
            ready = self._ready()
        return ready

    def ipoll(self, timeout_ms: int = -1, _flags: int = 0):
        return iter(self.poll(timeout_ms))

    def _ready(self) -> list[tuple[object, int]]:
        ready = []
        for stream, device, flags in self._streams.values():
            state = POLLIN if flags & POLLIN and device.can_read() else 0
            if flags & POLLOUT and device.can_write():
                state |= POLLOUT
            if state:
                ready.append((stream, state))
        return ready


def poll() -> _Poll:
    return _Poll()
