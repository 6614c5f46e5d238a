# SPDX-License-Identifier: MIT
"""What the commands of the bench share: their options, their exit statuses, how they speak."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from typer import Option

from pumpbench.pump import Pump

REFUSED = 1  # exit statuses: the pump has refused
MENDABLE = 2  # something that the user can put right

Port = Annotated[str, Option("--port", help="Serial port, socket://host:port, or sim.")]
Json = Annotated[bool, Option("--json", help="For machines.")]


class Cut(Exception):
    """The line to a pump has ended; a sentence."""


@contextmanager
def pump_at(port: str) -> Iterator[Pump]:
    """The pump there; Cut when its cable is pulled meanwhile."""
    with Pump.open(port) as pump:
        try:
            yield pump
        except (TimeoutError, BrokenPipeError):  # a pump that is silent; nobody who reads on
            raise
        except OSError as error:
            raise Cut(f"The line to {port} is cut; the pump goes on ({error}).") from error


def say(text: str) -> None:
    """A line for the user."""
    print(text, flush=True)  # noqa: T201


def complain(text: object) -> None:
    """A line about what went wrong."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201
