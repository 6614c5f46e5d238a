# SPDX-License-Identifier: MIT
"""The figures of the demonstration, each with its limit.

The limits are those of `problems()`, which has a sentence for each figure beyond its limit.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from pumpbench.analysis import reservoir_log
from pumpbench.analysis.judge import LIMIT_US, Judgement, Piece
from pumpbench.analysis.reservoir_log import Level
from pumpbench.demo.flexday import FlexDay
from pumpbench.reports.drawing import grouped


class Figure(NamedTuple):
    """A figure as text; is_within is None, and `limit` empty, for a figure without a limit."""

    name: str
    measured: str
    limit: str = ""
    is_within: bool | None = None

    @property
    def verdict(self) -> str:
        """PASS, FAIL, or "" without a limit."""
        return "" if self.is_within is None else "PASS" if self.is_within else "FAIL"


def of_piece(piece: Piece) -> list[Figure]:
    """The figures of a delivery at a constant rate."""
    judgement = piece.judgement
    edges = judgement.edges
    return [
        Figure("Edges on the pin", grouped(edges), "at least 1", edges > 0),
        *_counts(piece.steps, edges),
        Figure("Ideal interval, us", exact(judgement.ideal_us)),
        worst_interval([piece]),
        Figure(
            "Lateness of the steps, latest less earliest, us",
            f"{float(judgement.spread_us):.3f}",
            f"at most {float(judgement.spread_limit_us):.3f}",
            judgement.spread_us <= judgement.spread_limit_us,
        ),
        Figure("Programmed, mL", ml(piece.programmed_ml)),
        delivered(piece),
        *_reservoir(piece.levels, piece.step_ml),
    ]


def of_flex(flex: FlexDay) -> list[Figure]:
    """The figures of the flex day."""
    least, most = int(flex.due_steps), int(max(flex.due_steps, flex.due_latest))
    due = grouped(least) if least == most else f"{grouped(least)} to {grouped(most)}"
    booked_ml = flex.booked_ml
    slack_ml = flex.slack_ml
    return [
        Figure("Programmed, steps", due),
        Figure("Edges on the pin", grouped(flex.edges), due, least <= flex.edges <= most),
        *_counts(flex.steps, flex.edges),
        Figure(
            "Worst step, us from its time",
            f"{flex.worst_us:.3f}",
            f"within ±{flex.limit_us:.3f} at its rate",
            abs(flex.worst_us) <= flex.limit_us,
        ),
        Figure("Programmed, ug", f"{float(flex.due_steps // 1 * flex.step_ug):.3f}"),
        Figure("Delivered, ug", f"{float(flex.edges * flex.step_ug):.3f}"),
        delivered(flex),
        *[Figure(f"of it {kind}, mL", text) for kind, text in flex.ledger if Fraction(text)],
        Figure(
            "All kinds of the ledger, mL",
            f"{float(booked_ml):.6f}",
            f"{ml(flex.delivered_ml)} ± {float(slack_ml):.6f}",
            abs(booked_ml - flex.delivered_ml) <= slack_ml,
        ),
        *_reservoir(flex.levels, flex.step_ml),
    ]


def worst_interval(pieces: Sequence[Piece]) -> Figure:
    """The worst interval of all pieces; it is within its limit if those of all pieces are."""
    judged = [piece.judgement for piece in pieces]
    worst = max(judged, key=lambda judgement: abs(judgement.worst_error_us))
    is_within = all(judgement.beyond_us <= LIMIT_US for judgement in judged)
    low_us, high_us = accepted_us(worst)
    return Figure(
        "Worst interval error, us",
        f"{float(worst.worst_error_us):.3f}",
        f"{low_us:.3f} to {high_us:.3f}",
        is_within,
    )


def accepted_us(judgement: Judgement) -> tuple[float, float]:
    """The least and the greatest interval error accepted, in microseconds."""
    down, up = judgement.ideal_us % 1, -judgement.ideal_us % 1
    return float(-down - LIMIT_US), float(up + LIMIT_US)


def delivered(part: Piece | FlexDay) -> Figure:
    """The volume in the beaker; its limit is the volume of the edges."""
    edges = part.edges if isinstance(part, FlexDay) else part.judgement.edges
    worth_ml = edges * part.step_ml
    is_within = part.delivered_ml == worth_ml
    return Figure("Delivered, mL (beaker)", ml(part.delivered_ml), ml(worth_ml), is_within)


def missing(piece: Piece) -> Figure:
    """The difference between steps commanded and steps that arrived at the driver."""
    count = abs(piece.steps.commanded - piece.judgement.edges)
    return Figure("Missing or extra, steps", grouped(count), "0", not count)


def _counts(steps, edges: int) -> list[Figure]:
    """The counts of the pump; their limit is the number of edges at the driver."""
    names = ("Commanded, steps", "Emitted, steps", "Witnessed, steps")
    counted = [
        Figure(name, grouped(count), grouped(edges), count == edges)
        for name, count in zip(names, steps[:3], strict=True)
    ]
    return [*counted, Figure("Still queued, steps", grouped(steps[3]), "0", not steps[3])]


def _reservoir(levels: Sequence[Level], step_ml: Fraction) -> list[Figure]:
    level = reservoir_log.worst(levels)
    if level is None:
        return []
    limit_nl = reservoir_log.limit_nl(step_ml)
    return [
        Figure("Left in the reservoir, mL (pump)", f"{float(levels[-1].answered_ml):.6f}"),
        Figure(
            "Reservoir, worst answer less the truth, nL",
            f"{float(level.off_nl):.1f}",
            f"within ±{float(limit_nl):.1f}",
            abs(level.off_nl) <= limit_nl,
        ),
    ]


def ml(volume_ml: Fraction) -> str:
    """A volume to a tenth of a nanolitre."""
    return f"{float(volume_ml):.7f}"


def exact(number) -> str:
    """A Fraction without rounding: `450 000`, or `225 225/999`."""
    whole, rest = divmod(number, 1)
    return f"{grouped(int(whole))} {rest}" if rest else grouped(int(whole))
