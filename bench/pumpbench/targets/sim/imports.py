# SPDX-License-Identifier: MIT
"""Imports of firmware by CPython: its own `import`s get the fakes, those of other code do not.

Firmware modules are given builtins of their own, in which `__import__` knows the fakes, `print`
goes to the board's console and `open` to its filesystem. So `time`, `sys` and `os` are unchanged
for tests, at any time. The package `pump` is imported once per process; `board` depends on the
current world.
"""

import builtins
import importlib
import sys
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from pumpbench.targets.sim import fake_io, fake_sys
from pumpbench.targets.sim import world as _world
from pumpbench.targets.sim.ports import MODULES, PORTS

FIRMWARE_DIR = Path(__file__).resolve().parents[4] / "firmware"
FAKES = frozenset(("micropython", "time", "select", "sys", "gc", "os", "io"))  # on every port
# Names that older firmware uses for the same modules.
ALIASES = {"utime": "time", "uselect": "select", "usys": "sys", "uos": "os", "uio": "io"}


def _import(name: str, scope=None, local=None, names=(), level: int = 0):
    """`__import__` for firmware."""
    if level == 0:
        name = ALIASES.get(name, name)
        if name in MODULES:
            return _of_port(name, (scope or {}).get("__name__", ""))
        if name in FAKES:
            return importlib.import_module(f"pumpbench.targets.sim.fake_{name}")
        if name == "board":
            return _world.current.board
    return builtins.__import__(name, scope, local, names, level)


def _of_port(name: str, importer: str) -> ModuleType:
    """A module of which each port has its own.

    Modules of a port, and main.py, get that of their port. Modules shared by the ports are
    imported once for all boards of the process, and get a proxy for that of the current board.
    """
    port = importer.removeprefix("pump.hal.").partition("_")[0]
    if port not in PORTS:
        if importer.startswith("pump."):
            return MACHINE
        port = _port()
    if name not in PORTS[port].modules:
        raise ImportError(f"no module named {name!r}")
    return importlib.import_module(f"{PORTS[port].fakes}.fake_{name}")


def _port() -> str:
    world = _world.current
    board = world.board if isinstance(world, _world.World) else None
    return getattr(board, "PORT", "rp2")


class _Machine(ModuleType):
    """A proxy for the `machine` of the running board."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_of_port("machine", ""), name)


MACHINE = _Machine("machine")


def _print(*values: object, sep: str = " ", end: str = "\n", file=None) -> None:
    """`print` for firmware."""
    (file or fake_sys.stdout).write(sep.join(map(str, values)) + end)


BUILTINS = {**vars(builtins), "__import__": _import, "print": _print, "open": fake_io.open}


def run_main(source: str, path: str) -> None:
    """Execute the text of a main.py as the board does after boot."""
    names = {"__name__": "__main__", "__builtins__": BUILTINS}
    exec(_compiled(source, path), names)


@cache
def _compiled(source: str, path: str) -> CodeType:
    return compile(source, path, "exec")


class _FirmwareLoader(SourceFileLoader):
    def exec_module(self, module) -> None:
        module.__dict__["__builtins__"] = BUILTINS
        # As on a board: the path from the folder of the program.
        module.__file__ = str(Path(self.path).relative_to(FIRMWARE_DIR).with_suffix(".mpy"))
        super().exec_module(module)


class FirmwareFinder:
    """Finds the package `pump` in firmware/."""

    @staticmethod
    def find_spec(name: str, path=None, _target=None) -> ModuleSpec | None:
        if name.partition(".")[0] != "pump":
            return None
        spec = PathFinder.find_spec(name, [str(FIRMWARE_DIR)] if path is None else path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _FirmwareLoader(spec.loader.name, spec.loader.path)
        return spec


def install() -> None:
    """Make `import pump` work in this process."""
    if FirmwareFinder not in sys.meta_path:
        sys.meta_path.insert(0, FirmwareFinder)
