# SPDX-License-Identifier: MIT
"""The report of a demonstration: one self-contained HTML file, with a light and a dark scheme."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from pumpbench.analysis import reservoir_log
from pumpbench.analysis.judge import Piece
from pumpbench.demo import alarms_demo, figures, flex_plots, plots, report_data, sound_plots
from pumpbench.demo.alarms_demo import AlarmsPart
from pumpbench.demo.figures import Figure, exact
from pumpbench.demo.flexday import FILLED_ML, FlexDay, clock
from pumpbench.hil.checkout import Checkout
from pumpbench.reports import drawing
from pumpbench.reports.drawing import grouped
from pumpbench.reports.page import TEMPLATES


@dataclass(frozen=True)
class Facts:
    """Facts of the run, apart from the pieces themselves."""

    board: str
    interpreters: str  # their names and targets
    firmware: str
    date: datetime
    checkout: Checkout | None  # None without a repository
    missing_image: str  # why no board was emulated, or ""
    console: list[tuple[str, str, str]]  # line sent, answer or "", note


def write_report(
    path: Path, pieces: list[Piece], flex: FlexDay, alarms: AlarmsPart, facts: Facts
) -> Path:
    """Write the page: the pieces, slow, fast and the day; the flex day; the alarms.

    Its data are written beside it as CSV files, named after it. Returns the path.
    """
    slow, fast, day = pieces
    with drawing.look():
        drawn = [
            ("The first seconds, step by step", slow.target, plots.volume(slow)),
            ("Delivered minus target, step by step", slow.target, plots.deviation(slow)),
            (
                f"How late the steps were at {fast.title.split(',')[0]}",
                f"{fast.target}, shaded: the limit",
                plots.lateness(fast),
            ),
            (
                "Interval errors",
                "how many intervals, on a logarithmic scale",
                plots.histogram(pieces),
            ),
            (
                "Level of the reservoir, over both days",
                f"{day.target}, {reservoir_log.QUERY} against the beaker; below, the difference",
                plots.reservoir([day, flex]),
            ),
        ]
        drawn_of_flex = flex_plots.rates(flex), flex_plots.lateness(flex)
        alarm_plots = _alarm_plots(alarms)
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    environment.filters |= {"grouped": grouped, "clock": clock}
    path.parent.mkdir(parents=True, exist_ok=True)
    page = environment.get_template("report.html").render(
        pieces=pieces,
        day=day,
        facts=facts,
        plots=drawn,
        tiles=_tiles(pieces),
        of_pieces=[(piece, figures.of_piece(piece)) for piece in pieces],
        of_flex=figures.of_flex(flex),
        data=report_data.write(path, pieces, flex),
        problems=[(part, text) for part in (*pieces, flex, alarms) for text in part.problems()],
        flex=flex,
        filled_ml=FILLED_ML,
        flex_plots=drawn_of_flex,
        alarms=alarms,
        alarm_plots=alarm_plots,
        alarm_lines=list(alarms_demo.table(alarms)),
        priorities=alarms_demo.PRIORITIES,
        sound=f"data:audio/wav;base64,{b64encode(alarms.wav()).decode()}",
    )
    path.write_text(page, encoding="utf-8")
    return path


def _tiles(pieces: list[Piece]) -> list[tuple[str, str, Figure]]:
    """(text, its caption, the figure with its limit) of each tile at the top of the page."""
    day = pieces[-1]
    delivered, missing = figures.delivered(day), figures.missing(day)
    worst = figures.worst_interval(pieces)
    intervals = sum(count for piece in pieces for _, count in piece.judgement.errors_us)
    edges = day.judgement.edges
    return [
        (
            grouped(edges),
            "steps in the day",
            Figure("", "", grouped(day.steps.commanded), edges == day.steps.commanded),
        ),
        (missing.measured, "missing or extra", missing),
        (f"{float(day.delivered_ml):.6f}", "mL in the beaker after it", delivered),
        (f"{worst.measured} µs", f"worst of {grouped(intervals)} intervals", worst),
    ]


def rows(pieces: list[Piece]) -> list[tuple[str, list[str]]]:
    """The table of results: (quantity, its text for each piece)."""
    counts = [(*piece.steps[:3], piece.judgement.edges) for piece in pieces]
    names = ("Commanded, steps", "Emitted, steps", "Witnessed, steps", "Edges on the pin")
    table = [(name, [grouped(of_piece[i]) for of_piece in counts]) for i, name in enumerate(names)]
    judged = [piece.judgement for piece in pieces]
    return [
        ("Ideal interval, us", [exact(judgement.ideal_us) for judgement in judged]),
        *table,
        ("Worst interval error, us", [f"{float(each.worst_error_us):.3f}" for each in judged]),
        ("Delivered, mL (beaker)", [f"{float(piece.delivered_ml):.7f}" for piece in pieces]),
        ("Programmed, mL", [f"{float(piece.programmed_ml):.7f}" for piece in pieces]),
    ]


def flex_rows(flex: FlexDay) -> list[tuple[str, str]]:
    """The table of the flex day: the steps programmed, and all counts of them."""
    counts = zip(("Commanded", "Emitted", "Witnessed"), flex.steps[:3], strict=True)
    due_ug = flex.due_steps // 1 * flex.step_ug
    return [
        ("Programmed, steps", grouped(int(flex.due_steps))),
        *[(f"{name}, steps", grouped(count)) for name, count in counts],
        ("Edges on the pin", grouped(flex.edges)),
        ("Worst step, us from its time", f"{flex.worst_us:.3f}"),
        ("Programmed, ug", f"{float(due_ug):.3f}"),
        ("Delivered, ug", f"{float(flex.edges * flex.step_ug):.3f}"),
        ("Delivered, mL (beaker)", f"{float(flex.delivered_ml):.7f}"),
        *[(f"of it {kind}, mL", ml) for kind, ml in flex.ledger if Fraction(ml)],
    ]


def _alarm_plots(alarms: AlarmsPart) -> list[tuple[str, str]]:
    """(title, picture): all signals of the part, then a whole burst of HIGH."""
    lamps = {"lamp": alarms.lamp}
    heard = alarms.heard()
    drawn = [("All of it", [each.burst for each in heard], alarms.start_ns, alarms.end_ns)]
    for each in heard:
        if each.priority == "HIGH" and not each.is_cut:
            from_ns, to_ns = each.burst[0].first_ns, each.burst[-1].last_ns
            room_ns = (to_ns - from_ns) // 20
            drawn.append(("A burst of HIGH", [each.burst], from_ns - room_ns, to_ns + room_ns))
            break
    return [
        (title, sound_plots.bursts(found, title=title, start_ns=a, end_ns=b, lamps=lamps))
        for title, found, a, b in drawn
    ]
