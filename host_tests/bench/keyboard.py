# SPDX-License-Identifier: MIT
"""A terminal for a command of the bench, with somebody at its keyboard."""

import codecs
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time


def _sit_down() -> None:
    """The terminal is whence Ctrl-C comes, also where the tests run with their signals ignored."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Keyboard:
    """A command of the bench, another module or program, in a terminal of 80 columns, 24 rows."""

    def __init__(self, *arguments: str, module: str = "pumpbench", program: str = "") -> None:
        self._fd, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        command = [program] if program else [sys.executable, "-m", module]
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_sit_down,
        )
        os.close(slave)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def interrupt(self, typed: str) -> None:
        """Type, and then Ctrl-C, as often as anybody would until something comes of it.

        CPython keeps a signal to itself while it sets out to wait for a key: between the prompt
        and the first wait, and between any echo and the next one. The next signal wakes it.
        """
        self.type(typed)
        self.until(typed)
        for _ in range(4):
            self.type("\x03")
            if self._is_anything_shown(5):
                return
        raise AssertionError("Ctrl-C is not heard")

    def _is_anything_shown(self, within_s: float) -> bool:
        return bool(self.shown) or bool(select.select([self._fd], [], [], within_s)[0])

    def until(self, text: str, timeout_s: float = 20) -> str:
        """Read on until a text has come; what was shown before it, which is gone then."""
        deadline_s = time.monotonic() + timeout_s
        while text not in self.shown:
            left_s = deadline_s - time.monotonic()
            is_there = select.select([self._fd], [], [], max(left_s, 0))[0]
            assert is_there, f"{text!r} does not come in {timeout_s} s: {self.shown!r}"
            try:
                self.shown += self._decoder.decode(os.read(self._fd, 1000))
            except OSError:  # the command has ended
                status = self.process.wait()
                raise AssertionError(f"ended with {status}, showing {self.shown!r}") from None
        before, _, self.shown = self.shown.partition(text)
        return before

    def assert_ends(self, status: int, timeout_s: float = 20) -> None:
        """It ends with that status; with another one, what it showed is told."""
        ended = self.process.wait(timeout_s)
        if ended != status:
            with contextlib.suppress(OSError):  # all of it has been read
                while data := os.read(self._fd, 1000):
                    self.shown += self._decoder.decode(data)
            raise AssertionError(f"ended with {ended}, showing {self.shown!r}")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._fd)
