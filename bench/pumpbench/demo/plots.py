# SPDX-License-Identifier: MIT
"""The plots of the report about the deliveries at one rate, and about the reservoir."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from pumpbench.analysis.judge import LIMIT_US, Piece, lateness_us
from pumpbench.analysis.reservoir_log import limit_nl
from pumpbench.demo.flexday import FlexDay
from pumpbench.reports.drawing import BAND, GOOD, SIZE_IN, TARGET, as_svg, grouped, new_figure

MOST_LABELS = 5  # a histogram with more bars has no numbers above them


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
    """The volume delivered, and the volume due, over the piece."""
    figure, axes = new_figure()
    end_s = piece.curve[-1][0]
    unit_s = _time_axis(axes, end_s)
    is_staircase = len(piece.curve) < 100
    # Millilitres for a day, microlitres for shorter pieces.
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
    """Delivered minus due over the piece; steps on time are inside the band."""
    figure, axes = new_figure()
    points = piece.deviations
    unit_s = _time_axis(axes, piece.curve[-1][0])
    axes.axhspan(-1, 0, color=BAND, linewidth=0)
    saw = [(0.0, 0.0)]  # falls until each step, and rises at it
    for t_s, low, high in points:
        saw += [(t_s / unit_s, low), (t_s / unit_s, high)]
    axes.plot(*zip(*saw, strict=True), color=GOOD, linewidth=1.3)
    _limit(axes, points)
    axes.set_ylabel("steps")
    return as_svg(figure, f"deviation of {piece.title} on {piece.target}")


def lateness(piece: Piece) -> str:
    """The lateness of each step of the piece, and its limit."""
    figure, axes = new_figure()
    unit_s = _time_axis(axes, piece.curve[-1][0])
    axes.axhspan(0, float(piece.judgement.spread_limit_us), color=BAND, linewidth=0)
    late = [(t_s / unit_s, us) for t_s, us in lateness_us(piece.trace, piece.judgement)]
    if late:
        axes.plot(*zip(*late, strict=True), color=GOOD, linewidth=1)
    reach_us = max([float(piece.judgement.spread_limit_us), *(us for _, us in late)])
    axes.set_ylim(-0.05 * reach_us, 1.1 * reach_us)
    axes.set_ylabel("µs late")
    return as_svg(figure, f"lateness of {piece.title} on {piece.target}")


def _limit(axes, points: Sequence[tuple[float, float, float]]) -> None:
    lowest = min((low for _, low, _ in points), default=-1)
    highest = max((high for _, _, high in points), default=0)
    axes.set_ylim(min(-1.3, lowest * 1.1), max(0.3, highest * 1.1))


def day_axis(axes, hours: float) -> None:
    """Label the axis with the hours of a day, or of the part of it that was run."""
    axes.set_xlim(0, hours)
    axes.set_xticks(range(0, int(hours) + 1, 6 if hours > 8 else 1))
    axes.set_xlabel("time of day, hours")


def reservoir(parts: Sequence[Piece | FlexDay]) -> str:
    """The level over each part, and below it the error of the pump's answers."""
    figure = Figure(figsize=(SIZE_IN[0], 3.3), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True, height_ratios=[3, 2])
    parts = [part for part in parts if part.levels]
    limits_nl = [float(limit_nl(part.step_ml)) for part in parts]
    for part, marker in zip(parts, "o^sD", strict=False):
        hours = [level.hour for level in part.levels]
        truth = [float(level.true_ml) for level in part.levels]
        upper.plot(hours, truth, color=TARGET, linewidth=1.3)
        style = {"color": GOOD, "marker": marker, "markersize": 3.5, "linewidth": 0}
        answers = [float(level.answered_ml) for level in part.levels]
        every = {
            "markevery": 3,
            "label": f"answered, {part.title}",
        }  # shows the true level between
        upper.plot(hours, answers, **style, **every)
        lower.plot(hours, [float(level.off_nl) for level in part.levels], **style)
    upper.plot([], [], color=TARGET, linewidth=1.3, label="left by the beaker")
    upper.set_ylim(0, None)
    upper.set_ylabel("mL")
    for limit in limits_nl[:1]:
        lower.axhspan(-limit, limit, color=BAND, linewidth=0)
    end_h = max((level.hour for part in parts for level in part.levels), default=1)
    day_axis(lower, end_h)
    lower.set_xlabel("hours")
    lower.set_ylabel("nL off")
    figure.legend(loc="outside lower center", ncols=1, fontsize=8)
    return as_svg(figure, "level of the reservoir")


def histogram(pieces: list[Piece]) -> str:
    """The number of intervals by their error."""
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    drawn = figure.subplots(len(pieces), sharex=True)
    for axes, piece in zip(drawn, pieces, strict=True):
        _errors(axes, piece)
    drawn[-1].set_xlabel("interval minus ideal, µs")
    return as_svg(figure, "interval errors")


def _errors(axes, piece: Piece) -> None:
    """One piece: a bar for each error that occurred, the accepted band behind them."""
    judgement = piece.judgement
    errors = [float(error) for error, _ in judgement.errors_us]
    counts = [count for _, count in judgement.errors_us]
    reach = max(3.0, *(abs(error) * 1.1 for error in errors)) if errors else 3.0
    down = float(judgement.ideal_us % 1)
    up = float(-judgement.ideal_us % 1)
    axes.axvspan(-down - LIMIT_US, up + LIMIT_US, color=BAND, linewidth=0)
    axes.bar(errors, counts, width=reach / 30, color=GOOD)
    axes.set_xlim(-reach, reach)
    axes.set_yscale("log")  # shows one interval among 100 000
    axes.set_ylim(0.5, max(counts, default=1) * 60)
    axes.yaxis.set_visible(False)
    axes.spines.left.set_visible(False)
    if len(counts) <= MOST_LABELS:
        for error, count in zip(errors, counts, strict=True):
            label = axes.text(error, count * 1.4, grouped(count), ha="center", fontsize=8)
            label.set_in_layout(False)
    axes.set_title(f"{piece.title}, {piece.target}", loc="left", fontsize=8)
