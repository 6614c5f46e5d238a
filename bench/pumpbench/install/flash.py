# SPDX-License-Identifier: MIT
"""Flashes a UF2 to a board in its boot loader, and finds out who answers afterwards.

The boot loader writes each block as it comes and restarts the board after the last one. The drive
then vanishes, often before the host has finished: an error of the last sync is ignored in that
case.
"""

import errno
import os
import time
from collections.abc import Callable, Collection
from pathlib import Path

from serial.tools import list_ports

from pumpbench.boards.catalog import load_board
from pumpbench.boards.chips import BOOTS
from pumpbench.images.uf2 import families
from pumpbench.install.deploy import wait_until_up
from pumpbench.install.drives import HOW, INFO, Drive, FlashError

NAME = "pump.uf2"
CHUNK_BYTES = 65_536
GONE_S = 30.0  # until a drive that has taken everything vanishes; a board takes one or two
PORT_S = 20.0  # until a board that has restarted shows its port; a first boot takes 5
AGAIN_S = 0.1
_VENDOR = 0x2E8A  # Raspberry Pi, as MicroPython has it
_DEVICES = Path("/sys/dev/block")  # Linux: a link for each disk


def need_fit(content: bytes, drive: Drive) -> None:
    """FlashError if the drive would not take that UF2."""
    wanted = BOOTS[drive.chip].family
    others = families(content) - {wanted}
    if others:
        found = ", ".join(f"{other:08X}" for other in sorted(others))
        raise FlashError(
            f"The UF2 is of family {found}, the drive {drive.path} takes {wanted:08X}: "
            f"name another image, or {HOW} that it is for."
        )
    try:
        about = os.statvfs(drive.path)
    except OSError as error:
        text = f"{drive.path} cannot be reached any more, {_reason(error)}: {HOW}."
        raise FlashError(text) from error
    if about.f_flag & os.ST_RDONLY or not os.access(drive.path, os.W_OK):
        raise FlashError(
            f"{drive.path} cannot be written to: unplug the board, and {HOW}, "
            "as the user who mounts its drive."
        )
    free = about.f_bavail * about.f_frsize
    if free < len(content):
        raise FlashError(
            f"{drive.path} has {free} bytes free, the UF2 {len(content)}: unplug the board, "
            f"and {HOW}."
        )


def put(content: bytes, drive: Drive, on_bytes: Callable[[int], object] = int) -> None:
    """Copy a UF2 to a boot drive, and wait until the boot loader has taken it.

    on_bytes: called with the number of bytes of each part written. FlashError if that fails.
    """
    device = _device(drive.path)
    done = 0
    try:
        with (drive.path / NAME).open("wb", buffering=0) as file:
            while done < len(content):
                count = file.write(content[done : done + CHUNK_BYTES])
                done += count
                os.fsync(file.fileno())  # else the bar is full before anything is written
                on_bytes(count)
    except OSError as error:
        is_full = error.errno == errno.ENOSPC
        if is_full or done < len(content) or not _is_soon_gone(drive, device):
            raise FlashError(
                f"The copy to {drive.path} ended at {done} of {len(content)} bytes, "
                f"{_reason(error)}: {HOW}, and try again; until then it may have half a program."
            ) from error
        return
    if not _is_soon_gone(drive, device):
        raise FlashError(
            f"All of it is on {drive.path}, which is still there after {GONE_S:.0f} s, so the "
            f"boot loader has not taken it: unplug the board, {HOW}, and try again."
        )


def is_gone(drive: Drive, device: Path | None) -> bool:
    """Whether a drive has vanished, or is still mounted with no disk behind it."""
    is_unplugged = device is not None and not device.exists()
    try:
        return is_unplugged or not (drive.path / INFO).is_file()
    except OSError:
        return True


def ports() -> set[str]:
    """The serial ports of boards with MicroPython."""
    return {port.device for port in list_ports.comports() if port.vid == _VENDOR}


def who_comes_up(board: str, before: Collection[str]) -> str:
    """A sentence about the device at a serial port that did not exist `before`.

    DeployError if there is such a port, and no pump answers.
    """
    console = load_board(board).CONSOLE
    if console != "usb":
        return f"Nobody was asked who it is: its console is UART{console[1]}, not USB."
    deadline_s = time.monotonic() + PORT_S
    while time.monotonic() < deadline_s:
        if found := sorted(ports() - set(before)):
            return f"{','.join(wait_until_up(found[0]))} is up at {found[0]}, and stopped."
        time.sleep(AGAIN_S)
    return f"Nobody was asked who it is: no new port was seen within {PORT_S:.0f} s."


def _is_soon_gone(drive: Drive, device: Path | None) -> bool:
    deadline_s = time.monotonic() + GONE_S
    while not is_gone(drive, device):
        if time.monotonic() > deadline_s:
            return False
        time.sleep(AGAIN_S)
    return True


def _device(path: Path) -> Path | None:
    """A path that exists as long as the disk of `path`; None if the system has no such path."""
    try:
        number = os.stat(path).st_dev
    except OSError:
        return None
    device = _DEVICES / f"{os.major(number)}:{os.minor(number)}"
    return device if device.exists() else None


def _reason(error: OSError) -> str:
    return os.strerror(error.errno or errno.EIO)
