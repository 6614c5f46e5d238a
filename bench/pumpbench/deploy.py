# SPDX-License-Identifier: MIT
"""Putting the firmware onto a board over its serial port, never under a delivering pump.

A board that answers *IDN? as the pump does is asked which program it has: where that is this one,
and its self-test finds it whole, it goes on as it is, delivering or not. Otherwise it is asked to
end its firmware (SYST:SERV), which it does when stopped or after a fault. Another instrument is
left alone. Any other board is taken for one with a bare REPL. It has to be the board that the
files are for. main.py goes first and comes back last, so an interrupted deployment leaves a board
that does nothing. Files that are not the firmware's stay.
"""

import binascii
import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from pumpbench.boards import board_names, machine_name
from pumpbench.client import Identity, PumpError, SerialLine, is_instrument, is_pump
from pumpbench.image import FOLDERS, MAIN, SUMS, board_files
from pumpbench.pump import Pump

PACKAGE = "/lib/pump"
NO_FILES = "NONE"  # what a pump answers that is no files
ANSWER_S = 2.0
IN_STEP_S = 10.0  # a pump that delivers answers one thing after the other
END_S = 0.5  # what the firmware is given to end
END_TRIES = 4
REPL_S = 20.0
CHUNK_BYTES = 512
UP_S = 60.0  # until the firmware answers after a reset: a Pico takes 4, an emulated one longer
_SOFT_RESET = b"\r\x03\x03\r\x04"  # of a REPL, after whatever stands in its line

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


class Deployed(NamedTuple):
    """The paths written, main.py last, none when nothing differed; what answers now."""

    written: list[str]
    identity: Identity


Track = Callable[[Sequence[str]], Iterable[str]]  # goes through paths, and shows how far it is


def deploy(board: str, port: str, track: Track = iter) -> Deployed:
    """The firmware onto the board at `port`, and up; see `put` and `wait_until_up`."""
    files = board_files(board)  # BoardError, before anything is asked
    identity = has_already(files, port)
    if identity is not None:
        return Deployed([], identity)
    written = put(files, port, board, track)
    return Deployed(written, wait_until_up(port))


def has_already(files: dict[str, bytes], port: str) -> Identity | None:
    """Who answers at `port`, if it is a pump with exactly these files; nothing is changed.

    Raises DeployError where files would not be used: the firmware is frozen into the image.
    """
    with _opened(port) as line:
        if not is_pump(_who_answers(line)):
            return None
        pump = _in_step(line)
        try:
            program = pump.ask("SYST:PROG?")
            if program == NO_FILES:
                raise DeployError(
                    f"The pump at {port} has its firmware frozen into the image; files would not "
                    "be used. Flash an image without it first, or build the image anew."
                )
            is_same = program == f"{binascii.crc32(files[SUMS]):08X}" and pump.ask("*TST?") == "0"
        except (PumpError, TimeoutError):  # one that cannot tell yet
            return None
        return pump.identity() if is_same else None


def put(
    files: dict[str, bytes], port: str, board: str | None = None, track: Track = iter
) -> list[str]:
    """Bring `files` onto the board at `port` and reset it. Returns the paths written.

    Raises DeployError when the port is not there, what answers is no pump or another board than
    `board`, the pump is delivering, or the board does not take the files.
    """
    free_the_repl(port, board)
    try:
        transport = SerialTransport(port, timeout=REPL_S)
        try:
            transport.enter_raw_repl(soft_reset=False)
            try:
                if board is not None:
                    found = transport.exec("import os\nprint(os.uname().machine)")
                    _need_board(found.decode().strip(), board)
                written = synchronise(transport, files, track)
            finally:
                _reset(transport)  # also where nothing was written: what was there runs again
        finally:
            transport.close()
    except (TransportError, serial.SerialException) as error:
        raise DeployError(f"The board at {port} did not take the files: {error}") from None
    return written


