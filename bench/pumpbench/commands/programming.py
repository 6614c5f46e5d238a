# SPDX-License-Identifier: MIT
"""The command `program`: commits a prescription from a file to the pump, once confirmed.

The pump itself validates and compares. The prescription is shown before it is committed; one that
is not committed is discarded.
"""

import contextlib
import csv
import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from pumpbench.client.lines import PumpError
from pumpbench.client.pump import Invalid, Pump, Review
from pumpbench.commands.command_line import REFUSED, Port, asked, complain, pump_at, say


class SoftLimit(StrEnum):
    """The soft limits, as the pump names them."""

    HIGH = "HIGH"
    LOW = "LOW"
    INCREASE = "INCRease"
    DECREASE = "DECRease"
    INTERVAL = "INTerval"


class Change(NamedTuple):
    """A field of the prescription, active and staged; NONE: not programmed."""

    field: str
    active: str
    staged: str


class Staged(NamedTuple):
    """The pump's review of the prescription that is to be committed."""

    review: Review
    changes: list[Change]


Accept = Annotated[
    list[SoftLimit] | None,
    typer.Option(case_sensitive=False, help="A soft limit that may be exceeded; one for each."),
]


def program(
    file: Annotated[Path, typer.Argument(help="TOML, as in bench/examples.", show_default=False)],
    port: Port,
    yes: Annotated[bool, typer.Option("--yes", help="Commit without asking.")] = False,
    accept: Accept = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines; never asks.")] = False,
) -> int:
    """Stage a prescription, compare it with the active one, ask, commit."""
    from pumpbench.client.prescription_file import read

    prescription = read(file)
    accepted = tuple(accept or ())
    with pump_at(port) as pump, _discarded(pump):
        try:
            staged = Staged(pump.prescribe(prescription), changes(pump))
        except Invalid as invalid:
            return _refused(invalid.text.splitlines(), as_json)
        if not as_json:
            show(staged)
        is_wanted = _may_exceed(staged.review, accepted, asks=not (yes or as_json)) and (
            yes or (not as_json and asked("Make this the active prescription?"))
        )
        if is_wanted:
            pump.commit(staged.review, staged.review.soft_limits)
    if as_json:
        say(json.dumps(_for_machines(staged, is_wanted)))
    else:
        say(f"Committed: {staged.review.token}." if is_wanted else "Nothing was changed.")
    return 0 if is_wanted else REFUSED


def changes(pump: Pump) -> list[Change]:
    """Every field of the prescriptions, active and staged."""
    found = []
    for text in next(csv.reader([pump.ask("PRES:COMP?")])):
        name, _, values = text.partition(": ")
        active, _, staged = values.partition(" -> ")
        found.append(Change(name, active, staged))
    return found


def show(staged: Staged) -> None:
    """Print the programmed fields, with the changed ones marked, and the pump's remarks."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("", "", "active", "staged", box=None)
    for name, active, new in staged.changes:
        is_changed = active != new
        if is_changed or active != "NONE":
            cells = ("*" if is_changed else "", name, active, new)
            style = "bold" if is_changed else "dim"
            table.add_row(*(Text(cell, overflow="fold") for cell in cells), style=style)
    console = Console(highlight=False)
    console.print(table)
    for remark in staged.review.remarks:
        is_limit = remark.startswith(staged.review.soft_limits)
        kind = "Soft limit" if is_limit else "Remark"
        console.print(Text(f"{kind}: {remark}", style="yellow" if is_limit else ""))


@contextlib.contextmanager
def _discarded(pump: Pump) -> Iterator[None]:
    """Discard a prescription that is still staged at the end, if the pump can be reached."""
    try:
        yield
    finally:
        with contextlib.suppress(PumpError, OSError):
            if pump.ask("PRES:STAG?") != "NONE":
                pump.tell("PRES:DISC")


def _may_exceed(review: Review, accepted: tuple[str, ...], *, asks: bool) -> bool:
    """True if exactly the exceeded soft limits are accepted, by name or on question."""
    for name in accepted:
        if name not in review.soft_limits:
            complain(f"{name} was accepted, but it is not exceeded: see what you accept.")
            return False
    missing = [name for name in review.soft_limits if name not in accepted]
    if asks:
        return all(asked(f"May {name} be exceeded?") for name in missing)
    for name in missing:
        complain(f"{name} is exceeded: --accept {name} says that it may be.")
    return not missing


def _refused(problems: list[str], as_json: bool) -> int:
    """Print the problems of a prescription; returns the exit status."""
    if as_json:
        say(json.dumps({"committed": False, "problems": problems}))
    else:
        for problem in problems:
            complain(problem)
    return REFUSED


def _for_machines(staged: Staged, is_committed: bool) -> dict[str, object]:
    review = staged.review
    return {
        "committed": is_committed,
        "problems": [],
        "token": review.token,
        "soft_limits": review.soft_limits,
        "remarks": review.remarks,
        "comparison": [change._asdict() for change in staged.changes],
    }
