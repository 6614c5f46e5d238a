# SPDX-License-Identifier: MIT
"""A hand at an emulated board: its power, its buttons, its rotor and its rotor sensor.

The process that serves the board listens at a socket beside its console; the command `fault` sends
an action there. A line is one word, perhaps with arguments; the answer is OK or a sentence.

    power                the supply is interrupted: the board restarts from its flash
    press BUTTON [S]     hold for S seconds, 1.5 by default: stop, silence or bolus
    stall | free         the motor turns and the rotor does not; it does again
    sensor unplugged | stuck | well
"""

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Protocol

from pumpbench.plant.plant import Plant

TIMEOUT_S = 5.0
_PRESS_S = 1.5  # a stop button counts after one
_MOST_S = 3600.0
_BUTTONS = ("stop", "silence", "bolus")


class Pin(Protocol):
    """A pin that can be pressed."""

    def drive(self, level: int) -> None: ...

    def release(self) -> None: ...


class Board(Protocol):
    """The parts of a simulated or emulated board that the hand can reach."""

    board: ModuleType
    plant: Plant
    output: bytearray

    @property
    def now_ns(self) -> int: ...

    @property
    def flash(self) -> bytes: ...

    @property
    def free_bytes(self) -> int: ...

    def pin(self, name: str) -> Pin: ...

    def run(self, seconds: float) -> None: ...

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class HandError(Exception):
    """An action that the hand cannot do; a sentence."""


def place(link: Path) -> Path:
    """The socket of the hand at the board whose console is at `link`."""
    return link.with_name(link.name + ".hand")


def is_served(link: Path) -> bool:
    """Whether a process serves a board at `link` now."""
    with socket.socket(socket.AF_UNIX) as line:
        return line.connect_ex(str(place(link))) == 0


def say_to(link: Path, line: str) -> str:
    """Send an action to the hand at `link`. Returns its answer. HandError if none listens."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(str(place(link)))
            connection.sendall(line.encode() + b"\n")
            return connection.makefile().readline().strip()
    except OSError as error:
        raise HandError(f"No emulated board is served at {link}: {error.strerror}.") from None


class Hand:
    """Listens at `place(link)`. again(flash): makes a board just powered up, with that flash."""

    def __init__(self, link: Path, again: Callable[[bytes], Board]) -> None:
        self._path = place(link)
        self._again = again
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self._path))
        self._socket.listen()
        self._socket.setblocking(False)
        self._releases: list[tuple[int, str]] = []  # (ns, name of the pin)

    def act(self, target: Board) -> Board:
        """Carry out the actions since the last call. Returns the board, perhaps a new one."""
        for at_ns, name in [due for due in self._releases if due[0] <= target.now_ns]:
            target.pin(name).release()
            self._releases.remove((at_ns, name))
        with contextlib.suppress(BlockingIOError):
            connection, _ = self._socket.accept()
            with connection:
                target = self._answer(connection, target)
        return target

    def _answer(self, connection: socket.socket, target: Board) -> Board:
        connection.settimeout(0.2)
        said = "OK"
        try:
            line = connection.makefile().readline()
            if line.endswith("\n"):  # else a client only checked for a board
                target = self._do(target, *(line.split() or [""]))
        except (HandError, OSError) as error:
            said = str(error)
        with contextlib.suppress(OSError):
            connection.sendall(said.encode() + b"\n")
        return target

    def _do(self, target: Board, what: str, *words: str) -> Board:
        rotor = target.plant.rotor
        if what == "power" and not words:
            self._releases.clear()
            flash = target.flash
            target.close()
            return self._again(flash)
        if what == "press" and len(words) in (1, 2):
            self._press(target, *words)
        elif what in ("stall", "free") and not words:
            rotor.is_stalled = what == "stall"
        elif what == "sensor" and words in (("unplugged",), ("stuck",), ("well",)):
            rotor.is_unplugged = words[0] == "unplugged"
            rotor.stuck = 0 if words[0] == "stuck" else None
        else:
            raise HandError(f"{' '.join([what, *words])!r} is nothing that a hand can do here.")
        return target

    def _press(self, target: Board, button: str, seconds: str = str(_PRESS_S)) -> None:
        name = f"{button}_button"
        if button not in _BUTTONS or name not in target.board.PINS:
            raise HandError(f"This board has no button {button!r}.")
        try:
            held_s = float(seconds)
        except ValueError:
            held_s = -1.0
        if not 0 < held_s <= _MOST_S:
            raise HandError(f"{seconds!r} are no seconds to hold a button for; up to an hour.")
        down = 0 if target.board.PINS[name].lstrip("^").startswith("!") else 1
        target.pin(name).drive(down)
        self._releases.append((target.now_ns + round(held_s * 1e9), name))

    def close(self) -> None:
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
