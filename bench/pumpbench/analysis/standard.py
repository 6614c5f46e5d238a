# SPDX-License-Identifier: MIT
"""The requirements of IEC 60601-1-8 on alarm signals, and measurements of bursts and lamp flashes.

Times are between the 90 % points of the envelopes. Chosen here, as the standard leaves it open: x
(y) is constant if every spacing is within 5 % of their mean; the gaps of `2x + td` are compared
with the means of x and td, within 5 %; harmonics are counted from the second on; the fall of a
tone and the rise of the next must fit into the spacing between them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

from pumpbench.analysis.sound import Burst, Tone, decibels

NS_PER_MS, NS_PER_S = 1e6, 1e9
C4, D4, E4, G4, C5 = 261.63, 293.66, 329.63, 392.0, 523.25

F0_HZ = (150, 1000)
RISE_PERCENT = (10, 40)  # of the tone's duration
SPREAD_PERCENT = (-5, 5)  # of a spacing from their mean
LONG_GAP_PERCENT = (95, 105)  # of 2x + td
PITCH_PERCENT = (-1, 1)
LEVEL_DB = (-10, 0)  # of a tone, relative to the loudest of the burst
HARMONICS_HZ = (300, 4000)
HARMONICS_DB = 15
HARMONICS = (4, math.inf)
MOST_HARMONICS = 40
FLASH_LIT_PERCENT = (20, 60)

Limits = tuple[float, float]


@dataclass(frozen=True)
class Required:
    """Requirements on the signals of a priority. gaps: the kind of the gap after each tone: "x",
    "long" (2x + td) or "pause". flash_hz: None if the lamp is on steadily.
    """

    melodies: dict[int, tuple[float, ...]]  # by the number of tones
    gaps: tuple[str, ...]
    duration_ms: Limits
    spacing_ms: Limits
    interburst_s: Limits
    flash_hz: Limits | None
    pause_s: Limits = (0, 0)


class Row(NamedTuple):
    """A line of the table. margin: from the worst value to its limit, in `unit`."""

    what: str
    required: str
    least: float
    greatest: float
    unit: str
    is_within: bool
    margin: float


class Flash(NamedTuple):
    """One flash: its frequency, and its duty, the part in which the lamp is lit."""

    frequency_hz: float
    lit_percent: float


_GROUP = ("x", "x", "long", "x")
_REQUIRED = {
    "HIGH": Required(
        melodies={10: (C5, D4, G4, C5, D4) * 2},
        gaps=(*_GROUP, "pause", *_GROUP),
        duration_ms=(75, 200),
        spacing_ms=(50, 125),
        interburst_s=(2.5, 15),
        flash_hz=(1.4, 2.8),
        pause_s=(0.35, 1.3),
    ),
    "MEDIUM": Required(
        melodies={3: (C5, D4, G4)},
        gaps=("x", "x"),
        duration_ms=(125, 250),
        spacing_ms=(125, 250),
        interburst_s=(2.5, 30),
        flash_hz=(0.4, 0.8),
    ),
    "LOW": Required(
        melodies={1: (E4,), 2: (E4, C4)},
        gaps=("x",),
        duration_ms=(125, 250),
        spacing_ms=(125, 250),
        interburst_s=(15, math.inf),
        flash_hz=None,
    ),
}


def required(priority: str) -> Required:
    """The requirements of "HIGH", "MEDIUM" or "LOW"."""
    return _REQUIRED[priority]


def measure(burst: Burst, priority: str, following: Burst | None = None) -> list[Row]:
    """The measurements of a burst, and of the time to the following one; rows without a value are
    left out. A burst with a wrong number of tones has no rows that depend on their places.
    """
    rule = required(priority)
    counts = sorted(rule.melodies)
    rows = [_row("tones of the burst", [len(burst)], (counts[0], counts[-1]), "")]
    rows += _of_tones(burst, rule)
    if len(burst) in rule.melodies:
        rows += _of_gaps(burst, rule)
        pitches = zip(burst, rule.melodies[len(burst)], strict=True)
        errors = [(tone.f0_hz / nominal_hz - 1) * 100 for tone, nominal_hz in pitches]
        rows.append(_row("pitch off the melody", errors, PITCH_PERCENT, "%"))
    if burst and following:
        wait_s = (following[0].start_ns - burst[-1].end_ns) / NS_PER_S
        rows.append(_row("to the next burst", [wait_s], rule.interburst_s, "s"))
    return [row for row in rows if row is not None]


def problems(burst: Burst, priority: str, following: Burst | None = None) -> list[str]:
    """The measurements of a burst that are beyond their limits, a sentence each."""
    return sentences(measure(burst, priority, following), priority)


def sentences(rows: Iterable[Row], priority: str) -> list[str]:
    """A sentence for each row that is not within its limits."""
    return [
        f"{priority}: {row.what} {measured(row)}, required {row.required}"
        for row in rows
        if not row.is_within
    ]


def measured(row: Row) -> str:
    """The measured values of a row, with their unit."""
    return _range_text((row.least, row.greatest), row.unit)


def flashes(changes: Iterable[tuple[int, bool]]) -> list[Flash]:
    """The flashes of a lamp that did (t_ns, is_on), each from going on to going on again."""
    found: list[Flash] = []
    on_ns = off_ns = None
    for t_ns, is_on in changes:
        if not is_on:
            off_ns = t_ns
            continue
        if on_ns is not None and off_ns is not None and t_ns > on_ns:
            lasts_ns = t_ns - on_ns
            found.append(Flash(NS_PER_S / lasts_ns, 100 * (off_ns - on_ns) / lasts_ns))
        on_ns, off_ns = t_ns, None
    return found


def measure_lamp(changes: Sequence[tuple[int, bool]], priority: str) -> list[Row]:
    """The measurements of a lamp while an alarm of that priority, and no other, is on."""
    flash_hz = required(priority).flash_hz
    if flash_hz is None:
        went_on = sum(is_on for _, is_on in changes)
        went_off = len(changes) - went_on
        rows = [
            _row("times the lamp went on", [went_on], (1, 1), ""),
            _row("times the lamp went off", [went_off], (0, 0), ""),
        ]
    else:
        found = flashes(changes)
        rows = [
            _row("whole flashes", [len(found)], (1, math.inf), ""),
            _row("flashes", [flash.frequency_hz for flash in found], flash_hz, "Hz"),
            _row("lit part", [flash.lit_percent for flash in found], FLASH_LIT_PERCENT, "%"),
        ]
    return [row for row in rows if row is not None]


def lamp_problems(changes: Sequence[tuple[int, bool]], priority: str) -> list[str]:
    """The measurements of a lamp that are beyond their limits, a sentence each."""
    return sentences(measure_lamp(changes, priority), priority)


def _of_tones(burst: Burst, rule: Required) -> list[Row | None]:
    """The measurements of each tone, and of its level relative to the loudest."""
    durations_ms = [tone.duration_ns / NS_PER_MS for tone in burst]
    rises = [100 * tone.rise_ns / tone.duration_ns for tone in burst]
    loudest = max((tone.level for tone in burst), default=0)
    levels = [decibels(tone.level / loudest) for tone in burst if loudest]
    return [
        _row("duration of a tone", durations_ms, rule.duration_ms, "ms"),
        _row("rise of its duration", rises, RISE_PERCENT, "%"),
        _row("frequency", [tone.f0_hz for tone in burst], F0_HZ, "Hz"),
        _row("harmonics", [harmonics(tone) for tone in burst], HARMONICS, ""),
        _row("level beside the loudest", levels, LEVEL_DB, "dB"),
    ]


def harmonics(tone: Tone) -> int:
    """Number of harmonics, from the second on, in the band and near the fundamental's level."""
    low_hz, high_hz = HARMONICS_HZ
    levels_db = tone.harmonics_db(MOST_HARMONICS)
    return sum(
        low_hz <= tone.f0_hz * k <= high_hz and abs(levels_db[k - 1]) <= HARMONICS_DB
        for k in range(2, MOST_HARMONICS + 1)
    )


