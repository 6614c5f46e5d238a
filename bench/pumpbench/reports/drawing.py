# SPDX-License-Identifier: MIT
"""Drawing: inline SVG, in placeholder colours that the page's colours replace; counts as text."""

import io
import re
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

SIZE_IN = (4.1, 2.7)  # about the width of a phone, so that its text is readable there
INK, FAINT, TARGET, GOOD, BAND = "#010101", "#020202", "#030303", "#040404", "#050505"
BAD = "#060606"
COLOURS = {
    INK: "var(--ink)",
    FAINT: "var(--line)",
    TARGET: "var(--target)",
    GOOD: "var(--delivered)",
    BAND: "var(--band)",
    BAD: "var(--bad)",
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
    """The context of matplotlib settings to draw in."""
    return mpl.rc_context(LOOK)


def grouped(count: int) -> str:
    """A count as text, with its thousands separated."""
    return f"{count:,}".replace(",", " ")


def new_figure(size_in: tuple[float, float] = SIZE_IN):
    figure = Figure(figsize=size_in, layout="constrained")
    return figure, figure.subplots()


def as_svg(figure: Figure, name: str) -> str:
    """The figure for use inside a page: unique ids, the page's colours, no addresses."""
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
