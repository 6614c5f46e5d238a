# SPDX-License-Identifier: MIT
"""The filesystem of the fake board: LittleFS on its flash, as MicroPython's boot mounts it at "/".

It is mounted at its first use, and made anew if it cannot be mounted. Errors are OSError with
MicroPython's numbers. littlefs is never entered again once the board has ended inside it.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from littlefs import LittleFSError, UserContext, lfs

from pumpbench.images.image import BLOCK_BYTES, BLOCK_COUNT, DISK_VERSION, PROG_BYTES, pack
from pumpbench.targets.sim.flash import Flash
from pumpbench.targets.sim.timeline import Timeline

IO_ERROR = -5
# Settings of MicroPython's VfsLfs2 on a Pico.
SETTINGS = {
    "block_size": BLOCK_BYTES,
    "block_count": BLOCK_COUNT,
    "prog_size": PROG_BYTES,
    "read_size": 32,
    "cache_size": 1024,
    "lookahead_size": 32,
    "block_cycles": 100,
    "disk_version": DISK_VERSION,
}


@cache
def fresh_filesystem() -> bytes:
    """A flash with an empty filesystem."""
    return pack({})


class _Device(UserContext):
    """The callbacks of littlefs. It cannot pass exceptions on: the first one is kept for later."""

    def __init__(self, flash: Flash) -> None:
        self.failure: BaseException | None = None
        self._flash = flash

    def read(self, cfg: object, block: int, off: int, size: int) -> bytearray:
        data = self._flash.read(block, off, size)
        return data if isinstance(data, bytearray) else bytearray(data)

    def prog(self, cfg: object, block: int, off: int, data: bytes) -> int:
        return self._do(self._flash.program, block, off, data)

    def erase(self, cfg: object, block: int) -> int:
        return self._do(self._flash.erase, block)

    def sync(self, cfg: object) -> int:
        return 0

    def _do(self, action: Callable[..., None], *arguments: object) -> int:
        if self.failure is not None:
            return IO_ERROR
        try:
            action(*arguments)
        except BaseException as failure:  # noqa: BLE001
            self.failure = failure
            return IO_ERROR
        return 0


class Filesystem:
    """The mounted filesystem; the functions to call are in `littlefs.lfs`."""

    def __init__(self, flash: Flash, world: Timeline) -> None:
        self.folder = "/"  # the current one, with a slash at its end
        self.was_formatted = False  # since power-up, because it could not be mounted
        self._is_entered = False
        self._world = world
        self._device = _Device(flash)
        self._config: lfs.LFSConfig | None = None
        self._lfs = lfs.LFSFilesystem()
        self._handles: set[lfs.LFSFile] = set()  # littlefs points to them while they are open

    def path(self, path: str) -> str:
        """The absolute path."""
        return path if path.startswith("/") else self.folder + path

    def open(self, path: str, flags: int) -> lfs.LFSFile:
        handle = self.call(lfs.file_open, self.path(path), flags)
        self._handles.add(handle)
        return handle

    def close(self, handle: lfs.LFSFile) -> None:
        """Write all buffered data; the file is closed even if that fails."""
        try:
            self.call(lfs.file_close, handle)
        finally:
            if self._device.failure is None:
                self._handles.discard(handle)

    def call(self, function: Callable[..., Any], *arguments: object) -> Any:
        """Call a function of littlefs on this filesystem."""
        if self._config is None:
            self._mount()
        return self._enter(function, self._lfs, *arguments)

    def _mount(self) -> None:
        config = lfs.LFSConfig(context=self._device, **SETTINGS)
        try:
            self._enter(lfs.mount, self._lfs, config)
        except OSError:
            self.was_formatted = True
            self._enter(lfs.format, self._lfs, config)
            self._enter(lfs.mount, self._lfs, config)
        self._config = config

    def _enter(self, function: Callable[..., Any], *arguments: object) -> Any:
        self._check()
        if self._is_entered:
            raise RuntimeError("the board is in the midst of using its filesystem")
        self._is_entered = True
        try:
            result = function(*arguments)
        except LittleFSError as error:
            self._check()
            name = error.name.removeprefix("LFS_ERR_")
            raise OSError(-error.code, f"E{name}") from None
        finally:
            self._is_entered = False
        self._check()
        return result

    def _check(self) -> None:
        """Raise the exception that has ended the board, if any."""
        ending = self._device.failure or self._world.ending
        if ending is not None:
            raise ending
