# SPDX-License-Identifier: MIT
"""The memory that the pump takes on each board: a table, printed and kept in boards/README.md.

Free space is that of a fresh filesystem: records and the log, and a second program deployed beside
the first, are taken from it. A UF2 is MicroPython plus the addition of the pump; the table has the
latter, which is the same for every MicroPython.
"""

from pathlib import Path
from typing import NamedTuple

from pumpbench.boards import catalog
from pumpbench.images import image, uf2
from pumpbench.images.flashfiles import mounted

PAGE = "README.md"  # in the folder of the boards
BEGIN, END = "<!-- made by make sizes -->\n", "<!-- end -->\n"
UNKNOWN = "not known"  # the place of the filesystem on that board
_TITLES = (
    "board",
    "package as bytecode, bytes",
    "files",
    "filesystem, bytes",
    "free in it, bytes",
    "UF2 beside MicroPython, bytes",
)


class Sizes(NamedTuple):
    """Sizes of a board. files: their number. None if unknown. All others in bytes."""

    board: str
    package: int
    files: int
    filesystem: int | None
    free: int | None
    uf2: int | None


def measure(board: str) -> Sizes:
    """Sizes of the present firmware on a board; BoardError if its data has mistakes."""
    files = image.board_files(board)
    package = sum(map(len, image.package(catalog.port_of(board)).values()))
    try:
        place = catalog.filesystem_of(board)
    except catalog.BoardError:
        return Sizes(board, package, len(files), None, None, None)
    content = image.pack(files, place.size // image.BLOCK_BYTES)
    added = len(uf2.joined(b"", content, place.start))
    return Sizes(board, package, len(files), place.size, _free(content), added)


def table(rows: list[Sizes]) -> str:
    """The rows as Markdown, a line for each board."""
    lines = [_TITLES, ("---",) * len(_TITLES), *(map(_cell, row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def written(text: str, page: Path) -> bool:
    """Replace the table in a page. Returns whether it has changed."""
    before = page.read_text()
    head, begin, rest = before.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise catalog.BoardError(f"{page}: {BEGIN.strip()} and {END.strip()} are not there.")
    after = head + begin + text + end + tail
    page.write_text(after)
    return after != before


def _cell(value: str | int | None) -> str:
    if value is None:
        return UNKNOWN
    return value if isinstance(value, str) else f"{value:_}".replace("_", " ")


def _free(content: bytes) -> int:
    """Bytes in the free blocks of a filesystem."""
    return len(content) - mounted(content).used_block_count * image.BLOCK_BYTES
