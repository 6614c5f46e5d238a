# SPDX-License-Identifier: MIT
"""A capture as CSV: of sigrok-cli, a row for each sample, or like Saleae's, for each change.

sigrok-cli writes the names of the channels and the sample rate in lines that begin with `;`. Its
time column is in whole units, rounded down, of the first of ms, us, ns that is finer than a
sample: the exact time of a row is its number over the sample rate, and the column shows missing
rows. Saleae's file has seconds, and the names in the first row.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from pumpbench.analysis.levels import (
    UNIT_NS,
    CaptureMistake,
    Levels,
    at_s,
    need_channel,
    sample_rate_hz,
)

if TYPE_CHECKING:
    import numpy

BLOCK_ROWS = 500_000
_LONG_UNITS = {  # as in the title of a column
    "milliseconds": UNIT_NS["ms"],
    "microseconds": UNIT_NS["us"],
    "nanoseconds": UNIT_NS["ns"],
    "picoseconds": UNIT_NS["ps"],
}
_TIME = re.compile(r"time\s*(?:[\[(]\s*(\w+)\s*[\])])?", re.IGNORECASE)
_CHANNELS = re.compile(r";\s*Channels\s*\(\d+/\d+\):(.*)")
_NEAR = 0.75  # of a sample: the most by which a time column may be rounded


class _Head(NamedTuple):
    """channels, rate_hz: from comments, or None. text: the first line that is no comment."""

    channels: list[str] | None
    rate_hz: Fraction | None
    text: str
    line: int

    @property
    def names(self) -> list[str]:
        return [name.strip().strip('"') for name in self.text.split(",")]

    @property
    def is_row(self) -> bool:
        """True if that line has samples."""
        return all(_is_number(name) for name in self.names)


class _Layout(NamedTuple):
    """column: of the channel. sample_ns: None if rows are changes.

    unit_ns: of the time column, which is the first one; None without it.
    """

    column: int
    unit_ns: Fraction | None
    sample_ns: Fraction | None


class _Block(NamedTuple):
    """Consecutive rows."""

    times_ns: "numpy.ndarray"
    levels: "numpy.ndarray"


def read_csv(path: Path, channel: str) -> Levels:
    """The levels of a channel; CaptureMistake if the file does not have them."""
    import numpy

    with path.open(encoding="utf-8", errors="replace") as file:
        head = _head(file, path)
        layout = _layout(head, path, channel)
        changes: list[numpy.ndarray] = []
        first_ns = last_ns = None
        level = was_high = 0
        for block in _blocks(file, path, layout, head):
            if first_ns is None:
                first_ns, level = block.times_ns[0], block.levels[0]
                was_high = level
            before = numpy.concatenate(([level], block.levels[:-1]))
            changes.append(numpy.rint(block.times_ns[block.levels != before]).astype("int64"))
            last_ns, level = block.times_ns[-1], block.levels[-1]
    if first_ns is None or last_ns is None:
        raise CaptureMistake(f"{path} has no samples.")
    sample_ns = layout.sample_ns or Fraction(1)
    all_changes = numpy.concatenate(changes)
    return Levels(all_changes, bool(was_high), round(first_ns), round(last_ns), sample_ns)


def _head(file: TextIO, path: Path) -> _Head:
    """Read the comments before the samples, and the first line that is no comment."""
    said, rate_hz = None, None
    for line, text in enumerate(file, 1):
        words = text.strip()
        if words and not words.startswith(";"):
            return _Head(said, rate_hz, text, line)
        if found := _CHANNELS.fullmatch(words):
            said = [name.strip() for name in found[1].split(",")]
        if "Samplerate" in words:
            rate_hz = sample_rate_hz(words)
    raise CaptureMistake(f"{path} has no samples.")


def _layout(head: _Head, path: Path, channel: str) -> _Layout:
    """The layout of the columns; CaptureMistake without the channel."""
    names, said, rate_hz = head.names, head.channels, head.rate_hz
    unit = None if head.is_row else _unit_of(names[0])
    has_time = unit is not None or (head.is_row and said is not None and len(names) > len(said))
    if said is None and head.is_row:
        raise CaptureMistake(f"{path} does not say what its columns are: have a header written.")
    channels = names[has_time:] if said is None else said
    column = need_channel(channel, channels, path) + has_time
    unit_ns = (UNIT_NS | _LONG_UNITS).get(unit or "") if has_time else None
    if has_time and unit_ns is None and rate_hz:
        unit_ns = _unit_for(rate_hz)
    if unit_ns is None and rate_hz is None:
        what = "says no unit of its time" if has_time else "has no time column"
        raise CaptureMistake(f"{path} {what} and no sample rate: have sigrok's header written.")
    return _Layout(column, unit_ns, 10**9 / rate_hz if rate_hz else None)


def _unit_of(name: str) -> str | None:
    """The unit of a time column, "" if it has none; None for another column."""
    if name.lower() in _LONG_UNITS:
        return name.lower()
    found = _TIME.fullmatch(name)
    return None if found is None else (found[1] or "").lower()


def _unit_for(rate_hz: Fraction) -> Fraction:
    """The unit of sigrok's time column, in nanoseconds."""
    scale = 1
    while scale < rate_hz:
        scale *= 1000
    return Fraction(10**9, scale)


