# SPDX-License-Identifier: MIT
"""The page of an acceptance: its facts, and every test with its limits, skips and flakes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pumpbench.hil.checkout import Checkout
from pumpbench.hil.results import BAD, SKIPPED, Result, summary
from pumpbench.reports.page import template


@dataclass(frozen=True)
class Facts:
    """The pump accepted, and the equipment. checkout: None without a repository.

    broke_off: why not all tests were run, a sentence, or "".
    """

    target: str
    identity: str  # the answer to *IDN?, or "" without one
    firmware: str
    image: str
    power: str
    wires: str
    checkout: Checkout | None
    date: datetime
    broke_off: str = ""


def write_page(path: Path, facts: Facts, results: Sequence[Result], data: str) -> Path:
    """Write the page; returns its path. data: the name of the file of JSON lines beside it."""
    page = template("hil.html", sentence=sentence).render(
        facts=facts,
        data=data,
        tests=summary(results),
        runs=max((each.run for each in results), default=0),
        failed=[each for each in results if each.outcome in BAD],
        skipped=sum(each.outcome == SKIPPED for each in results),
        seconds=sum(each.seconds for each in results),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def sentence(name: str) -> str:
    """A test's name as a sentence: `test_a_stop_stops[24]` is `A stop stops: 24`."""
    words, _, parameter = name.removeprefix("test_").partition("[")
    text = re.sub("_+", " ", words).strip()
    text = text[:1].upper() + text[1:]
    return f"{text}: {parameter.removesuffix(']')}" if parameter else text
