# SPDX-License-Identifier: MIT
"""The page of single doses, or of a linearity: one picture, its figures, and the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pumpbench.gravimetry import pictures
from pumpbench.gravimetry.doses import WeighedDose
from pumpbench.gravimetry.linearity import Linearity
from pumpbench.gravimetry.report import Figure, Limits, error_figure
from pumpbench.reports import drawing
from pumpbench.reports.page import template


@dataclass(frozen=True)
class Page:
    """title, about: headings. svg: the picture."""

    title: str
    about: str
    figures: Sequence[Figure]
    svg: str

    @property
    def failures(self) -> list[Figure]:
        return [each for each in self.figures if not each.is_within]


def page_of_doses(doses: Sequence[WeighedDose], limits: Limits) -> Page:
    """A figure for each dose, in order: its error in percent of the programmed volume."""
    title = "Errors of single doses"
    figures = [
        error_figure(
            f"Dose {number}, {each.programmed_ml * 1000:g} uL", each.error_pct, limits.dose_pct
        )
        for number, each in enumerate(doses, 1)
    ]
    with drawing.look():
        picture = drawing.as_svg(pictures.dose_errors(doses, limits.dose_pct), title)
    about = f"How many of {len(doses)} doses had which error, the limits shaded"
    return Page(title, about, figures, picture)


def page_of_rates(rates: Linearity, limits: Limits) -> Page:
    """A figure for each rate: its distance from the line, in percent of the greatest rate."""
    title = "Linearity"
    pairs = zip(rates.set_ml_h, rates.off_line_pct, strict=True)
    figures = [
        error_figure(f"{rate:g} mL/h, off the line", off_pct, limits.linearity_pct)
        for rate, off_pct in pairs
    ]
    with drawing.look():
        picture = drawing.as_svg(pictures.line(rates, limits.linearity_pct), title)
    line = f"{rates.slope:.4f} of the set rate and {rates.offset_ml_h:+.4f} mL/h"
    about = f"How far each of {len(figures)} rates is from {line}, the limits shaded"
    return Page(title, about, figures, picture)


def write(path: Path, page: Page) -> None:
    """Write it as self-contained HTML."""
    text = template("weighed.html", minus=pictures.minus).render(
        title=page.title,
        about=page.about,
        figures=page.figures,
        failures=page.failures,
        svg=page.svg,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
