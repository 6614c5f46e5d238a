# SPDX-License-Identifier: MIT
"""Boards: the bench's access to `boards/<BOARD>/`.

A board file with a mistake is not used: `checked` tells all mistakes at once, each a sentence with
its line.
"""

import ast
import csv
import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pumpbench.boards.board_data import Board
from pumpbench.boards.chips import CHIPS

DEFAULT_BOARD = "RPI_PICO"
BOARDS_DIR = Path(__file__).resolve().parents[3] / "boards"


class BoardError(Exception):
    """Mistakes in a board's data, each a sentence on its own line."""


def board_names() -> list[str]:
    """The names of all boards."""
    return sorted(path.parent.name for path in BOARDS_DIR.glob("*/board.py"))


def board_path(name: str) -> Path:
    """The path of a board file; FileNotFoundError, with the names of all boards, without it."""
    path = BOARDS_DIR / name / "board.py"
    if not path.is_file():
        raise FileNotFoundError(f"no board {name!r} in {BOARDS_DIR}; there are: {board_names()}")
    return path


def load_board(name: str) -> ModuleType:
    """A new module `board` of a board; raises as `checked`."""
    return board_of(checked(name), str(board_path(name)))


def checked(name: str) -> bytes:
    """The content of a board file. BoardError tells all its mistakes."""
    path = board_path(name)
    source = path.read_bytes()
    found = mistakes(source, path)
    if found:
        raise BoardError("\n".join(found))
    return source


def mistakes(source: bytes, path: Path) -> list[str]:
    """All mistakes in the text of the board file at `path`, a sentence each."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte
        return [f"{path}:{getattr(error, 'lineno', 1)}: {getattr(error, 'msg', error)}"]
    values, lines, found = _literals(tree)
    folder = path.parent
    if not found:
        mcu = _description(folder)["mcu"]
        if mcu not in CHIPS:
            return [f"{folder / 'board.json'}: no chip {mcu!r}; there are: {list(CHIPS)}"]
        context = {"pins": header_pins(folder), "mcu": mcu}
        try:
            board = Board.model_validate(values, context=context)
            if folder.name != board.NAME:
                text = f"NAME is {board.NAME!r}, its folder {folder.name!r}"
                found.append((lines["NAME",], text))
        except ValidationError as error:
            found += [_told(detail, lines) for detail in error.errors()]
    return [f"{path}:{line}: {text}" for line, text in sorted(set(found))]


def machine_name(name: str) -> str:
    """MicroPython's name of a board, with its chip at the end: `os.uname().machine`."""
    data = _description(BOARDS_DIR / name)
    return f"{data['vendor']} {data['product']} with {CHIPS[data['mcu']].name}"


def chip_name(name: str) -> str:
    """The chip of a board, a key of CHIPS."""
    return _description(BOARDS_DIR / name)["mcu"]


def port_of(name: str) -> str:
    """MicroPython's port of a board."""
    return CHIPS[chip_name(name)].port


class Filesystem(NamedTuple):
    """MicroPython's filesystem: its offset in flash and its size, in bytes."""

    start: int
    size: int


def filesystem_of(name: str) -> Filesystem:
    """The filesystem of the official image of a board; BoardError if it is not known."""
    found = _description(BOARDS_DIR / name).get("filesystem")
    if found is None:
        text = f"boards/{name}/board.json does not say where MicroPython has its filesystem"
        raise BoardError(f"{text}; take make deploy.")
    return Filesystem(found["start"], found["size"])


def _description(folder: Path) -> dict[str, Any]:
    """The content of board.json; BoardError if it does not describe a board."""
    path = folder / "board.json"
    try:
        found = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise BoardError(f"{path}:{error.lineno}: {error.msg}") from None
    missing = [key for key in ("vendor", "product", "mcu") if key not in found]
    if missing:
        raise BoardError(f"{path}: {', '.join(missing)}: is missing")
    return found


def header_pins(folder: Path) -> dict[str, str]:
    """Pin -> its place on the board, from `pins.csv` of a board's folder."""
    with (folder / "pins.csv").open(newline="") as file:
        return {row["pin"]: row["place"] for row in csv.DictReader(file)}


def _literals(tree: ast.Module) -> tuple[dict, dict[tuple, int], list[tuple[int, str]]]:
    """(values by name, lines by the path to each value, mistakes as (line, sentence))."""
    values: dict[str, Any] = {}
    lines: dict[tuple, int] = {}
    found = []
    for node in tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if name in values:
                    found.append((node.lineno, f"{name} is there twice"))
                try:
                    values[name] = ast.literal_eval(value)
                except (ValueError, TypeError):  # TypeError: an unhashable key
                    found.append((node.lineno, f"{name} is not plain data"))
                for way, part in _parts((name,), value):
                    if way in lines:
                        found.append((part.lineno, f"{' '.join(map(str, way))} is there twice"))
                    lines[way] = part.lineno
            case _:
                found.append((node.lineno, "a board file is data: names that are given values"))
    return values, lines, found


def _parts(way: tuple, node: ast.expr) -> Iterator[tuple[tuple, ast.expr]]:
    """Yield (path, node) of a literal and of all its parts."""
    yield way, node
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                yield from _parts((*way, key.value), value)


def _told(detail: ErrorDetails, lines: dict[tuple, int]) -> tuple[int, str]:
    """(line, sentence) of an error of pydantic."""
    way = detail["loc"]
    known = way
    while known and known not in lines:
        known = known[:-1]
    text = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "missing":
        text = "is missing"
    elif detail["type"] == "extra_forbidden":
        text = "is nothing that a board file has" + _meant(way)
    elif detail["type"] != "value_error":
        text = f"{text[0].lower()}{text[1:]}, not {detail['input']!r}"
    place = " ".join(str(step) for step in way)
    return lines.get(known, 1), f"{place}: {text}" if place else text


def _meant(way: tuple) -> str:
    """A suggestion for an unknown name, as text, or ""."""
    fields = Board.model_fields
    for step in way[:-1]:
        fields = getattr(fields[step].annotation, "model_fields", {})
    close = difflib.get_close_matches(str(way[-1]), fields, n=1)
    return f"; is it {close[0]}?" if close else ""


def board_of(source: str | bytes, path: str = "board.py") -> ModuleType:
    """A new module `board` with the names of a board file's text."""
    board = ModuleType("board")
    exec(compile(source, path, "exec"), board.__dict__)
    return board
