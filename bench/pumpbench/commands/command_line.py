# SPDX-License-Identifier: MIT
"""Shared by the commands of the bench: options, exit statuses and output."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from typer import Abort, Option, confirm

from pumpbench.client.lines import TIMEOUT_S
from pumpbench.client.pump import Pump

REFUSED = 1  # exit statuses: the pump has refused
FAILED = 1  # a measured value is beyond a limit, or a test has failed
MENDABLE = 2  # an error that the user can correct


def _ports(incomplete: str) -> list[tuple[str, str]]:
    """The completions of a port for a shell."""
    from serial.tools import list_ports

    found = [(port.device, port.description) for port in list_ports.comports()]
    simulated = [("sim", "a simulated board"), ("emulator", "an emulated board")]
    return [port for port in found + simulated if port[0].startswith(incomplete)]


Port = Annotated[
    str,
    Option("--port", autocompletion=_ports, help="Serial port, socket://host:port, or sim."),
]
Json = Annotated[bool, Option("--json", help="For machines.")]


class NoPort(Exception):
    """A port that does not exist, or cannot be opened; a sentence."""


class Cut(Exception):
    """The line to a pump has ended; a sentence."""


@contextmanager
def pump_at(port: str) -> Iterator[Pump]:
    """Yield the pump at a port. Raises NoPort or NotAPump, and Cut if its line is lost."""
    with opened(port) as pump:
        try:
            yield pump
        except (
            TimeoutError,
            BrokenPipeError,
        ):  # no answer of the pump; output closed by its reader
            raise
        except OSError as error:
            raise Cut(f"The line to {port} is cut; the pump goes on ({error}).") from error


def opened(port: str, timeout_s: float = TIMEOUT_S, reopen_s: float = 0.0) -> Pump:
    """Open the pump at a port; NoPort or NotAPump. reopen_s 0: a lost line is an error at once."""
    if not port:
        raise NoPort("Say which port the pump is at, for example PORT=/dev/ttyACM0, or PORT=sim.")
    try:
        return Pump.open(port, timeout_s, reopen_s=reopen_s)
    except TimeoutError:
        raise
    except OSError as error:
        raise NoPort(f"The port {port} cannot be opened: {_reason(error)}.") from error
    except ValueError as error:
        if "://" not in port:
            raise
        raise NoPort(f"{port} is no address of a port: {error}.") from error


def _reason(error: OSError) -> str:
    """The reason of an error, without the path."""
    if error.errno == errno.EAGAIN:
        return "another program has it open"
    return os.strerror(error.errno) if error.errno else str(error)


def asked(question: str) -> bool:
    """True if the user answers yes; without an answer False."""
    try:
        return confirm(question)
    except Abort:
        say("")
        return False


def say(text: str) -> None:
    """Print a line for the user."""
    print(text, flush=True)  # noqa: T201


def complain(text: object) -> None:
    """Print a line about an error on stderr."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201
