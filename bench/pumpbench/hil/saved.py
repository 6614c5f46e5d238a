# SPDX-License-Identifier: MIT
"""The folder of an acceptance: its facts and results, written while it runs.

If a run is killed, or its host loses power, the results up to then are kept; `pumpbench report`
makes the page of them.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from pumpbench.hil.checkout import Checkout
from pumpbench.hil.page import Facts, write_page
from pumpbench.hil.results import Result

DATA = "result.jsonl"
FACTS = "facts.json"
PAGE = "report.html"


class SavedError(Exception):
    """A folder without the data for a page; a sentence."""


class Folder:
    """The folder of one acceptance. path: need not exist before `begin`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._facts: Facts | None = None

    def begin(self) -> None:
        """Remove the data of an earlier acceptance."""
        self.path.mkdir(parents=True, exist_ok=True)
        for name in (FACTS, PAGE):
            (self.path / name).unlink(missing_ok=True)
        (self.path / DATA).write_text("")

    def add(self, result: Result, facts: Facts) -> None:
        """Write a result, and the facts if they have changed."""
        with (self.path / DATA).open("a") as file:
            file.write(result.as_json() + "\n")
        self.keep(facts)

    def keep(self, facts: Facts) -> None:
        """Write the facts atomically, unless they are unchanged."""
        if facts == self._facts:
            return
        self._facts = facts
        beside = self.path / f"{FACTS}.new"
        beside.write_text(json.dumps(asdict(facts) | {"date": facts.date.isoformat()}))
        beside.replace(self.path / FACTS)

    def write_page(self, facts: Facts, results: Sequence[Result]) -> Path:
        """Write the page beside its data; returns its path."""
        return write_page(self.path / PAGE, facts, results, DATA)

    def read(self) -> tuple[Facts, list[Result]]:
        """The facts and results kept, without an incomplete last line; SavedError without any."""
        return self._read_facts(), self._read_results()

    def _read_facts(self) -> Facts:
        try:
            told = json.loads((self.path / FACTS).read_text())
            checkout, date = told["checkout"], datetime.fromisoformat(told["date"])
            checkout = Checkout(*checkout) if checkout is not None else None
            return Facts(**told | {"checkout": checkout, "date": date})
        except OSError:
            raise SavedError(
                f"{self.path} is no folder of `make hil`: no {FACTS} in it."
            ) from None
        except (ValueError, TypeError, KeyError) as error:
            raise SavedError(f"{self.path / FACTS} cannot be read: {error}.") from error

    def _read_results(self) -> list[Result]:
        try:
            lines = (self.path / DATA).read_text().split("\n")
        except OSError:
            raise SavedError(f"{self.path} has no {DATA}.") from None
        found = []
        for number, line in enumerate(
            lines[:-1], 1
        ):  # after the last line feed there is no whole line
            try:
                found.append(Result.from_json(line))
            except (ValueError, TypeError, KeyError) as error:
                where = f"{self.path / DATA}, line {number}"
                raise SavedError(f"{where}, is no result: {error}.") from error
        if not found:
            raise SavedError(f"{self.path} has no results: nothing had been tried to its end.")
        return found
