# SPDX-License-Identifier: MIT
"""MicroPython's `sys`: properties of the interpreter, console streams, printing of exceptions."""

import traceback
from collections.abc import Callable
from types import SimpleNamespace

from pumpbench.targets.sim import world as _world

platform = "rp2"
version = "3.4.0; MicroPython v1.22.0 on 2023-12-27"
version_info = (3, 4, 0)
byteorder = "little"
maxsize = 0x7FFFFFFF
implementation = SimpleNamespace(
    name="micropython", version=(1, 22, 0), _machine="Raspberry Pi Pico with RP2040", _mpy=4870
)
path = ["", ".frozen", "/lib"]
argv: list[str] = []
modules: dict[str, object] = {}


class _Bytes:
    """`sys.stdin.buffer` and `sys.stdout.buffer`."""

    def read(self, count: int = 1) -> bytes:
        return _world.current.console.read(count)

    def readinto(self, buffer, count: int | None = None) -> int:
        data = self.read(len(buffer) if count is None else count)
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: bytes) -> int:
        return _world.current.console.write(bytes(data))


class _Text:
    """`sys.stdin` and `sys.stdout`: characters, with LF sent as CR LF."""

    def __init__(self) -> None:
        self.buffer = _Bytes()

    def read(self, count: int = 1) -> str:
        return self.buffer.read(count).decode("latin-1")

    def readline(self) -> str:
        line = ""
        while not line.endswith("\n"):
            line += self.read(1)
        return line

    def write(self, text: str | bytes) -> int:
        data = text.encode() if isinstance(text, str) else bytes(text)
        _world.current.console.write(data.replace(b"\n", b"\r\n"))
        return len(text)


stdin = _Text()
stdout = _Text()
stderr = stdout


def print_exception(error: BaseException, file: _Text = stdout) -> None:
    file.write("".join(traceback.format_exception(error)))


def call_back(callback: Callable[[object], object], argument: object) -> None:
    """Run a callback of the firmware; an exception in it is printed, as on the board."""
    try:
        callback(argument)
    except Exception as error:  # noqa: BLE001
        print_exception(error)


def exit(code: object = 0) -> None:
    raise SystemExit(code)
