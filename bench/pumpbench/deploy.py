# SPDX-License-Identifier: MIT
"""Putting the firmware onto a board over its serial port, never under a delivering pump.

A board that answers *IDN? runs the firmware: it is asked to end it (SYST:SERV), which it only does
when stopped. Any other board is taken for one with a bare REPL. main.py goes first and comes back
last, so an interrupted deployment leaves a board that does nothing. Files that are not the
firmware's stay.
"""

import binascii
import time
from pathlib import PurePosixPath

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from pumpbench.client import Pump, SerialLine
from pumpbench.image import board_files

PACKAGE = "/lib/pump"
MAIN = "/main.py"
ANSWER_S = 2.0
END_S = 0.5  # what the firmware is given to end
END_TRIES = 4
REPL_S = 20.0
CHUNK_BYTES = 512

# Runs on the board: prints length, CRC-32 and path of every file below the given paths.
LIST_FILES = """
import binascii, os
def show(path):
    try:
        is_folder = os.stat(path)[0] & 0x4000
    except OSError:
        return
    if is_folder:
        for entry in os.ilistdir(path):
            show(path + "/" + entry[0])
        return
    size = crc = 0
    with open(path, "rb") as file:
        while True:
            data = file.read(512)
            if not data:
                break
            size += len(data)
            crc = binascii.crc32(data, crc)
    print(size, crc, path)
"""
MAKE_FOLDERS = """
import os
for path in {folders}:
    try:
        os.mkdir(path)
    except OSError:
        pass
"""


class DeployError(Exception):
    """Why the firmware did not get onto the board, as a sentence for the user."""


def deploy(board: str, port: str) -> list[str]:
    """The firmware onto the board at `port`; see `put`."""
    return put(board_files(board), port)


def put(files: dict[str, bytes], port: str) -> list[str]:
    """Bring `files` onto the board at `port` and reset it. Returns the paths written.

    Raises DeployError when the port is not there, the pump is delivering, or the board does not
    take the files.
    """
    free_the_repl(port)
    try:
        transport = SerialTransport(port, timeout=REPL_S)
        try:
            transport.enter_raw_repl(soft_reset=False)
            written = synchronise(transport, files)
            _reset(transport)
        finally:
            transport.close()
    except (TransportError, serial.SerialException) as error:
        raise DeployError(f"The board at {port} did not take the files: {error}") from None
    return written


def free_the_repl(port: str) -> None:
    """End the firmware at `port` if it runs there; DeployError when it is delivering."""
    if not port:
        raise DeployError("Say which port the board is at, for example PORT=/dev/ttyACM0.")
    try:
        line = SerialLine(port)
    except (serial.SerialException, ValueError) as error:
        raise DeployError(f"The port {port} cannot be opened: {error}") from None
    with line:
        if _is_pump(line):
            _end_firmware(line)


def synchronise(transport: SerialTransport, files: dict[str, bytes]) -> list[str]:
    """Make the board's files equal to `files`, and remove from the package what is not in them.

    Returns the paths written, main.py last; nothing is written when nothing differs.
    """
    sums = _sums(transport, [PACKAGE, *files])
    stale = [path for path in sums if path not in files]
    changed = [path for path, data in files.items() if sums.get(path) != _sum(data)]
    if not stale and not changed:
        return []
    for path in stale + [MAIN] * (MAIN in sums):
        transport.fs_rmfile(path)
    order = sorted({*changed, MAIN}, key=lambda path: (path == MAIN, path))
    transport.exec(MAKE_FOLDERS.format(folders=_folders(order)))
    for path in order:
        transport.fs_writefile(path, files[path], chunk_size=CHUNK_BYTES)
    return order


def _sums(transport: SerialTransport, paths: list[str]) -> dict[str, tuple[int, int]]:
    shows = "".join(f"show({path!r})\n" for path in paths)
    lines = transport.exec(LIST_FILES + shows).decode().splitlines()
    rows = (line.split(" ", 2) for line in lines)
    return {path: (int(size), int(crc)) for size, crc, path in rows}


def _sum(data: bytes) -> tuple[int, int]:
    return len(data), binascii.crc32(data)


def _folders(paths: list[str]) -> list[str]:
    """All folders above `paths`, outer ones first."""
    folders = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
    return sorted(folders - {"/"})


def _is_pump(line: SerialLine) -> bool:
    line.write(b"\r\n*IDN?\r\n")  # with CR, which a REPL takes for the end of a line
    try:
        while True:
            text = line.read_line(ANSWER_S)
            if text.startswith("ITB-Pump,"):
                return True
            if "SyntaxError" in text:  # what a REPL says to *IDN?
                return False
    except TimeoutError:
        return False


def _end_firmware(line: SerialLine) -> None:
    pump = Pump(line, ANSWER_S)
    if pump.state() == "RUNNING":
        raise DeployError("The pump is delivering; stop it (THER:STOP) and try again.")
    line.write(b"SYST:SERV\n")
    for _ in range(END_TRIES):
        time.sleep(END_S)
        if not _is_pump(line):
            return
    reasons = "; ".join(str(error) for error in pump.errors())
    raise DeployError(f"The pump did not end its firmware: {reasons or 'it gives no reason'}.")


def _reset(transport: SerialTransport) -> None:
    transport.exec_raw_no_follow("import machine, time\ntime.sleep_ms(100)\nmachine.reset()\n")
    time.sleep(END_S)  # the port must not close before the board has read that