def _of_gaps(burst: Burst, rule: Required) -> list[Row | None]:
    """The measurements of the gaps between tones; the number of tones is right."""
    kinds = rule.gaps[: len(burst) - 1]
    gaps_ms = [(b.start_ns - a.end_ns) / NS_PER_MS for a, b in pairwise(burst)]
    by_kind = {
        kind: [gap_ms for gap_ms, its in zip(gaps_ms, kinds, strict=True) if its == kind]
        for kind in ("x", "long", "pause")
    }
    spacings_ms = by_kind["x"]
    mean_ms = fmean(spacings_ms or [0])
    off = [(spacing_ms / mean_ms - 1) * 100 for spacing_ms in spacings_ms if mean_ms]
    long_ms = 2 * mean_ms + fmean(tone.duration_ns for tone in burst) / NS_PER_MS
    longs = [gap_ms / long_ms * 100 for gap_ms in by_kind["long"]]
    pauses_s = [gap_ms / 1000 for gap_ms in by_kind["pause"]]
    ramps_ms = [(a.fall_ns + b.rise_ns) / NS_PER_MS for a, b in pairwise(burst)]
    room_ms = [gap_ms - ramp_ms for gap_ms, ramp_ms in zip(gaps_ms, ramps_ms, strict=True)]
    return [
        _row("spacing", spacings_ms, rule.spacing_ms, "ms"),
        _row("spacing off its mean", off, SPREAD_PERCENT, "%"),
        _row("gap after the 3rd and 8th tone, of 2x + td", longs, LONG_GAP_PERCENT, "%"),
        _row("gap after the 5th tone", pauses_s, rule.pause_s, "s"),
        _row("silence between fall and rise", room_ms, (0, math.inf), "ms"),
    ]


def _row(what: str, values: Sequence[float], limits: Limits, unit: str) -> Row | None:
    """The row of values, or None without any."""
    if not values:
        return None
    least, greatest = min(values), max(values)
    margin = min(least - limits[0], limits[1] - greatest)
    return Row(what, _range_text(limits, unit), least, greatest, unit, margin >= 0, margin)


def _range_text(limits: Limits, unit: str) -> str:
    """`75 to 200 ms`, `at least 4`, or one number."""
    low, high = (_number(limit) for limit in limits)
    if math.isinf(limits[1]):
        text = f"at least {low}"
    else:
        text = low if low == high else f"{low} to {high}"
    return f"{text} {unit}".rstrip()


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
