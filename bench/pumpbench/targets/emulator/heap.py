# SPDX-License-Identifier: MIT
"""The heap of a board: the memory that each file of the firmware takes, on the emulated board.

The files, see `rooms`, are imported in an order in which none needs a later one, with a collection
before and after each; then the pump is built. The rest is the memory that `SYSTem:HEALth?`
reports.

MicroPython keeps names in pools, each twice as large as the one before: one name too many takes 9
kB at once.
"""

import re
from typing import NamedTuple

from pumpbench.images.image import at_boot
from pumpbench.images.uf2 import DEFAULT_VERSION
from pumpbench.targets.emulator import EmulatorTarget

# Names in the ROM of MicroPython take no memory, and are not counted.
MAIN = """
import gc
import board
gc.threshold(65_536)
hal = __import__("pump.hal." + board.PORT, None, None, ("make_safe",))
hal.make_safe(board)
def value():
    gc.collect()
    return gc.mem_free()
count = value()
print("heap of a board:", "start", count)
for name in {modules}:
    __import__(name)
    index = value()
    print("heap of a board:", name, count - index)
    count = index
from pump.app import assembled
app = assembled(board, hal)
index = value()
print("heap of a board:", "(the pump, built)", count - index)
import micropython
micropython.qstr_info()
print("heap of a board: what is left", index)
"""
_SAYS = "heap of a board: "
TIMEOUT_S = 30.0
_NAMES = re.compile(r"n_pool=(\d+), n_qstr=(\d+)")
_FIRST_PIECE = 20


class Heap(NamedTuple):
    """The memory of a board that has booted.

    files: (module, bytes) in order of import; first the free memory at the start. left: bytes.
    names: number of names in RAM; room: number for which there is room.
    """

    files: list[tuple[str, int]]
    left: int
    names: int
    room: int


def measure(version: str = DEFAULT_VERSION) -> Heap:
    """Boot an emulated board, and measure."""
    main = MAIN.replace("{modules}", repr(at_boot()))
    rows: list[tuple[str, int]] = []
    pieces = names = 0
    with EmulatorTarget(version=version, main=main) as target:
        while True:
            line = target.read_line(TIMEOUT_S)
            if line.startswith(_SAYS + "what is left"):
                return Heap(rows, int(line.split()[-1]), names, _FIRST_PIECE * (2**pieces - 1))
            if found := _NAMES.search(line):
                pieces, names = map(int, found.groups())
            elif line.startswith(_SAYS):
                name, _, count = line.removeprefix(_SAYS).rpartition(" ")
                rows.append((name, int(count)))
            elif "Error" in line:
                raise RuntimeError(line)


def table(heap: Heap) -> str:
    """As text, the largest first."""
    (_, start), *files = heap.files
    lines = [f"{start:7}  free once the HAL is imported"]
    lines += [f"{count:7}  {name}" for name, count in sorted(files, key=lambda row: -row[1])]
    lines.append(f"{heap.left:7}  left")
    return "\n".join([*lines, f"{heap.names:7}  names, of {heap.room} for which there is room"])
