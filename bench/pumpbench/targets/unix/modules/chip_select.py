# SPDX-License-Identifier: MIT
"""`select` of the chip: polls of the console and of serial ports."""

import chip_sys
import link

POLLIN, POLLOUT, POLLERR, POLLHUP = 1, 4, 8, 16
_CAN_READ, _CAN_WRITE = 1, 2


class _Poll:
    """Whether the console is ready is known locally; other streams need a request."""

    def __init__(self):
        self._number = link.new("select", "poll")
        self._consoles = []  # (stream, flags)
        self._has_others = False

    def register(self, stream, flags=POLLIN | POLLOUT):
        if chip_sys.is_console(stream):
            self._consoles.append((stream, flags))
        else:
            self._has_others = True
        link.call(self._number, "register", {"@": stream.number}, flags)

    def poll(self, timeout_ms=-1):
        if timeout_ms or self._has_others:
            return list(link.call(self._number, "poll", timeout_ms))
        link.spin()
        ready = []
        for stream, flags in self._consoles:
            state = POLLIN if flags & POLLIN and link.head[link.FLAGS] & _CAN_READ else 0
            if flags & POLLOUT and link.head[link.FLAGS] & _CAN_WRITE:
                state |= POLLOUT
            if state:
                ready.append((stream, state))
        return ready

    def ipoll(self, timeout_ms=-1, _flags=0):
        return iter(self.poll(timeout_ms))


def poll():
    return _Poll()
