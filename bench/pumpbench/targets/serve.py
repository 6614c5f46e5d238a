# SPDX-License-Identifier: MIT
"""The emulated board as a serial port: its console on a pseudo-terminal, in real time at most.

PyVISA (`ASRL<path>::INSTR`), pyserial and mpremote open it like the port of a real board. Output
while nobody has the port open is lost, as on USB.
"""

import os
import select
import signal
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

from pumpbench.images.uf2 import DEFAULT_VERSION
from pumpbench.targets.emulator import EmulatorTarget
from pumpbench.targets.hand import Board, Hand, is_served

LINK = Path("build/pump.tty")
SLICE_S = 0.005
LATE_S = 0.1  # a delay beyond this is not caught up


class Terminal:
    """A raw pseudo-terminal behind a symbolic link. Raises FileExistsError for a file there."""

    def __init__(self, link: Path) -> None:
        if link.exists() and not link.is_symlink():
            raise FileExistsError(f"{link} is a file; give another path for the console")
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._poll = select.poll()
        self._poll.register(self._master, select.POLLIN)
        self._link = link
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(self.path)

    @property
    def is_open(self) -> bool:
        """Whether anybody has the port open."""
        return not any(events & select.POLLHUP for _, events in self._poll.poll(0))

    def wait(self, timeout_s: float) -> None:
        """Return when there is input, or at the time-out."""
        if self.is_open:
            self._poll.poll(round(timeout_s * 1000))
        else:
            time.sleep(timeout_s)

    def read(self, most_bytes: int) -> bytes:
        """Input, at most `most_bytes`; perhaps none."""
        try:
            return os.read(self._master, most_bytes)
        except OSError:  # no input, or no reader
            return b""

    def write(self, data: bytes | bytearray) -> int:
        """Pass on what the reader has room for; without one all is lost. Returns the number."""
        if not self.is_open:
            return len(data)
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        if self._link.is_symlink() and os.readlink(self._link) == self.path:
            self._link.unlink()
        os.close(self._master)


def bridge(
    target: Board, terminal: Terminal, is_over: Callable[[], bool], hand: Hand | None = None
) -> None:
    """Run the board and carry bytes both ways until `is_over`; the hand may replace the board."""
    start_s = time.monotonic() - target.now_ns / 1e9
    while not is_over():
        before, target = target, hand.act(target) if hand is not None else target
        if target is not before:
            start_s = time.monotonic() - target.now_ns / 1e9
        ahead_s = target.now_ns / 1e9 - (time.monotonic() - start_s)
        if ahead_s < -LATE_S:
            start_s -= ahead_s
        terminal.wait(max(ahead_s, 0))
        typed = terminal.read(target.free_bytes)
        if typed:
            target.write(typed)
        target.run(SLICE_S)
        del target.output[: terminal.write(target.output)]


def serve(
    board: str,
    link: Path = LINK,
    version: str = DEFAULT_VERSION,
    *,
    image: bytes | None = None,
    on_ready: Callable[[str], None] = lambda path: None,
) -> None:
    """Boot `board`, with `image` or the present firmware, and serve its console at `link`.

    Returns after SIGINT or SIGTERM. on_ready: called with the path of the pseudo-terminal. Raises
    FileExistsError if another process serves a board there.
    """
    if is_served(Path(link)):
        raise FileExistsError(f"{link} is the console of a board already; give another path")
    target = EmulatorTarget(board, version, image=image)
    over = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: over.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    terminal = Terminal(Path(link))
    hand = Hand(Path(link), lambda flash: EmulatorTarget(board, version, flash=flash))
    try:
        on_ready(terminal.path)
        bridge(target, terminal, over.is_set, hand)
    finally:
        hand.close()
        terminal.close()
        for number, handler in before.items():
            signal.signal(number, handler)
