# SPDX-License-Identifier: MIT
"""Interruption of a script that drives a pump: raised once, then ignored until the pump stops."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def interrupted_once() -> Iterator[Callable[[], None]]:
    """Raise one KeyboardInterrupt for Ctrl-C, a kill or a closed terminal; ignore later ones.

    Yields a function that makes all of them ignored from then on: a pump is stopped undisturbed.
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
