# SPDX-License-Identifier: MIT
"""The pump as a package of `mpremote mip`: a folder with package.json and the board's files.

mip copies files, in the order of the list, and makes the folders that those need; it looks at
nothing that is there, reads nothing back, and nothing is tried. So main.py is the last one: what
is interrupted before is a board at its REPL. The folders of the records have to be there before,
see FOLDERS of `image`, or a new pump says that it has lost them. mip makes a folder for a file
only, so each gets one, empty, by the name under which the firmware begins every file that is new:
it is no record to anybody, and becomes the first one.

All that makes it a way for a board with nothing but MicroPython. On one that was a pump, a flash
that has lost its records would be made to look like that of a new pump: that one gets a `deploy`.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from pumpbench.images.image import BUILD, FOLDERS, MAIN, board_files

UNBORN = "unborn.tmp"  # as firmware/pump/hal/files.py has it
PACKAGE = "package.json"
# Paths of a package are below the target, which is /lib unless it is named.
COMMAND = "mpremote connect {port} mip install --target / {package}"


def write(board: str, version: str, folder: Path | None = None) -> Path:
    """Write the package of a board to a folder, build/mip/<board> unless given: its package.json.

    Raises what `board_files` does, before anything is written.
    """
    files = in_order(board_files(board))
    folder = folder or BUILD / "mip" / board
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    package = folder / PACKAGE
    package.write_text(json.dumps(described(files, version), indent=1) + "\n")
    return package


def in_order(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Path from the root, without its slash -> content, as a board has to get them."""
    made = {f"{folder}/{UNBORN}": b"" for folder in FOLDERS}
    rest = {path: files[path] for path in sorted(files) if path != MAIN}
    return {path[1:]: data for path, data in (made | rest | {MAIN: files[MAIN]}).items()}


def described(files: Mapping[str, bytes], version: str) -> dict[str, object]:
    """What package.json says of files in a folder: where each goes, and where it is."""
    return {"urls": [[path, path] for path in files], "deps": [], "version": version}
