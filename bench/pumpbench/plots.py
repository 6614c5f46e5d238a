# SPDX-License-Identifier: MIT
"""The plots of the report: inline SVG, in placeholder colours that become those of the page."""

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from pumpbench.flexday import FlexDay
from pumpbench.judge import LIMIT_US, Piece

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


def look():
    """The context to draw in."""
    return mpl.rc_context(LOOK)


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


def volume(piece: Piece) -> str:
    """What came, and what was due, over the piece."""
    figure, axes = new_figure()
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
    return as_svg(figure, f"volume of {piece.title} on {piece.target}")


def deviation(piece: Piece) -> str:
    """Delivered minus due over the piece: on time is inside the band."""
    figure, axes = new_figure()
    points = piece.deviations
    unit_s = _time_axis(axes, piece.curve[-1][0])
    axes.axhspan(-1, 0, color=BAND, linewidth=0)
    if piece.judgement.edges <= len(points):  # each step: down to it, and up at it
        saw = [(0.0, 0.0)]
        for t_s, low, high in points:
            saw += [(t_s / unit_s, low), (t_s / unit_s, high)]
        axes.plot(*zip(*saw, strict=True), color=GOOD, linewidth=1.3)
    else:
        _band(axes, [(t_s / unit_s, low, high) for t_s, low, high in points])
    _limit(axes, points)
    axes.set_ylabel("steps")
    return as_svg(figure, f"deviation of {piece.title} on {piece.target}")


def _band(axes, points: list[tuple[float, float, float]]) -> None:
    """Between the lowest and the highest of groups of steps: (time, low, high)."""
    times, lows, highs = zip(*points, strict=True)
    axes.fill_between(times, lows, highs, color=GOOD, alpha=0.35, linewidth=0)
    axes.plot(times, lows, color=GOOD, linewidth=1.3)
    axes.plot(times, highs, color=GOOD, linewidth=1.3)


def _limit(axes, points: Sequence[tuple[float, float, float]]) -> None:
    lowest = min((low for _, low, _ in points), default=-1)
    highest = max((high for _, _, high in points), default=0)
    axes.set_ylim(min(-1.3, lowest * 1.1), max(0.3, highest * 1.1))


def flex_deviation(flex: FlexDay) -> str:
    """Delivered minus programmed over the flex day, in steps."""
    figure, axes = new_figure()
    axes.axhspan(-1, 0, color=BAND, linewidth=0)
    if flex.deviations:
        _band(axes, flex.deviations)
    _limit(axes, flex.deviations)
    _day_axis(axes, flex.hours)
    axes.set_ylabel("steps")
    return as_svg(figure, f"deviation of the {flex.title} on {flex.target}")


def _day_axis(axes, hours: float) -> None:
    axes.set_xlim(0, hours)
    axes.set_xticks(range(0, int(hours) + 1, 6 if hours > 8 else 1))
    axes.set_xlabel("time of day, hours")


def flex_rates(flex: FlexDay) -> str:
    """The rate of the flex day: what came, filled, and what was programmed, dashed over it."""
    figure, axes = new_figure()
    hours, rates = zip(*flex.delivered, strict=True)
    axes.fill_between(hours, rates, step="post", color=GOOD, alpha=0.35, linewidth=0)
    axes.plot(hours, rates, color=GOOD, linewidth=1.3, drawstyle="steps-post", label="delivered")
    hours, rates = zip(*flex.programmed, strict=True)
    style = {"color": TARGET, "linestyle": "--", "linewidth": 1.3, "drawstyle": "steps-post"}
    axes.plot(hours, rates, label="programmed", **style)
    _day_axis(axes, flex.hours)
    axes.set_ylim(0, max(*rates, 1) * 1.3)  # room for the legend
    axes.set_ylabel("µg an hour")
    axes.legend(loc="upper right", ncols=2)
    return as_svg(figure, f"rates of the {flex.title} on {flex.target}")


def histogram(pieces: list[Piece]) -> str:
    """How many intervals had which error."""
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    drawn = figure.subplots(len(pieces), sharex=True)
    for axes, piece in zip(drawn, pieces, strict=True):
        _errors(axes, piece)
    drawn[-1].set_xlabel("interval minus ideal, µs")
    return as_svg(figure, "interval errors")


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


def new_figure():
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    return figure, figure.subplots()


def as_svg(figure: Figure, name: str) -> str:
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
