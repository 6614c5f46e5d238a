# SPDX-License-Identifier: MIT
"""The official MicroPython images for the Raspberry Pi Pico, found on this machine.

An image is named by its version, `1.22.0`, or by the path of a .uf2 file. rp2040py knows the
releases and their addresses; those in `FOLDER` under their official names are found here, and
`fetch` downloads others. A missing one raises `MissingImage`, which says how to get it.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from rp2040py.utils.firmware_retrieve import MICROPYTHON

from pumpbench.boards.chips import BOOTS

FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rp2040py"
SOURCE = "https://micropython.org/download/RPI_PICO/"
OLDEST = (1, 22)  # the first one with `rp2.DMA`, which plays the alarms

# Of the images that the project was tried with.
SHA256 = {
    "1.22.0": "2ef1b8fe16931dde698daa28579f34667910238a39d69eaf4d4c42e20b541519",
}

_MAGIC = 0x0A324655, 0x9E5D5157  # of every block of 512 bytes
_BLOCK_BYTES = 512
_RP2040 = BOOTS["rp2040"].family
_END = 0x0AB16F30
_HAS_FAMILY = 0x2000  # flag
_PAGE_BYTES, _SECTOR_BYTES = 256, 4096
_FLASH_START = 0x1000_0000


class MissingImage(FileNotFoundError):
    """The text is a sentence for the user: which file, where from, where to."""

    def __init__(self, text: str):
        super().__init__(text)


class FetchError(FileNotFoundError):
    """An image cannot be downloaded. The text is a sentence for the user."""


def releases() -> dict[str, str]:
    """Version -> address of every release from `OLDEST` on, the newest first."""
    assert MICROPYTHON.boards is not None
    found = MICROPYTHON.boards["pico"].fw
    numbers = {_numbers(version): version for version in found if "-" not in version}
    wanted = sorted((each for each in numbers if each >= OLDEST), reverse=True)
    return {numbers[each]: found[numbers[each]] for each in wanted}


def name_of(version: str) -> str:
    """The official file name of a release; MissingImage for an unknown release."""
    known = releases()
    if version not in known:
        raise MissingImage(
            f"There is no known image of MicroPython {version}; use one of {', '.join(known)}, "
            f"or the path of a .uf2 file."
        )
    return _name_in(known[version])


def present(folder: Path = FOLDER) -> list[str]:
    """The versions whose images are in the folder, the newest first."""
    names = {version: _name_in(address) for version, address in releases().items()}
    return [version for version, name in names.items() if (folder / name).is_file()]


def find_uf2(image: str | None = None, folder: Path = FOLDER) -> Path:
    """The path of the image of that version, or at that path; of the default one for None.

    Raises MissingImage when it does not exist, or is no image for an RP2040.
    """
    image = image or DEFAULT_VERSION
    path = Path(image) if is_path(image) else folder / name_of(image)
    if path.is_file():
        check(path)
        return path
    if is_path(image):
        raise MissingImage(f"There is no file {path}.")
    raise MissingImage(
        f"Type make images MICROPYTHON={image}, or put {path.name} (from {SOURCE}) "
        f"into {folder} and try again."
    )


def is_path(image: str) -> bool:
    """Whether an image is named by a path, not by a version."""
    return image.lower().endswith(".uf2")


def check(path: Path) -> None:
    """Raise MissingImage unless a file is a complete UF2 for an RP2040."""
    content = path.read_bytes()
    blocks = list(_blocks(content))
    if not blocks or len(blocks[-1]) != _BLOCK_BYTES:
        raise MissingImage(f"{path} is no whole UF2 file.")
    for block in blocks:
        first, second, _, _, _, _, count, family = struct.unpack_from("<8I", block)
        if (first, second) != _MAGIC or count != len(blocks):
            raise MissingImage(f"{path} is no whole UF2 file.")
        if family != _RP2040:
            raise MissingImage(f"{path} is not for an RP2040.")


def families(content: bytes) -> set[int]:
    """The families of chips that the blocks of a UF2 are for."""
    return {struct.unpack_from("<28xI", block)[0] for block in _blocks(content)}


def joined(content: bytes, filesystem: bytes, start: int) -> bytes:
    """An image with a filesystem at `start`, in bytes from the start of flash, in one UF2.

    Empty sectors of the filesystem are left out: LittleFS erases one before it writes there.
    """
    pages = []
    for block in _blocks(content):
        (address,) = struct.unpack_from("<12xI", block)
        pages.append((address, block[32 : 32 + _PAGE_BYTES]))
    for at in range(0, len(filesystem), _SECTOR_BYTES):
        sector = filesystem[at : at + _SECTOR_BYTES]
        if sector.count(0xFF) < len(sector):
            for page in range(0, len(sector), _PAGE_BYTES):
                address = _FLASH_START + start + at + page
                pages.append((address, sector[page : page + _PAGE_BYTES]))
    count = len(pages)
    return b"".join(
        struct.pack("<8I", *_MAGIC, _HAS_FAMILY, address, _PAGE_BYTES, number, count, _RP2040)
        + page.ljust(_BLOCK_BYTES - 36, b"\0")
        + struct.pack("<I", _END)
        for number, (address, page) in enumerate(pages)
    )


def _blocks(content: bytes) -> Iterator[bytes]:
    for at in range(0, len(content), _BLOCK_BYTES):
        yield content[at : at + _BLOCK_BYTES]


def _name_in(address: str) -> str:
    return address.rsplit("/", 1)[1]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


# The newest present one; without any, the newest that the project was tried with.
DEFAULT_VERSION = next(iter(present()), next(v for v in releases() if v in SHA256))
