# SPDX-License-Identifier: MIT
"""Where the heap of a board goes: what each module of the firmware takes, on the emulated board.

The modules are imported in an order in which none needs a later one, with a collection before and
after each; then the pump is built. What is left is what `SYSTem:HEALth?` has to work with.
"""

import ast
from pathlib import Path

from pumpbench.emulator import EmulatorTarget
from pumpbench.image import FIRMWARE
from pumpbench.uf2 import DEFAULT_VERSION

MAIN = """
import gc
import board
gc.threshold(32_768)
hal = __import__("pump.hal." + board.PORT, None, None, ("make_safe",))
hal.make_safe(board)
def free():
    gc.collect()
    return gc.mem_free()
before = free()
print("heap", "start", before)
for name in {modules}:
    __import__(name)
    now = free()
    print("heap", name, before - now)
    before = now
from pump.app import App
app = App(board, hal)
now = free()
print("heap", "(the pump, built)", before - now)
print("heap", "left", now)
"""
TIMEOUT_S = 30.0
_NOT_LOADED = ("pump.hal.rp2_level", "pump.hal.ds3231")  # not on this board


def measure(version: str = DEFAULT_VERSION) -> list[tuple[str, int]]:
    """(module, bytes) in order of import; first what was free at the start, last what is left."""
    main = MAIN.replace("{modules}", repr(import_order()))
    rows = []
    with EmulatorTarget(version=version, main=main) as target:
        while not rows or rows[-1][0] != "left":
            line = target.read_line(TIMEOUT_S)
            if line.startswith("heap "):
                name, _, count = line.removeprefix("heap ").rpartition(" ")
                rows.append((name, int(count)))
            elif "Error" in line:
                raise RuntimeError(line)
    return rows


def import_order() -> list[str]:
    """All modules of the package `pump` but the HAL, each after what it imports."""
    paths = {_name(path): path for path in sorted((FIRMWARE / "pump").rglob("*.py"))}
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order or name not in paths:
            return
        for other in _imports(paths[name]):
            visit(other)
        if name not in order:
            order.append(name)

    for name in paths:
        visit(name)
    return [name for name in order if name not in _NOT_LOADED]


def _name(path: Path) -> str:
    return ".".join(path.relative_to(FIRMWARE).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> list[str]:
    names = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *[f"{node.module}.{alias.name}" for alias in node.names]]
    return names


def table(rows: list[tuple[str, int]]) -> str:
    """The rows as text, each package with the sum of its modules, the largest first."""
    (_, start), *modules, (_, left) = rows
    lines = [f"{start:7}  free once the HAL is imported"]
    lines += [f"{count:7}  {name}" for name, count in sorted(modules, key=lambda row: -row[1])]
    return "\n".join([*lines, f"{left:7}  left"])
