# SPDX-License-Identifier: MIT
"""The drives that boards in their boot loader show: each has a file INFO_UF2.TXT.

PyPI's `mpflash` finds them, too, but takes the first one of any RP2 chip, copies without a sync,
and brings thirty unneeded packages; hence this implementation.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pumpbench.boards.chips import BOOTS

INFO = "INFO_UF2.TXT"
HOW = "hold BOOTSEL while you plug the board in"
# Mount points of removable disks; there may be a folder of the user in between.
ROOTS = {
    "linux": (Path("/media"), Path("/run/media"), Path("/mnt")),
    "darwin": (Path("/Volumes"),),
}
_LSBLK = ("lsblk", "--json", "--list", "--output", "PATH,LABEL,MOUNTPOINT")
_LSBLK_S = 5.0


class FlashError(Exception):
    """The reason why a board was not flashed, as a sentence for the user."""


class Drive(NamedTuple):
    """A boot drive; chip: a key of BOOTS, "" for an unknown one. name: its Board-ID."""

    path: Path
    chip: str
    name: str


class Disk(NamedTuple):
    """A disk as lsblk reports it; "" for missing fields."""

    device: str
    label: str
    mountpoint: str


def the_one(chip: str, path: Path | None = None) -> Drive:
    """The boot drive of a board with that chip, at `path` if that is given.

    FlashError if there is none, more than one, or one of another chip.
    """
    if path is not None:
        drive = drive_at(path)
        if drive is None:
            raise FlashError(f"{path} is no boot drive, it has no {INFO}: {HOW}.")
        return _of(chip, [drive])
    disks = _disks()
    found = mounted(disks)
    if not found:
        raise FlashError(_none(chip, disks))
    return _of(chip, found)


def mounted(disks: Iterable[Disk] = ()) -> list[Drive]:
    """Every mounted boot drive, at the usual mount points or those of `disks`."""
    places = {Path(disk.mountpoint) for disk in disks if disk.mountpoint}
    for root in ROOTS.get(sys.platform, ()):
        first = _folders(root)
        places.update([root, *first])
        places.update(folder for user in first for folder in _folders(user))
    found = {place.resolve(): drive_at(place) for place in sorted(places)}
    return [drive for drive in found.values() if drive is not None]


def drive_at(path: Path) -> Drive | None:
    """The boot drive that is mounted at a path, or None."""
    try:
        lines = (path / INFO).read_text(errors="replace").splitlines()
    except OSError:
        return None
    told = {key.strip(): text.strip() for key, _, text in (line.partition(":") for line in lines)}
    name, model = told.get("Board-ID", ""), told.get("Model", "")
    chips = [chip for chip, boot in BOOTS.items() if boot.id == name or boot.model == model]
    return Drive(path, chips[0] if len(chips) == 1 else "", name or model or "no name")


def _of(chip: str, drives: list[Drive]) -> Drive:
    """The only drive of that chip."""
    good = [drive for drive in drives if drive.chip == chip]
    if len(good) == 1:
        return good[0]
    if good:
        paths = ", ".join(str(drive.path) for drive in good)
        raise FlashError(f"There are {len(good)} boot drives: {paths}; say which, DRIVE=<path>, "
                         f"or {HOW}, and no other one.")  # fmt: skip
    others = ", ".join(f"{drive.path} is of {_said(drive)}" for drive in drives)
    raise FlashError(f"{others}, and the board has an {chip.upper()}: {HOW}.")


def _said(drive: Drive) -> str:
    return f"an {drive.chip.upper()}" if drive.chip else f"an unknown chip ({drive.name})"


def _none(chip: str, disks: Iterable[Disk]) -> str:
    label = BOOTS[chip].id
    for disk in disks:
        if disk.label == label and not disk.mountpoint:
            return (
                f"The drive {label} is not mounted, udisksctl mount -b {disk.device} does it; "
                f"if it is of another board, {HOW}."
            )
    return f"There is no drive {label}, the boot loader of an {chip.upper()}: {HOW}."


def _disks() -> list[Disk]:
    """The disks that lsblk lists; none without lsblk."""
    try:
        done = subprocess.run(_LSBLK, capture_output=True, text=True, timeout=_LSBLK_S, check=True)
        rows = json.loads(done.stdout)["blockdevices"]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return []
    return [Disk(*(row.get(key) or "" for key in ("path", "label", "mountpoint"))) for row in rows]


def _folders(path: Path) -> list[Path]:
    """The folders in a folder; none if it cannot be read."""
    try:
        return [entry for entry in path.iterdir() if entry.is_dir()]
    except OSError:
        return []
