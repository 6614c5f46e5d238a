# SPDX-License-Identifier: MIT
"""MicroPython's `select.poll`, over the console's streams and serial ports."""

from pumpbench.sim import fake_sys as _sys
from pumpbench.sim import world as _world

POLLIN, POLLOUT, POLLERR, POLLHUP = 1, 4, 8, 16


class _Poll:
    def __init__(self) -> None:
        self._streams: dict[int, list] = {}

    def register(self, stream, flags: int = POLLIN | POLLOUT) -> None:
        self._streams[id(stream)] = [stream, flags]

    def modify(self, stream, flags: int) -> None:
        self._streams[id(stream)][1] = flags

    def unregister(self, stream) -> None:
        self._streams.pop(id(stream), None)

    def poll(self, timeout_ms: int = -1) -> list[tuple[object, int]]:
        w = _world.current
        w.spin()
        ready = self._ready(w)
        if not ready and timeout_ms:
            timeout_ns = 1 << 61 if timeout_ms < 0 else timeout_ms * 1_000_000
            w.wait_for(lambda: bool(self._ready(w)), timeout_ns)
            ready = self._ready(w)
        return ready

    def ipoll(self, timeout_ms: int = -1, _flags: int = 0):
        return iter(self.poll(timeout_ms))

    def _ready(self, w) -> list[tuple[object, int]]:
        ready = []
        for stream, flags in self._streams.values():
            device = w.console if isinstance(stream, _sys._Text | _sys._Bytes) else stream
            state = flags & (
                (POLLIN if device.can_read() else 0) | (POLLOUT if device.can_write() else 0)
            )
            if state:
                ready.append((stream, state))
        return ready


def poll() -> _Poll:
    return _Poll()
