# SPDX-License-Identifier: MIT
"""Recordings: the CSV file of a balance's readings, written line by line and read back whole."""

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pumpbench.gravimetry.reading import Reading

HEADER = ("time_s", "grams", "is_stable")
_STABLE = {True: "1", False: "0", None: ""}

Array = NDArray[np.float64]


class RecordingError(ValueError):
    """A recording that cannot be evaluated; a sentence."""


@dataclass(frozen=True)
class Recording:
    """time_s, grams: one number of each for a reading, times increasing.

    resolution_g: the last digit of the balance, or 0 if it is not known.
    Raises RecordingError for other arrays.
    """

    time_s: Array
    grams: Array
    resolution_g: float = 0.0

    def __post_init__(self) -> None:
        if len(self.time_s) != len(self.grams):
            raise RecordingError(f"{len(self.time_s)} times, but {len(self.grams)} weights")
        if len(self.time_s) < 2:
            raise RecordingError(f"a recording needs two readings, this one has {len(self.grams)}")
        if not (np.isfinite(self.time_s).all() and np.isfinite(self.grams).all()):
            raise RecordingError("a time or a weight is no finite number")
        if (late := np.flatnonzero(np.diff(self.time_s) <= 0)).size:
            before_s, after_s = self.time_s[late[0] : late[0] + 2]
            raise RecordingError(
                f"times must increase: {after_s:g} s comes after {before_s:g} s,"
                f" in reading {late[0] + 2}"
            )


class RecordingFile:
    """A CSV file to which each reading is written as soon as it is made."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._csv = csv.writer(self._file, lineterminator="\n")
        self._csv.writerow(HEADER)

    def add(self, reading: Reading) -> None:
        """Write a reading, and flush it to the file."""
        stable = _STABLE[reading.is_stable]
        self._csv.writerow((f"{reading.time_s:.3f}", f"{reading.grams:f}", stable))
        self._file.flush()

    def __enter__(self) -> "RecordingFile":
        return self

    def __exit__(self, *_exc: object) -> None:
        self._file.close()


def read_recording(path: Path, resolution_g: float | None = None) -> Recording:
    """The recording in a CSV file with columns `time_s` and `grams`; others are ignored.

    resolution_g: default: one unit of the last digit of the weights.
    Raises RecordingError, with the number of the line.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in HEADER[:2] if name not in (rows.fieldnames or ())]
        if missing:
            raise RecordingError(f"{path.name} has no column {' and no '.join(missing)}")
        numbers = [
            (_number(row, "time_s", rows.line_num), _number(row, "grams", rows.line_num))
            for row in rows
        ]
    weights = [grams for _, grams in numbers]
    resolution_g = _last_digit_g(weights) if resolution_g is None else resolution_g
    times = np.array([float(time_s) for time_s, _ in numbers])
    return Recording(times, np.array([float(grams) for grams in weights]), resolution_g)


def _number(row: dict[str, str], name: str, line: int) -> Decimal:
    try:
        number = Decimal(row[name] or "")
    except InvalidOperation:
        raise RecordingError(f"line {line}: {name} is {row[name]!r}, not a number") from None
    if not math.isfinite(number):
        raise RecordingError(f"line {line}: {name} is {row[name]!r}, not a number")
    return number


def _last_digit_g(weights: Iterable[Decimal]) -> float:
    exponents = [int(grams.as_tuple().exponent) for grams in weights]
    return 10.0 ** min(exponents, default=0)
