# SPDX-License-Identifier: MIT
"""The report of a demonstration: one HTML file with everything in it, for light and dark.

The plots are inline SVG. They are drawn in placeholder colours, which become the page's own.
"""

import io
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
from jinja2 import Environment, FileSystemLoader
from matplotlib.figure import Figure

from pumpbench.judge import LIMIT_US, Piece

TEMPLATES = Path(__file__).parent / "templates"
SIZE_IN = (4.1, 2.7)  # about as wide as a phone, so that its text needs no zoom there
MOST_LABELS = 5  # bars of a histogram with their number above

INK, FAINT, TARGET, GOOD, BAND = "#010101", "#020202", "#030303", "#040404", "#050505"
COLOURS = {
    INK: "var(--ink)",
    FAINT: "var(--line)",
    TARGET: "var(--target)",
    GOOD: "var(--delivered)",
    BAND: "var(--band)",
}
LOOK: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


@dataclass(frozen=True)
class Facts:
    """What ran, besides the pieces themselves."""

    board: str
    micropython: str
    firmware: str
    date: datetime
    missing_image: str  # why nothing was emulated, or ""
    console: list[tuple[str, str, str]]  # line sent, answer or "", what it is for


def write_report(path: Path, pieces: list[Piece], facts: Facts) -> Path:
    """Write the page about the pieces, the slow one first, the day last. Returns the path."""
    slow, day = pieces[0], pieces[-1]
    with mpl.rc_context(LOOK):
        plots = [
            ("Volume over a day", day.target, _volume(day)),
            ("The first seconds, step by step", slow.target, _volume(slow)),
            ("Delivered minus target, over the day", day.target, _deviation(day)),
            ("Delivered minus target, step by step", slow.target, _deviation(slow)),
            ("Interval errors", "how many intervals, on a logarithmic scale", _histogram(pieces)),
        ]
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    environment.filters["grouped"] = grouped
    page = environment.get_template("report.html").render(
        pieces=pieces,
        day=day,
        facts=facts,
        plots=plots,
        worst_us=max((piece.judgement.worst_error_us for piece in pieces), key=abs),
        intervals=sum(count for piece in pieces for _, count in piece.judgement.errors_us),
        problems=[(piece, text) for piece in pieces for text in piece.problems()],
        rows=rows(pieces),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def rows(pieces: list[Piece]) -> list[tuple[str, list[str]]]:
    """The table of results: (what, its text for each piece)."""
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


def exact(number) -> str:
    """A Fraction as it is: `450 000`, or `225 225/999`."""
    whole, rest = divmod(number, 1)
    return f"{grouped(int(whole))} {rest}" if rest else grouped(int(whole))


def grouped(count: int) -> str:
    """A count with its thousands apart."""
    return f"{count:,}".replace(",", " ")


def _time_axis(axes, end_s: float) -> float:
    """Label the axis of time; returns its unit in seconds."""
    is_long = end_s > 7200
    axes.set_xlabel("hours since the start" if is_long else "seconds since the start")
    unit_s = 3600 if is_long else 1
    axes.set_xlim(0, (end_s or 1) / unit_s)
    if is_long:
        axes.set_xticks(range(0, round(end_s / unit_s) + 1, 6))
    return unit_s


def _volume(piece: Piece) -> str:
    figure, axes = _figure()
    end_s = piece.curve[-1][0]
    unit_s = _time_axis(axes, end_s)
    is_staircase = len(piece.curve) < 100
    # Above a day's millilitre, below it microlitres.
    factor, unit = (1, "mL") if piece.programmed_ml > 1 else (1000, "µL")
    volume = float(piece.step_ml) * factor
    due = float(piece.programmed_ml) * factor
    axes.plot(
        [t_s / unit_s for t_s, _ in piece.curve],
        [steps * volume for _, steps in piece.curve],
        color=GOOD,
        linewidth=1.6 if is_staircase else 6,
        alpha=1 if is_staircase else 0.5,
        drawstyle="steps-post" if is_staircase else "default",
        label="delivered",
    )
    axes.plot([0, end_s / unit_s], [0, due], color=TARGET, linestyle="--", label="target")
    axes.set_ylabel(unit)
    axes.set_ylim(0, None)
    axes.legend(loc="upper left")
    return _svg(figure, f"volume of {piece.title} on {piece.target}")


def _deviation(piece: Piece) -> str:
    figure, axes = _figure()
    points = piece.deviations
    unit_s = _time_axis(axes, piece.curve[-1][0])
    axes.axhspan(-1, 0, color=BAND, linewidth=0)
    if piece.judgement.edges <= len(points):  # each step: down to it, and up at it
        saw = [(0.0, 0.0)]
        for t_s, low, high in points:
            saw += [(t_s / unit_s, low), (t_s / unit_s, high)]
        axes.plot(*zip(*saw, strict=True), color=GOOD, linewidth=1.3)
    else:
        times = [t_s / unit_s for t_s, _, _ in points]
        lows, highs = [low for _, low, _ in points], [high for _, _, high in points]
        axes.fill_between(times, lows, highs, color=GOOD, alpha=0.35, linewidth=0)
        axes.plot(times, lows, color=GOOD, linewidth=1.3)
        axes.plot(times, highs, color=GOOD, linewidth=1.3)
    lowest = min((low for _, low, _ in points), default=-1)
    highest = max((high for _, _, high in points), default=0)
    axes.set_ylim(min(-1.3, lowest * 1.1), max(0.3, highest * 1.1))
    axes.set_ylabel("steps")
    return _svg(figure, f"deviation of {piece.title} on {piece.target}")


def _histogram(pieces: list[Piece]) -> str:
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    drawn = figure.subplots(len(pieces), sharex=True)
    for axes, piece in zip(drawn, pieces, strict=True):
        _errors(axes, piece)
    drawn[-1].set_xlabel("interval minus ideal, µs")
    return _svg(figure, "interval errors")


def _errors(axes, piece: Piece) -> None:
    """One piece: a bar for each error there was, the accepted band behind them."""
    judgement = piece.judgement
    errors = [float(error) for error, _ in judgement.errors_us]
    counts = [count for _, count in judgement.errors_us]
    reach = max(3.0, *(abs(error) * 1.1 for error in errors)) if errors else 3.0
    down = float(judgement.ideal_us % 1)
    up = float(-judgement.ideal_us % 1)
    axes.axvspan(-down - LIMIT_US, up + LIMIT_US, color=BAND, linewidth=0)
    axes.bar(errors, counts, width=reach / 30, color=GOOD)
    axes.set_xlim(-reach, reach)
    axes.set_yscale("log")  # one interval among 100 000 is still seen
    axes.set_ylim(0.5, max(counts, default=1) * 60)
    axes.yaxis.set_visible(False)
    axes.spines.left.set_visible(False)
    if len(counts) <= MOST_LABELS:
        for error, count in zip(errors, counts, strict=True):
            label = axes.text(error, count * 1.4, grouped(count), ha="center", fontsize=8)
            label.set_in_layout(False)
    axes.set_title(f"{piece.title}, {piece.target}", loc="left", fontsize=8)


def _figure():
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    return figure, figure.subplots()


def _svg(figure: Figure, name: str) -> str:
    """The figure for use inside a page: ids of its own, the page's colours, no addresses."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context({"svg.hashsalt": name, "svg.id": None}):
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    text = buffer.getvalue()
    text = text[text.index("<svg") :].replace("xlink:href", "href")
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r'\1 role="img"', text, count=1)
    prefix = re.sub(r"\W+", "-", name.lower())
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'(href="|url\()#', rf"\1#{prefix}-", text)
    for placeholder, colour in COLOURS.items():
        text = text.replace(placeholder, colour)
    return text