def wait_until_up(port: str, timeout_s: float = UP_S) -> Identity:
    """Who answers at `port` once the board has started; DeployError with what it says instead."""
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        try:
            with SerialLine(port) as line:
                if is_pump(_who_answers(line)):
                    return _in_step(line).identity()
        except (TimeoutError, serial.SerialException):  # USB is being enumerated anew
            pass
        time.sleep(END_S)
    raise DeployError(f"The pump at {port} does not come up. {_what_it_says(port)}")


def free_the_repl(port: str, board: str | None = None) -> None:
    """End the firmware at `port` if it runs there; DeployError when it is delivering.

    So it is where the pump runs on another board than `board`.
    """
    with _opened(port) as line:
        text = _who_answers(line)
        if is_pump(text):
            name = text.split(",")[1]
            if board is not None and name in board_names():
                _need_board(machine_name(name), board)
            _end_firmware(line)
        elif text:
            raise DeployError(f"At {port} answers {text!r}, which is no pump.")


def synchronise(
    transport: SerialTransport, files: dict[str, bytes], track: Track = iter
) -> list[str]:
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
    prepared = [] if MAIN in sums else list(FOLDERS)  # where it is in, they are, or are lost
    transport.exec(MAKE_FOLDERS.format(folders=_folders(order) + prepared))
    for path in track(order):
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


def _opened(port: str) -> SerialLine:
    if not port:
        raise DeployError("Say which port the board is at, for example PORT=/dev/ttyACM0.")
    try:
        return SerialLine(port)
    except (serial.SerialException, ValueError) as error:
        raise DeployError(f"The port {port} cannot be opened: {error}") from None


def _who_answers(line: SerialLine) -> str:
    """What is answered to *IDN?; "" by a REPL, or when nothing is."""
    line.write(b"\r\n*IDN?\r\n")  # with CR, which a REPL takes for the end of a line
    try:
        while True:
            text = line.read_line(ANSWER_S)
            if is_instrument(text):
                return text
            if "SyntaxError" in text:  # what a REPL says to *IDN?
                return ""
    except TimeoutError:
        return ""


def _in_step(line: SerialLine) -> Pump:
    """The pump at the other end, with nothing unread that it was asked while it started."""
    pump = Pump(line, IN_STEP_S)
    pump.synchronise()
    return pump


def _need_board(found: str, board: str) -> None:
    """Refuse another chip, and what MicroPython calls by the name of another board."""
    wanted = machine_name(board)
    others = [name for name in board_names() if _same(machine_name(name), found)]
    if _same(wanted, found) or (not others and wanted.split()[-1] == found.split()[-1]):
        return
    is_other = f", {others[0]}" if others else ""
    raise DeployError(f"This is a {found}{is_other}; {board} is a {wanted}.")


def _same(name: str, found: str) -> bool:
    """Whether two names of a board are one: MicroPython writes Pico2, and Pico 2 W."""
    return name.replace(" ", "") == found.replace(" ", "")


def _what_it_says(port: str) -> str:
    """What a board prints when it starts, from a traceback on; its REPL is asked to start it."""
    said = []
    try:
        with SerialLine(port) as line:
            line.write(_SOFT_RESET)
            while True:
                said.append(line.read_line(ANSWER_S + END_S))
    except (TimeoutError, serial.SerialException):
        pass
    first = [index for index, text in enumerate(said) if text.startswith("Traceback")]
    if not first:
        return "It says nothing."
    told = itertools.takewhile(lambda text: not text.startswith("MicroPython"), said[first[0] :])
    return "It says:\n" + "\n".join(told)


def _end_firmware(line: SerialLine) -> None:
    pump = _in_step(line)
    if pump.state() == "RUNNING":
        raise DeployError("The pump is delivering; stop it (THER:STOP) and try again.")
    line.write(b"SYST:SERV\n")
    for _ in range(END_TRIES):
        time.sleep(END_S)
        if not _who_answers(line):
            return
    reasons = "; ".join(str(error) for error in pump.errors())
    raise DeployError(f"The pump did not end its firmware: {reasons or 'it gives no reason'}.")


def _reset(transport: SerialTransport) -> None:
    transport.exec_raw_no_follow("import machine, time\ntime.sleep_ms(100)\nmachine.reset()\n")
    time.sleep(END_S)  # the port must not close before the board has read that