def _blocks(file: TextIO, path: Path, layout: _Layout, head: _Head) -> Iterator[_Block]:
    """Yield the rows in blocks, each row checked."""
    import numpy

    row, line = 0, head.line - head.is_row
    origin_ns, before_ns = None, -numpy.inf
    rows = [head.text] if head.is_row else []
    while rows := rows + list(islice(file, BLOCK_ROWS)):
        found = _parsed(rows, path, layout, line)
        levels = found[:, -1]
        is_wrong = (levels != 0) & (levels != 1)
        _need(~is_wrong, rows, path, line, "a level that is neither 0 nor 1")
        times_ns = exact_ns = numpy.arange(row, row + len(rows)) * float(layout.sample_ns or 0)
        if layout.unit_ns is not None:
            times_ns = found[:, 0] * float(layout.unit_ns)
            _need_forwards(times_ns, before_ns, path)
            before_ns = times_ns[-1]
            origin_ns = times_ns[0] if origin_ns is None else origin_ns
            if layout.sample_ns is not None:
                late_ns = times_ns - origin_ns - exact_ns
                _need_whole(late_ns, times_ns, float(layout.sample_ns), path)
                times_ns = exact_ns + origin_ns
        yield _Block(times_ns, levels)
        row, line, rows = row + len(rows), line + len(rows), []


def _parsed(rows: Sequence[str], path: Path, layout: _Layout, line: int) -> "numpy.ndarray":
    """The level of each row, and its time if there is a time column."""
    import numpy

    columns = [layout.column] if layout.unit_ns is None else [0, layout.column]
    found = None
    with contextlib.suppress(ValueError):
        found = numpy.loadtxt(rows, delimiter=",", comments=None, usecols=columns, ndmin=2)
    if found is None or len(found) < len(rows) or not numpy.isfinite(found[:, 0]).all():
        is_right = numpy.array([_is_right(text, columns) for text in rows])
        _need(is_right, rows, path, line, "no row of numbers")
        raise CaptureMistake(f"{path} is no table of samples.")
    return found


def _is_right(text: str, columns: Sequence[int]) -> bool:
    fields = text.split(",")
    return len(fields) > columns[-1] and all(_is_number(fields[i]) for i in columns)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*[+-]?\d+(\.\d*)?(e[+-]?\d+)?\s*", text, re.IGNORECASE) is not None


def _need(
    is_right: "numpy.ndarray", rows: Sequence[str], path: Path, line: int, what: str
) -> None:
    """Raise CaptureMistake with the first row that is not right."""
    import numpy

    wrong = numpy.flatnonzero(~is_right)
    if len(wrong):
        at = int(wrong[0])
        raise CaptureMistake(f"{path}, line {line + at + 1}: {rows[at].strip()!r} is {what}.")


def _need_forwards(times_ns: "numpy.ndarray", before_ns: float, path: Path) -> None:
    import numpy

    back = numpy.flatnonzero(numpy.diff(times_ns, prepend=before_ns) < 0)
    if len(back):
        raise CaptureMistake(
            f"{path}: the time runs backwards at {at_s(float(times_ns[back[0]]))}."
        )


def _need_whole(
    late_ns: "numpy.ndarray", times_ns: "numpy.ndarray", sample_ns: float, path: Path
) -> None:
    """Raise CaptureMistake if a row is later than its number allows: rows are missing."""
    import numpy

    gaps = numpy.flatnonzero(late_ns > _NEAR * sample_ns)
    if len(gaps):
        t = at_s(float(times_ns[gaps[0]]))
        raise CaptureMistake(f"{path} has a gap in its samples before {t}: capture it anew.")
