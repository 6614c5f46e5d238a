# SPDX-License-Identifier: MIT
"""The plot of the signals of an alarm: its tones by frequency, its lamps below."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from pumpbench.analysis.sound import Burst, Tone
from pumpbench.analysis.standard import C4, C5, D4, E4, G4
from pumpbench.reports.drawing import GOOD, SIZE_IN, TARGET, as_svg

NOTES = {"C4": C4, "D4": D4, "E4": E4, "G4": G4, "C5": C5}
NEAR = 0.03  # a tone this close to a note, as a fraction of its frequency, has its name
THICK = 0.35  # height of the loudest tone's bar, as a fraction of an axis with five notes
NS_PER_S = 1e9

Changes = Sequence[tuple[int, bool]]


def bursts(
    found: Sequence[Burst],
    *,
    title: str,
    start_ns: int,
    end_ns: int,
    lamps: Mapping[str, Changes] | None = None,
) -> str:
    """The bursts from start_ns to end_ns, each tone a bar as high as its level, lamps below.

    title: name of the plot within its page. lamps: the changes of each lamp.
    """
    lamps = lamps or {}
    tones = [tone for burst in found for tone in burst]
    end_s = (end_ns - start_ns) / NS_PER_S
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    if lamps:
        ratios = [5, max(1, len(lamps))]
        upper, lower = figure.subplots(2, sharex=True, height_ratios=ratios)
        _lamps(lower, lamps, start_ns, end_ns)
    else:
        upper = lower = figure.subplots()
    _tones(upper, tones, start_ns)
    lower.set_xlim(0, end_s or 1)
    lower.set_xlabel("seconds")
    return as_svg(figure, f"bursts of {title}")


def _tones(axes, tones: Sequence[Tone], start_ns: int) -> None:
    """A bar for the time at full level of each tone, and a faint one for its whole time."""
    frequencies = [tone.f0_hz for tone in tones] or [C4, C5]
    low_hz, high_hz = min(frequencies), max(frequencies)
    loudest = max((tone.level for tone in tones), default=0) or 1
    room_hz = max(high_hz - low_hz, 100)
    for tone in tones:
        height_hz = THICK * room_hz / 5 * max(tone.level / loudest, 0.1)
        bottom_hz = tone.f0_hz - height_hz / 2
        for first_ns, last_ns, alpha in (
            (tone.first_ns, tone.last_ns, 0.35),
            (tone.start_ns, tone.end_ns, 1),
        ):
            span = (first_ns - start_ns) / NS_PER_S, (last_ns - first_ns) / NS_PER_S
            axes.broken_barh([span], (bottom_hz, height_hz), color=GOOD, alpha=alpha, linewidth=0)
    axes.set_ylim(low_hz - 0.15 * room_hz, high_hz + 0.15 * room_hz)
    heard = sorted({_label(hz) for hz in frequencies})
    axes.set_yticks([hz for hz, _ in heard], [text for _, text in heard])
    axes.set_ylabel("Hz")


def _label(frequency_hz: float) -> tuple[int, str]:
    """A tick of the axis: the note that a tone is, or the tone itself."""
    for name, note_hz in NOTES.items():
        if abs(frequency_hz / note_hz - 1) < NEAR:
            return round(note_hz), f"{name} {round(note_hz)}"
    return round(frequency_hz), f"{round(frequency_hz)}"


def _lamps(axes, lamps: Mapping[str, Changes], start_ns: int, end_ns: int) -> None:
    """A strip for each lamp, filled while it is lit, the first on top."""
    for row, changes in enumerate(lamps.values()):
        axes.broken_barh(
            lit(changes, start_ns, end_ns), (row - 0.3, 0.6), color=TARGET, linewidth=0
        )
    axes.set_ylim(len(lamps) - 0.5, -0.5)
    axes.set_yticks(range(len(lamps)), [name.replace("_", " ") for name in lamps])
    axes.yaxis.grid(False)


def lit(changes: Changes, start_ns: int, end_ns: int) -> list[tuple[float, float]]:
    """When a lamp was lit between the two times: (seconds after start_ns, duration in seconds)."""
    spans: list[tuple[float, float]] = []
    on_ns: int | None = None
    for t_ns, is_on in [*changes, (end_ns, False)]:
        t_ns = min(max(t_ns, start_ns), end_ns)
        if is_on and on_ns is None:
            on_ns = t_ns
        elif not is_on and on_ns is not None:
            if t_ns > on_ns:
                spans.append(((on_ns - start_ns) / NS_PER_S, (t_ns - on_ns) / NS_PER_S))
            on_ns = None
    return spans
