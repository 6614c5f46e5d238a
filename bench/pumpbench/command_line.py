# SPDX-License-Identifier: MIT
"""What the commands of the bench share: their options, their exit statuses, how they speak."""

import sys
from typing import Annotated

from typer import Option

REFUSED = 1  # exit statuses: the pump has refused
MENDABLE = 2  # something that the user can put right

Port = Annotated[str, Option("--port", help="Serial port, socket://host:port, or sim.")]
Json = Annotated[bool, Option("--json", help="For machines.")]


def say(text: str) -> None:
    """A line for the user."""
    print(text, flush=True)  # noqa: T201


def complain(text: object) -> None:
    """A line about what went wrong."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201
