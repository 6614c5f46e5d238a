# SPDX-License-Identifier: MIT
"""Downloads official MicroPython images over TLS, and verifies each against its checksum.

The checksums are kept in this project, for the images that it was tried with. An image without one
is accepted if it is a complete UF2 for an RP2040, and its checksum is reported.
"""

import logging
import socket
import tempfile
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import getproxies

import pooch
from rich.console import Console
from rich.progress import Progress

from pumpbench.images import uf2

REACHABLE_S = 3.0  # without an answer for this time, there is no network
READ_S = 20.0  # the longest silence of a download
CHUNK_BYTES = 16_384


def fetch(version: str, folder: Path = uf2.FOLDER, screen: Console | None = None) -> Path:
    """The image of a release, downloaded if it is missing; messages go to `screen`.

    Raises MissingImage for an unknown version, or a present file that differs from the published
    one; uf2.FetchError when the download fails, and then no part of it is left.
    """
    screen = screen or Console(stderr=True, highlight=False)
    name, address = uf2.name_of(version), uf2.releases()[version]
    path = folder / name
    if not path.is_file():
        _download(address, path, version, screen)
    known = uf2.SHA256.get(version)
    if known is None:
        screen.print(f"{name}: no checksum of it is known; its SHA-256 is {_sum_of(path)}.")
    elif _sum_of(path) != known:
        raise uf2.MissingImage(
            f"{path} is not the image that was published: remove it and try again."
        )
    return path


def _download(address: str, path: Path, version: str, screen: Console) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise uf2.FetchError(f"{path.parent} cannot be written to: {error.strerror}.") from error
    host = urlparse(address).hostname or ""
    if not getproxies() and not _is_reachable(host, urlparse(address).port or 443):
        raise uf2.FetchError(
            f"{host} cannot be reached: put {path.name} (from {uf2.SOURCE}) into {path.parent}."
        )
    pooch.get_logger().setLevel(logging.WARNING)
    known = uf2.SHA256.get(version)
    with Progress(console=screen, transient=True) as progress:
        bar: Any = _Bar(progress, path.name)
        downloader: Any = pooch.HTTPDownloader(
            progressbar=bar,
            timeout=(REACHABLE_S, READ_S),
            chunk_size=CHUNK_BYTES,
            allow_redirects=False,  # it could lead to another host, or away from TLS
        )
        try:
            pooch.retrieve(
                address, known, fname=path.name, path=path.parent, downloader=downloader
            )
            uf2.check(path)
        except (ValueError, OSError) as error:  # requests' errors are OSErrors
            path.unlink(missing_ok=True)
            raise uf2.FetchError(f"{path.name} was not had from {host}: {error}") from error


def _is_reachable(host: str, port: int) -> bool:
    """Whether a host answers in time: looking up a name has no time-out of its own."""
    found = threading.Event()

    def call() -> None:
        try:
            socket.create_connection((host, port), REACHABLE_S).close()
        except OSError:
            return
        found.set()

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    caller.join(REACHABLE_S)
    return found.is_set()


def _sum_of(path: Path) -> str:
    return pooch.file_hash(str(path), alg="sha256")


class _Bar:
    """The progress bar that pooch calls, drawn by rich."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._task = progress.add_task(name, total=None)

    @property
    def total(self) -> float | None:
        """The total number of bytes."""
        return self._progress.tasks[self._task].total

    @total.setter
    def total(self, size: int) -> None:
        self._progress.update(self._task, total=size)

    def update(self, size: int) -> None:
        """Add `size` bytes."""
        self._progress.advance(self._task, size)

    def reset(self) -> None:
        """Back to 0 bytes."""
        self._progress.update(self._task, completed=0)

    def close(self) -> None:
        """The download is complete."""
