# SPDX-License-Identifier: MIT
"""The pump as a package of `mpremote mip`: a folder with package.json and the board's files.

mip copies the files in the order of the list, and makes the folders that they need; it ignores
existing content, reads nothing back, and tries nothing. So main.py comes last: an interrupted copy
leaves a board at its REPL. The folders of the records must exist before, see FOLDERS of `image`,
or a new pump reports that it has lost them. As mip makes folders only for files, each gets an
empty file, with the name under which the firmware begins every new file: it is not read as a
record, and becomes the first one.

So this is for a board with MicroPython alone. On a former pump, a flash that has lost its records
would be made to look like that of a new pump: use `deploy` there.
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
    """Write the package of a board to `folder` or build/mip/<board>. Returns its package.json."""
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
    """Path from the root, without its slash -> content, in the order of copying."""
    made = {f"{folder}/{UNBORN}": b"" for folder in FOLDERS}
    rest = {path: files[path] for path in sorted(files) if path != MAIN}
    return {path[1:]: data for path, data in (made | rest | {MAIN: files[MAIN]}).items()}


def described(files: Mapping[str, bytes], version: str) -> dict[str, object]:
    """The package.json of files in a folder: target and source of each."""
    return {"urls": [[path, path] for path in files], "deps": [], "version": version}
