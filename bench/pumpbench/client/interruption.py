# SPDX-License-Identifier: MIT
"""An interruption of what moves a pump: heard once, and then not until the pump is stopped."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def interrupted_once() -> Iterator[Callable[[], None]]:
    """Ctrl-C, a kill and a closed terminal are one KeyboardInterrupt; those after it are nothing.

    Yields what makes all of them nothing from then on: a pump is stopped undisturbed.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    heard = [number for number in _SIGNALS if before[number] != signal.SIG_IGN]  # as under nohup

    def no_more() -> None:
        for number in heard:
            signal.signal(number, signal.SIG_IGN)

    def interrupt(*_: object) -> None:
        no_more()
        raise KeyboardInterrupt

    for number in heard:
        signal.signal(number, interrupt)
    try:
        yield no_more
    finally:
        for number in heard:
            signal.signal(number, before[number] or signal.SIG_DFL)
