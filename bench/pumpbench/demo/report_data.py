# SPDX-License-Identifier: MIT
"""The data of the demonstration as CSV files beside its page, units in their headers."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pumpbench.analysis.judge import Piece, lateness_us
from pumpbench.demo import figures
from pumpbench.demo.figures import Figure
from pumpbench.demo.flexday import FlexDay

Row = Sequence[object]


class DataFile(NamedTuple):
    """A file beside the page, and its description."""

    name: str
    what: str
    rows: int


def write(page: Path, pieces: Sequence[Piece], flex: FlexDay) -> list[DataFile]:
    """Write all files beside the page, each named after it; returns them."""
    written: list[DataFile] = []

    def put(name: str, what: str, header: str, rows: Iterable[Row]) -> None:
        path = page.with_name(f"{page.stem}-{name}.csv")
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header.split(","))
            lengths = [writer.writerow(row) for row in rows]
        written.append(DataFile(path.name, what, len(lengths)))

    header = "part,target,figure,measured,limit,verdict"
    put("figures", "every figure with its limit", header, _figures(pieces, flex))
    for n, piece in enumerate(pieces, 1):
        what = f"every step of {piece.title}, {piece.target}"
        put(f"steps-{n}", what, "step,time_s,late_us", _steps(piece))
    header = "step,hour_of_day_h,late_us,limit_us"
    rows = ((n, f"{h:.9f}", f"{us:.4f}", f"{m:.4f}") for n, (h, us, m) in enumerate(flex.late, 1))
    put("flex-steps", "every step of the flex day", header, rows)
    put("flex-rates", "rates of the flex day", "what,from_hour_h,rate_ug_per_h", _rates(flex))
    header = "hour_of_day_h,outcome,dose_ug,line,note"
    rows = ((f"{e.hour:.6f}", e.outcome, e.dose_ug, e.line, e.note) for e in flex.events)
    put("flex-events", "boluses, refusals and aborts of the flex day", header, rows)
    header = "part,hour_h,answered_ml,true_ml,answered_minus_true_nl"
    put("reservoir", "level of the reservoir", header, _levels([*pieces, flex]))
    return written


def _figures(pieces: Sequence[Piece], flex: FlexDay) -> Iterator[Row]:
    parts: list[tuple[Piece | FlexDay, list[Figure]]] = [
        *((piece, figures.of_piece(piece)) for piece in pieces),
        (flex, figures.of_flex(flex)),
    ]
    for part, of_part in parts:
        for each in of_part:
            measured = (
                each.measured.replace(" ", "") if "/" not in each.measured else each.measured
            )
            yield part.title, part.target, each.name, measured, each.limit, each.verdict


def _steps(piece: Piece) -> Iterator[Row]:
    for n, (t_s, late_us) in enumerate(lateness_us(piece.trace, piece.judgement), 1):
        yield n, f"{t_s:.9f}", f"{late_us:.4f}"


def _rates(flex: FlexDay) -> Iterator[Row]:
    for what, rates in (("programmed", flex.programmed), ("delivered", flex.delivered)):
        for hour, ug_h in rates:
            yield what, f"{hour:.6f}", f"{ug_h:.6f}"


def _levels(parts: Iterable[Piece | FlexDay]) -> Iterator[Row]:
    for part in parts:
        for level in part.levels:
            volumes = f"{float(level.answered_ml):.6f}", f"{float(level.true_ml):.7f}"
            yield part.title, f"{level.hour:.6f}", *volumes, f"{float(level.off_nl):.1f}"
