# SPDX-License-Identifier: MIT
"""The files in a flash: reads those that a board wrote, adds or damages files for a test.

`offset` is where the filesystem begins in `flash`: 0 for the flash of `SimTarget`,
FILESYSTEM_START for that of `EmulatorTarget`. All functions raise LittleFSError if there is no
filesystem.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath

from littlefs import LittleFS, LittleFSError, UserContext

from pumpbench.images.image import BLOCK_BYTES, BLOCK_COUNT, DISK_VERSION, PROG_BYTES

_SIZE = BLOCK_BYTES * BLOCK_COUNT
_NEXT_VERSION = DISK_VERSION + 1  # to which newer MicroPythons change it when they write


def read_files(flash: bytes, offset: int = 0) -> dict[str, bytes]:
    """Path from the root -> content."""
    filesystem = _mounted(flash, offset)
    files = {}
    for folder, _, names in filesystem.walk("/"):
        for name in names:
            path = str(PurePosixPath(folder) / name)
            with filesystem.open(path, "rb") as file:
                files[path] = file.read()
    return files


def with_file(flash: bytes, path: str, content: bytes, offset: int = 0) -> bytes:
    """A copy of the flash in which the file at `path` has that content."""
    return with_files(flash, {path: content}, offset)


def without_file(flash: bytes, path: str, offset: int = 0) -> bytes:
    """A copy of the flash without that file."""
    return with_files(flash, {path: None}, offset)


def with_files(flash: bytes, files: Mapping[str, bytes | None], offset: int = 0) -> bytes:
    """A copy of the flash with these contents of files; None: without the file."""
    filesystem = _mounted(flash, offset)
    for path, content in files.items():
        if content is None:
            filesystem.remove(path)
            continue
        filesystem.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
        with filesystem.open(path, "wb") as file:
            file.write(content)
    return _put_back(flash, filesystem, offset)


def _mounted(flash: bytes, offset: int) -> LittleFS:
    content = flash[offset : offset + _SIZE]
    try:
        return mounted(content)
    except LittleFSError:
        return mounted(content, _NEXT_VERSION)


def mounted(content: bytes, version: int = DISK_VERSION) -> LittleFS:
    """A filesystem of any size, mounted in a copy of its bytes."""
    filesystem = LittleFS(
        context=UserContext(buffer=bytearray(content)),
        mount=False,
        block_size=BLOCK_BYTES,
        block_count=len(content) // BLOCK_BYTES,
        prog_size=PROG_BYTES,
        disk_version=version,
    )
    filesystem.mount()
    return filesystem


def _put_back(flash: bytes, filesystem: LittleFS, offset: int) -> bytes:
    filesystem.unmount()
    return b"".join((flash[:offset], filesystem.context.buffer, flash[offset + _SIZE :]))
