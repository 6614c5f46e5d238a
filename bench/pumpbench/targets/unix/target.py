# SPDX-License-Identifier: MIT
"""The `unix` target: `sim`'s board, whose firmware runs on a real MicroPython interpreter."""

import builtins
import functools
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from pumpbench.images import image
from pumpbench.targets.sim.target import SimTarget
from pumpbench.targets.unix.interpreter import Interpreter, InterpreterDied
from pumpbench.targets.unix.relay import Relay

HEAP_BYTES = 512_000  # a board has about 190 kB, for objects half as large


class FirmwareError(Exception):
    """An exception in main.py that is none of CPython's own."""


class UnixTarget(SimTarget):
    """A board like that of `SimTarget`, with its options, that runs the files of a real board.

    These are bytecode with shortened names. heap_bytes: of the interpreter, including its
    stand-ins for the chip's modules. Firmware that is ended by a reset or power off is gone at
    once: no more of it runs, not even `finally`.
    """

    name = "unix"

    def __init__(
        self,
        board: str | ModuleType = "RPI_PICO",
        *,
        heap_bytes: int = HEAP_BYTES,
        **options: Any,
    ) -> None:
        super().__init__(board, **options)
        self._heap_bytes = heap_bytes
        self._traceback = ""
        # Now, as it may take seconds, which would be a hang while the board runs.
        self._folder, self._linked = _firmware(), image.linked(self._main).decode()

    def _run_main(self) -> None:
        child = Interpreter(self._linked, _board_text(self), self._folder, self._heap_bytes)
        try:
            name, text, self._traceback = Relay(self.world, child).run()
        except InterpreterDied as death:
            self.world.fail(death)
            raise
        finally:
            child.close()
        if name is not None:
            raise _exception(name, text)

    def _print(self, error: BaseException) -> None:
        self.world.console.write(self._traceback.replace("\n", "\r\n").encode())


@functools.cache
def _kept_folder() -> tempfile.TemporaryDirectory:
    """The folder of the compiled firmware, made once per process and removed at its end."""
    kept = tempfile.TemporaryDirectory(prefix="pumpbench-")
    for name, content in image.package().items():
        path = Path(kept.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return kept


def _firmware() -> Path:
    return Path(_kept_folder().name)


def _board_text(target: UnixTarget) -> str:
    """A board file with the data of the target's board."""
    facts = {**vars(target.board), "_TICKS_MS": target.world.ticks_ms_at_boot}
    facts["_TICKS_US"] = target.world.ticks_us_at_boot
    return "".join(f"{n} = {facts[n]!r}\n" for n in facts if n.lstrip("_").isupper())


def _exception(name: str, text: str) -> BaseException:
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return kind(text)
    return FirmwareError(f"{name}: {text}")
