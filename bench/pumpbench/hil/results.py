# SPDX-License-Identifier: MIT
"""Results of an acceptance: each test of each run, its figures and their limits, flake rates.

A result is a line of JSON, so that the results of a run that breaks off are kept.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

PASSED, SKIPPED, FAILED, ERROR = "passed", "skipped", "failed", "error"
BAD = (FAILED, ERROR)
_WORST_FIRST = (ERROR, FAILED, PASSED, SKIPPED)


@dataclass(frozen=True)
class Figure:
    """A measured value and its limits, which are within; None: no limit."""

    what: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def is_within(self) -> bool:
        is_enough = self.least is None or self.value >= self.least
        return is_enough and (self.most is None or self.value <= self.most)

    @property
    def limit(self) -> str:
        """`at least 3 s`, `at most 5 s`, `3 to 5 s`, or ""."""
        if self.least is not None and self.most is not None:
            if self.least == self.most:
                return _with_unit(f"{self.least:.7g}", self.unit)
            return _with_unit(f"{self.least:.7g} to {self.most:.7g}", self.unit)
        if self.least is not None:
            return _with_unit(f"at least {self.least:.7g}", self.unit)
        return "" if self.most is None else _with_unit(f"at most {self.most:.7g}", self.unit)

    def __str__(self) -> str:
        limit = f", limit {self.limit}" if self.limit else ""
        return f"{self.what}: {_with_unit(f'{self.value:.7g}', self.unit)}{limit}"

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Figure":
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Result:
    """One test in one run; run: from 1 on. reason: of a skip or a failure, or ""."""

    name: str
    run: int
    outcome: str
    seconds: float
    figures: Sequence[Figure] = ()
    reason: str = ""

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Result":
        told = json.loads(text)
        return cls(**told | {"figures": [Figure(**each) for each in told["figures"]]})


class FlakeRate(NamedTuple):
    """A test: the number of runs with it, of its failures and of its skips."""

    name: str
    runs: int
    failed: int
    skipped: int

    def __str__(self) -> str:
        if self.skipped == self.runs:
            return f"{self.runs} runs, all skipped"
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.runs} runs, {self.failed} failed{skipped}"


class AllRuns(NamedTuple):
    """A test over all of its runs. measured: (name, least to greatest, limit) of each figure."""

    name: str
    outcome: str
    rate: FlakeRate
    measured: list[tuple[str, str, str]]
    reasons: list[str]


def by_name(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Test -> its results; tests in the order of their first result."""
    found: dict[str, list[Result]] = {}
    for each in results:
        found.setdefault(each.name, []).append(each)
    return found


def counts(results: Iterable[Result]) -> str:
    """The number of each outcome: `3 passed, 1 failed`."""
    outcomes = [each.outcome for each in results]
    order = (PASSED, FAILED, ERROR, SKIPPED)
    return ", ".join(f"{outcomes.count(each)} {each}" for each in order if each in outcomes)


def flake_rates(results: Iterable[Result]) -> list[FlakeRate]:
    """The rate of each test."""
    return [_rate(name, runs) for name, runs in by_name(results).items()]


def summary(results: Iterable[Result]) -> list[AllRuns]:
    """Each test over its runs; its outcome is the worst of them."""
    return [
        AllRuns(
            name,
            min((each.outcome for each in runs), key=_WORST_FIRST.index),
            _rate(name, runs),
            _ranges(runs),
            list(dict.fromkeys(each.reason for each in runs if each.reason)),
        )
        for name, runs in by_name(results).items()
    ]


def _rate(name: str, runs: Sequence[Result]) -> FlakeRate:
    outcomes = [each.outcome for each in runs]
    failed = sum(outcome in BAD for outcome in outcomes)
    return FlakeRate(name, len(runs), failed, outcomes.count(SKIPPED))


def _ranges(runs: Iterable[Result]) -> list[tuple[str, str, str]]:
    """(name, least to greatest of all runs, limit of the last run) of each figure."""
    figures: dict[str, list[Figure]] = {}
    for each in runs:
        for figure in each.figures:
            figures.setdefault(figure.what, []).append(figure)
    return [(what, _range(same), same[-1].limit) for what, same in figures.items()]


def _range(figures: Sequence[Figure]) -> str:
    texts = [f"{find(each.value for each in figures):.7g}" for find in (min, max)]
    return _with_unit(" to ".join(dict.fromkeys(texts)), figures[0].unit)


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}".rstrip()
