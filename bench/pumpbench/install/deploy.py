# SPDX-License-Identifier: MIT
"""Deploys the firmware to a board over its serial port, never on a delivering pump.

A board that answers *IDN? as a pump is asked for its program: if that is this one, and its
self-test finds it intact, it is left alone, delivering or not. Otherwise it is asked to end its
firmware (SYST:SERV), which it does when stopped or after a fault. Another instrument is left
alone. Any other board is taken for one with a bare REPL. It must be the board that the files are
for. A new program goes beside the running one, see `slots`, is read back, and is tried once: if it
does not start and pass its self-test, the previous one runs again. Other files on the board stay.
"""

import binascii
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from pumpbench.boards.catalog import board_names, machine_name
from pumpbench.client.lines import Identity, PumpError, SerialLine, is_instrument, is_pump
from pumpbench.client.pump import Pump
from pumpbench.images.image import BOOT, SUMS, board_files, boot
from pumpbench.install import slots

NO_FILES = "NONE"  # answer of a pump whose program is frozen
ANSWER_S = 2.0
IN_STEP_S = 10.0  # a delivering pump answers slowly
END_S = 0.5  # time for the firmware to end
REPL_S = 20.0
CHUNK_BYTES = 512
UP_S = 60.0  # until the firmware answers after a reset: a Pico takes 4, an emulated one longer
START_S = 10  # a bad program fails while it is imported

# Run on the board: print length, CRC-32 and path of every file below the given paths; then the
# text of the pointer, and how many bytes are free.
LOOK = """
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
LOOK_AT = """
for path in {places}:
    show(path)
try:
    with open({pointer!r}) as file:
        print("pointer", file.read())
except OSError:
    pass
stat = os.statvfs("/")
print("free", stat[0] * stat[3])
"""
COPY = """
with open({source!r}, "rb") as source, open({path!r}, "wb") as file:
    while True:
        data = source.read(512)
        if not data:
            break
        file.write(data)
"""
START = """
import os
os.chdir({slot!r})
exec(open("main.py").read())
"""
MAKE_FOLDER = """
import os
try:
    os.mkdir({path!r})
except OSError:
    pass
"""


class DeployError(Exception):
    """The reason why the firmware was not deployed, as a sentence for the user."""


class Deployed(NamedTuple):
    """The paths written, none when nothing differed; the identity that answers now."""

    written: list[str]
    identity: Identity


Track = Callable[[Sequence[str]], Iterable[str]]  # iterates over paths, and shows progress


def deploy(board: str, port: str, track: Track = iter) -> Deployed:
    """Deploy the firmware to the board at `port`, and wait until it has passed its self-test.

    Raises DeployError if that fails; the previous program, if there was one, runs again then.
    """
    files = board_files(board)  # BoardError, before any query
    identity = has_already(files, port)
    if identity is not None:
        return Deployed([], identity)
    written = put(files, port, board, track)
    try:
        return Deployed(written, _proven(files, port))
    except DeployError as error:
        again = _back(port) if written else ""
        raise DeployError(f"{error}{again}") from None


def has_already(files: dict[str, bytes], port: str) -> Identity | None:
    """The identity of the pump at `port` if it has exactly these files; changes nothing.

    Raises DeployError if the firmware is frozen into the image, so that files would not be used.
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
        except (PumpError, TimeoutError):  # it cannot answer yet
            return None
        return pump.identity() if is_same else None


def put(
    files: dict[str, bytes], port: str, board: str | None = None, track: Track = iter
) -> list[str]:
    """Bring `files` onto the board at `port` and reset it: they are tried. Returns paths written.

    Raises DeployError when the port does not exist, the device is no pump or another board than
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
                _reset(transport)  # even if nothing was written: the present program runs again
        finally:
            transport.close()
    except (TransportError, serial.SerialException) as error:
        raise DeployError(f"The board at {port} did not take the files: {error}") from None
    return written


def wait_until_up(port: str) -> Identity:
    """The identity at `port` once the board has started; DeployError without an answer."""
    deadline_s = time.monotonic() + UP_S
    while time.monotonic() < deadline_s:
        try:
            with SerialLine(port) as line:
                if is_pump(_who_answers(line)):
                    return _in_step(line).identity()
        except (TimeoutError, serial.SerialException):  # USB is being enumerated anew
            pass
        time.sleep(END_S)
    raise DeployError(f"The pump at {port} does not come up.")


def free_the_repl(port: str, board: str | None = None) -> None:
    """End the firmware at `port` if it runs there; DeployError when it is delivering.

    DeployError also when the pump runs on another board than `board`.
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
    """Put the program `files` beside the running one, to be tried at the next reset.

    Returns the paths written; writes nothing when that program runs already.
    """
    program = {path: data for path, data in files.items() if path != BOOT}
    found = look(transport)
    if slots.is_in(found, program, found.running):
        for step in slots.stay(found):
            _do(transport, step)
        return []
    steps = slots.before(found, program)
    if missing := slots.need(steps, found):
        raise DeployError(f"The board's flash has {missing} bytes too little for a program more.")
    written = [step.path for step in steps if isinstance(step, slots.Write)]
    shown = iter(track(written))
    for step in steps:
        if isinstance(step, slots.Write):
            next(shown)
        _do(transport, step)
    next(shown, None)
    if not slots.is_in(look(transport), program, found.target):
        raise DeployError("What the board has is not what was sent; the program before it stays.")
    for step in slots.switch(found, boot()):
        _do(transport, step)
    return written


