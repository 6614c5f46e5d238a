# SPDX-License-Identifier: MIT
"""The pictures of a weighing: start-up graph, trumpet, errors of doses, linearity. Inline SVG."""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import FixedLocator, MaxNLocator, MultipleLocator, NullLocator

from pumpbench.gravimetry.doses import WeighedDose
from pumpbench.gravimetry.linearity import Linearity
from pumpbench.gravimetry.trumpet import Trumpet
from pumpbench.reports.drawing import BAND, GOOD, TARGET, new_figure

REACH_PCT = 15.0  # of the axis of trumpets, the same for all, so that they can be compared
_LONG_MIN = 300  # a longer graph has hours on its axis


def minus(text: str) -> str:
    """A text with its hyphens replaced by minus signs."""
    return text.replace("-", "\N{MINUS SIGN}")


def start_up(curve: Trumpet):
    """Flow of each sample since the start, against the set rate; the analysed time is shaded."""
    figure, axes = new_figure()
    method = curve.method
    is_long = len(curve.flow_ml_h) * method.sample_min > _LONG_MIN
    unit_min = 60 if is_long else 1
    ends = np.arange(len(curve.flow_ml_h) + 1) * method.sample_min / unit_min
    analysed = (method.settle_min / unit_min, ends[-1])
    axes.axvspan(*analysed, color=BAND, linewidth=0, zorder=0, label="analysed")
    factor, unit = (1, "mL") if curve.rate_ml_h >= 0.1 else (1000, "µL")
    flow, rate = curve.flow_ml_h * factor, curve.rate_ml_h * factor
    axes.stairs(flow, ends, color=GOOD, linewidth=1, baseline=None, label="measured")
    axes.axhline(rate, color=TARGET, linestyle="--", linewidth=1.3, label="set")
    axes.set_xlim(0, ends[-1])
    axes.xaxis.set_major_locator(
        MultipleLocator(6 if ends[-1] < 60 else 24) if is_long else MaxNLocator(7)
    )
    axes.set_ylim(0, max(flow.max(), rate) * 1.35)  # room for the legend
    axes.set_xlabel("hours since the start" if is_long else "minutes since the start")
    axes.set_ylabel(f"{unit} an hour")
    axes.legend(loc="upper center", ncols=3, columnspacing=1.2, handlelength=1.5)
    return figure


def trumpet(curve: Trumpet, limit_pct: float):
    """Ep(max) and Ep(min) of each window, the mean error between them, the limits around them."""
    figure, axes = new_figure()
    minutes = [each.minutes for each in curve.windows]
    upper = [each.max_pct for each in curve.windows]
    lower = [each.min_pct for each in curve.windows]
    axes.axhspan(-limit_pct, limit_pct, color=BAND, linewidth=0, zorder=0)
    axes.plot(minutes, upper, color=GOOD, marker="o", markersize=3.5, label="Ep max, min")
    axes.plot(minutes, lower, color=GOOD, marker="o", markersize=3.5)
    axes.axhline(
        curve.mean_error_pct,
        color=TARGET,
        linestyle="--",
        linewidth=1.3,
        label=minus(f"A {curve.mean_error_pct:+.2f} %"),
    )
    reach_pct = max(REACH_PCT, limit_pct, *(1.1 * abs(pct) for pct in upper + lower))
    axes.set_ylim(-reach_pct, reach_pct * 1.25)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(curve.method.windows_min))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlim(curve.method.windows_min[0] * 0.85, curve.method.windows_min[-1] * 1.15)
    axes.set_xlabel("observation window, minutes")
    axes.set_ylabel("error, % of the set rate")
    axes.legend(loc="upper right", ncols=2, columnspacing=1.2)
    return figure


def dose_errors(doses: Sequence[WeighedDose], limit_pct: float):
    """The number of doses by their error."""
    figure, axes = new_figure()
    errors_pct = [each.error_pct for each in doses]
    reach_pct = max(limit_pct * 1.2, *(1.05 * abs(pct) for pct in errors_pct))
    axes.axvspan(-limit_pct, limit_pct, color=BAND, linewidth=0, zorder=0)
    axes.hist(errors_pct, bins=31, range=(-reach_pct, reach_pct), color=GOOD)
    axes.axvline(0, color=TARGET, linestyle="--", linewidth=1.3)
    axes.set_xlim(-reach_pct, reach_pct)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("error, % of the programmed dose")
    axes.set_ylabel("doses")
    return figure


def line(rates: Linearity, limit_pct: float):
    """The distance of each rate from the line through all of them."""
    figure, axes = new_figure()
    axes.axhspan(-limit_pct, limit_pct, color=BAND, linewidth=0, zorder=0)
    axes.axhline(0, color=TARGET, linestyle="--", linewidth=1.3)
    axes.plot(rates.set_ml_h, rates.off_line_pct, color=GOOD, marker="o", linestyle="none")
    reach_pct = 1.2 * max(limit_pct, abs(rates.worst_pct))
    axes.set_ylim(-reach_pct, reach_pct)
    axes.set_xlim(0, max(rates.set_ml_h) * 1.08)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel("set rate, mL an hour")
    axes.set_ylabel("off the line, % of greatest")
    return figure
