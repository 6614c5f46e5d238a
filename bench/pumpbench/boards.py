# SPDX-License-Identifier: MIT
"""Board files: how the bench reads `boards/<BOARD>/board.py` and the pin notation in it."""

import re
from pathlib import Path
from types import ModuleType

BOARDS_DIR = Path(__file__).resolve().parents[2] / "boards"
_PIN = re.compile(r"(\^?!?)GP(\d+)")


def board_path(name: str) -> Path:
    """The board file of that name; FileNotFoundError names the boards there are."""
    path = BOARDS_DIR / name / "board.py"
    if not path.is_file():
        known = sorted(p.parent.name for p in BOARDS_DIR.glob("*/board.py"))
        raise FileNotFoundError(f"no board {name!r} in {BOARDS_DIR}; there are: {known}")
    return path


def load_board(name: str) -> ModuleType:
    """A fresh module `board` with the names of `boards/<name>/board.py`."""
    path = board_path(name)
    return board_of(path.read_text(), str(path))


def board_of(source: str | bytes, path: str = "board.py") -> ModuleType:
    """A fresh module `board` with the names of a board file's text."""
    board = ModuleType("board")
    exec(compile(source, path, "exec"), board.__dict__)
    return board


def pin_number(pin: str) -> int:
    """The GPIO number of a pin as board files write it: `^!GP14` is 14."""
    return int(_split(pin)[1])


def is_active_low(pin: str) -> bool:
    """Whether the pin is written with a leading `!`."""
    return "!" in _split(pin)[0]


def _split(pin: str) -> tuple[str, str]:
    match = _PIN.fullmatch(pin)
    if match is None:
        raise ValueError(f"{pin!r} is not a pin; pins are written GP14, !GP14, ^GP14 or ^!GP14")
    return match.group(1), match.group(2)