def look(transport: SerialTransport) -> slots.Found:
    """The state of the board that matters for a deployment."""
    told = LOOK_AT.format(places=(*slots.PLACES, BOOT), pointer=slots.POINTER)
    sums, pointer, free = {}, "", 0
    for line in transport.exec(LOOK + told).decode().splitlines():
        first, _, rest = line.partition(" ")
        if first == "pointer":
            pointer = rest
        elif first == "free":
            free = int(rest)
        else:
            crc, _, path = rest.partition(" ")
            sums[path] = int(first), int(crc)
    return slots.Found(sums, pointer, free)


def _do(transport: SerialTransport, step: slots.Step) -> None:
    if isinstance(step, slots.Remove):
        transport.fs_rmfile(step.path)
    elif isinstance(step, slots.MakeFolder):
        transport.exec(MAKE_FOLDER.format(path=step.path))
    elif isinstance(step, slots.Copy):
        transport.exec(COPY.format(source=step.source, path=step.path))
    else:
        transport.fs_writefile(step.path, step.content, chunk_size=CHUNK_BYTES)


def _proven(files: dict[str, bytes], port: str) -> Identity:
    """The identity, once these files answer and have passed their self-test."""
    try:
        wait_until_up(port)
    except DeployError as error:
        raise DeployError(f"{error} {_what_it_says(port)}") from None
    try:
        with _opened(port) as line:
            pump = _in_step(line)
            program, failed = pump.ask("SYST:PROG?"), pump.ask("*TST?")
            identity = pump.identity()
    except (PumpError, TimeoutError) as error:
        raise DeployError(f"The new program does not say whether it is well: {error}.") from None
    if program != f"{binascii.crc32(files[SUMS]):08X}":
        raise DeployError(f"The pump at {port} runs another program, {program}.")
    if failed != "0":
        raise DeployError(f"The self-test of the new program finds {failed}.")
    return identity


def restart(port: str) -> None:
    """End the firmware at `port` if it runs there, and reset the board."""
    free_the_repl(port)
    transport = SerialTransport(port, timeout=REPL_S)
    try:
        transport.enter_raw_repl(soft_reset=False)
        _reset(transport)
    finally:
        transport.close()


def _back(port: str) -> str:
    """Restore the previous program. Returns a sentence about it."""
    try:
        restart(port)
        identity = wait_until_up(port)
    except (DeployError, TransportError, serial.SerialException):
        return "\nSwitch the board off and on: the program before runs again, if there was one."
    return f"\nThe program before runs again: {','.join(identity)}."


def _opened(port: str) -> SerialLine:
    if not port:
        raise DeployError("Say which port the board is at, for example PORT=/dev/ttyACM0.")
    try:
        return SerialLine(port)
    except (serial.SerialException, ValueError) as error:
        raise DeployError(f"The port {port} cannot be opened: {error}") from None


def _who_answers(line: SerialLine) -> str:
    """The answer to *IDN?; "" from a REPL, or without an answer."""
    line.write(b"\r\n*IDN?\r\n")  # with CR, the end of a line for a REPL
    try:
        while True:
            text = line.read_line(ANSWER_S)
            if is_instrument(text):
                return text
            if "SyntaxError" in text:  # answer of a REPL to *IDN?
                return ""
    except TimeoutError:
        return ""


def _in_step(line: SerialLine) -> Pump:
    """The pump at the other end, with all answers to queries during its start read."""
    pump = Pump(line, IN_STEP_S)
    pump.synchronise()
    return pump


def _need_board(found: str, board: str) -> None:
    """Refuse another chip, or a board to which MicroPython gives another name."""
    wanted = machine_name(board)
    others = [name for name in board_names() if _same(machine_name(name), found)]
    if _same(wanted, found) or (not others and wanted.split()[-1] == found.split()[-1]):
        return
    is_other = f", {others[0]}" if others else ""
    raise DeployError(f"This is a {found}{is_other}; {board} is a {wanted}.")


def _same(name: str, found: str) -> bool:
    """Whether two names are the same board: MicroPython writes Pico2, and Pico 2 W."""
    return name.replace(" ", "") == found.replace(" ", "")


def _what_it_says(port: str) -> str:
    """The output of the tried program when it starts, from a traceback on."""
    try:
        transport = SerialTransport(port, timeout=REPL_S)
        try:
            transport.enter_raw_repl()  # a soft reset, after which no main.py runs
            start = START.format(slot=look(transport).target)
            _, told = transport.exec_raw(start, timeout=START_S)
        finally:
            transport.close()
    except (TransportError, serial.SerialException):
        told = b""
    said = told.decode(errors="replace").splitlines()
    if said:
        return "It says:\n" + "\n".join(said)
    return "It says nothing."


def _end_firmware(line: SerialLine) -> None:
    pump = _in_step(line)
    if pump.state() == "RUNNING":
        raise DeployError("The pump is delivering; stop it (THER:STOP) and try again.")
    try:
        pump.end()
    except (PumpError, TimeoutError) as error:
        raise DeployError(f"The pump did not end its firmware: {error}.") from None


def _reset(transport: SerialTransport) -> None:
    transport.exec_raw_no_follow("import machine, time\ntime.sleep_ms(100)\nmachine.reset()\n")
    time.sleep(END_S)  # the port must not close before the board has read that
