# SPDX-License-Identifier: MIT
"""Two programs on one board: a new one is tried, and the previous one is kept.

A program is main.py, board.py and the package pump, in a folder of its own: / from an image, /a or
/b from a deployment. /slot names the one that runs; firmware/boot.py reads it. The new one goes to
a slot that does not run, so one of the two is intact whenever a deployment is interrupted.
"""

import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pumpbench.images.image import BLOCK_BYTES, BOOT, FOLDERS, MAIN

ROOT = "/"
SLOTS = ("/a", "/b")
POINTER = "/slot"
# Places of programs; /lib: of the package before there were slots.
PLACES = (*SLOTS, "/main.py", "/board.py", "/pump", "/lib/pump")

SPARE_BYTES = 128 * 1024  # for records, the log, and spare blocks of LittleFS

Sum = tuple[int, int]  # length and CRC-32 of a file


@dataclass(frozen=True)
class Remove:
    """Remove an unneeded file."""

    path: str


@dataclass(frozen=True)
class Write:
    """Write a file; its folder is made if it is missing."""

    path: str
    content: bytes


@dataclass(frozen=True)
class Copy:
    """Copy a file of the running program: `size` bytes that need not be sent."""

    path: str
    source: str
    size: int


@dataclass(frozen=True)
class MakeFolder:
    """Make a folder, unless it exists."""

    path: str


Step = Remove | Write | Copy | MakeFolder


@dataclass(frozen=True)
class Found:
    """The content of a board: files of PLACES and BOOT by path, and the text of POINTER.

    free: free bytes of its filesystem.
    """

    sums: Mapping[str, Sum]
    pointer: str
    free: int

    @property
    def running(self) -> str:
        """The folder of the program that runs after a reset."""
        named = self.pointer.split()
        return named[0] if named and named[0] in SLOTS and self.has_main(named[0]) else ROOT

    @property
    def target(self) -> str:
        """The folder for a new program."""
        return SLOTS[1] if self.running == SLOTS[0] else SLOTS[0]

    def has_main(self, slot: str) -> bool:
        return _in(slot, MAIN) in self.sums


def sum_of(content: bytes) -> Sum:
    return len(content), binascii.crc32(content)


def need(steps: Sequence[Step], found: Found) -> int:
    """The number of bytes missing on the board for these steps; 0 if there is room."""
    taken = 0
    for step in steps:
        if isinstance(step, Write):
            taken += _blocks(len(step.content))
        elif isinstance(step, Copy):
            taken += _blocks(step.size)
        size = found.sums.get(step.path, (0, 0))[0]
        taken -= _blocks(size) if size else 0
    return max(0, taken + SPARE_BYTES - found.free)


def before(found: Found, files: Mapping[str, bytes]) -> list[Step]:
    """The steps that put a program beside the running one; `switch` follows.

    files: path from the folder of the program -> content, without BOOT.
    """
    wanted = {found.target + path: data for path, data in files.items()}
    keeps = (*wanted, *_files_in(found, found.running))
    steps = stay(found)  # the program to be tried is about to be overwritten
    if not found.has_main(found.running):
        # Where a program is, they are, or are lost; and that is for the firmware to see.
        steps += [MakeFolder(folder) for folder in FOLDERS]
    steps += [Remove(path) for path in sorted(found.sums) if path not in (*keeps, BOOT)]
    changed = {path for path, data in wanted.items() if found.sums.get(path) != sum_of(data)}
    folders = {folder for path in changed for folder in _above(path)}
    steps += [MakeFolder(folder) for folder in sorted(folders)]
    for path in sorted(changed):
        content, source = wanted[path], _in(found.running, path.removeprefix(found.target))
        is_same = found.sums.get(source) == sum_of(content)
        steps.append(Copy(path, source, len(content)) if is_same else Write(path, content))
    return steps


def stay(found: Found) -> list[Step]:
    """The step that cancels a trial at the next reset; none if there is none to cancel."""
    is_tried = len(found.pointer.split()) > 1
    return [Write(POINTER, found.running.encode())] if is_tried else []


def switch(found: Found, boot: bytes) -> list[Step]:
    """The last steps, once the new program is complete: it is tried at the next reset."""
    steps: list[Step] = []
    if found.sums.get(BOOT) != sum_of(boot):
        steps.append(Write(BOOT, boot))
    return [*steps, Write(POINTER, f"{found.running} {found.target}".encode())]


def is_in(found: Found, files: Mapping[str, bytes], slot: str) -> bool:
    """Whether exactly this program is in a slot."""
    wanted = {_in(slot, path): sum_of(data) for path, data in files.items()}
    return wanted == {path: found.sums[path] for path in _files_in(found, slot)}


def _in(slot: str, path: str) -> str:
    """The path of a file of a program in a slot."""
    return slot.rstrip("/") + path


def _files_in(found: Found, slot: str) -> list[str]:
    """The files of the program in a slot."""
    if slot != ROOT:
        return [path for path in found.sums if path.startswith(slot + "/")]
    others = tuple(f"{other}/" for other in SLOTS)
    return [path for path in found.sums if not path.startswith(others) and path != BOOT]


def _above(path: str) -> list[str]:
    """All parent folders of a path."""
    parts = path.split("/")[1:-1]
    return ["/" + "/".join(parts[: count + 1]) for count in range(len(parts))]


def _blocks(size: int) -> int:
    """Upper bound of the flash that a file takes."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES
