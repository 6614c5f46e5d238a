# SPDX-License-Identifier: MIT
"""The report of a weighing: electrical accuracy in steps, fluidic accuracy in millilitres.

One HTML file that contains its pictures, and beside it the recording.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pumpbench.gravimetry import pictures
from pumpbench.gravimetry.doses import WeighedDose
from pumpbench.gravimetry.linearity import Linearity
from pumpbench.gravimetry.trumpet import Trumpet
from pumpbench.reports import drawing
from pumpbench.reports.page import template


@dataclass(frozen=True)
class Limits:
    """Limits of errors of either sign. The standard has none: these are the bench's own.

    steps: one may become due while the counters are read. trumpet_pct: in every window.
    """

    steps: int = 1
    mean_error_pct: float = 5.0
    trumpet_pct: float = 15.0
    dose_pct: float = 5.0
    linearity_pct: float = 2.0


@dataclass(frozen=True)
class Steps:
    """Steps of one delivery: programmed, and counted on the pin."""

    programmed: int
    counted: int


@dataclass(frozen=True)
class Figure:
    """A figure and its limit as text, and the verdict is_within."""

    what: str
    measured: str
    required: str
    is_within: bool


@dataclass(frozen=True)
class Weighing:
    """All measurements, and their conditions. steps: None if none were counted.

    facts: rows of the report about the conditions, as (name, text).
    """

    curve: Trumpet
    evaporation_g_h: float
    resolution_g: float
    steps: Steps | None = None
    doses: Sequence[WeighedDose] = ()
    rates: Linearity | None = None
    limits: Limits = field(default_factory=Limits)
    facts: Sequence[tuple[str, str]] = ()

    def electrical(self) -> list[Figure]:
        if self.steps is None:
            return []
        off = self.steps.counted - self.steps.programmed
        limit = self.limits.steps
        return [
            Figure(
                "Counted less programmed", f"{off:+,} steps", f"±{limit} steps", abs(off) <= limit
            )
        ]

    def fluidic(self) -> list[Figure]:
        limits = self.limits
        figures = [error_figure("Mean error A", self.curve.mean_error_pct, limits.mean_error_pct)]
        if self.curve.last_error_pct is not None:
            name = "Mean error B, last hour"
            figures.append(error_figure(name, self.curve.last_error_pct, limits.mean_error_pct))
        for each in self.curve.windows:
            name = f"{each.minutes:g} min"
            figures.append(error_figure(f"Ep(max), {name}", each.max_pct, limits.trumpet_pct))
            figures.append(error_figure(f"Ep(min), {name}", each.min_pct, limits.trumpet_pct))
        if self.doses:
            worst_pct = max((each.error_pct for each in self.doses), key=abs)
            name = f"Worst of {len(self.doses)} doses"
            figures.append(error_figure(name, worst_pct, limits.dose_pct))
        if self.rates:
            name = f"Farthest off the line, of {len(self.rates.set_ml_h)} rates"
            figures.append(error_figure(name, self.rates.worst_pct, limits.linearity_pct))
        return figures

    @property
    def failures(self) -> list[Figure]:
        return [each for each in self.electrical() + self.fluidic() if not each.is_within]


def error_figure(what: str, error_pct: float, limit_pct: float) -> Figure:
    """The figure of an error with a limit of `limit_pct` percent of either sign."""
    return Figure(
        what, f"{error_pct:+.2f} %", f"±{limit_pct:g} %", bool(abs(error_pct) <= limit_pct)
    )


def drawn(weighing: Weighing) -> list[tuple[str, str, str]]:
    """(title, caption, SVG) of each picture that there are data for."""
    curve, limits = weighing.curve, weighing.limits
    with drawing.look():
        figures = [
            (
                "Trumpet curve",
                "the worst error in windows of each length, its limits shaded",
                pictures.trumpet(curve, limits.trumpet_pct),
            ),
            (
                "Start-up graph",
                f"the flow of each {curve.method.sample_min:g} min",
                pictures.start_up(curve),
            ),
        ]
        if weighing.doses:
            about = "how many doses had which error, the limits shaded"
            picture = pictures.dose_errors(weighing.doses, limits.dose_pct)
            figures.append(("Errors of single doses", about, picture))
        if weighing.rates:
            about = f"slope {weighing.rates.slope:.4f}, limits shaded"
            picture = pictures.line(weighing.rates, limits.linearity_pct)
            figures.append(("Linearity", about, picture))
        return [(title, about, drawing.as_svg(each, title)) for title, about, each in figures]


def write_report(path: Path, weighing: Weighing, csv_path: Path) -> Path:
    """Write the page, and copy the recording of `csv_path` beside it under the page's name.

    Returns the path of the page.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".csv")
    if not (beside.exists() and beside.samefile(csv_path)):
        shutil.copyfile(csv_path, beside)
    page = template("gravimetry.html", minus=pictures.minus).render(
        weighing=weighing, curve=weighing.curve, plots=drawn(weighing), csv=beside.name
    )
    path.write_text(page, encoding="utf-8")
    return path
