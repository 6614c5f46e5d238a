# SPDX-License-Identifier: MIT
"""The sound of a passive buzzer: its pulses as tones, and these as bursts.

A cycle lasts from its rise to the next one, the last of a tone as long as the one before. Its
level is the amplitude of its fundamental, sin(pi * duty). The envelope of a tone is the level of
each cycle for the duration of the cycle.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

TONE_GAP_NS = 20_000_000  # rises further apart belong to two tones
BURST_GAP_NS = 1_500_000_000  # tones at least that far apart belong to two bursts
FULL, FAINT = 0.9, 0.1  # of the greatest level: a tone at full level, a tone's beginning
SILENT_DB = -300.0


class Cycle(NamedTuple):
    """One period of a tone."""

    rise_ns: int
    width_ns: int
    period_ns: int

    @property
    def end_ns(self) -> int:
        return self.rise_ns + self.period_ns

    @property
    def level(self) -> float:
        return math.sin(math.pi * min(self.width_ns / self.period_ns, 1))


@dataclass(frozen=True)
class Tone:
    """A tone; f0_hz and level of a single pulse are 0.

    start_ns and end_ns are the 90 % points of the envelope, first_ns the first edge and last_ns
    the last, f0_hz and duty those between the 90 % points, rise_ns and fall_ns from 10 to 90 %.
    """

    first_ns: int
    start_ns: int
    end_ns: int
    last_ns: int
    f0_hz: float
    duty: float
    rise_ns: int
    fall_ns: int

    @property
    def duration_ns(self) -> int:
        return self.end_ns - self.start_ns

    @property
    def level(self) -> float:
        """The amplitude of the fundamental; 1 is the maximum, at a duty of 0.5."""
        return math.sin(math.pi * self.duty)

    def harmonics_db(self, n: int) -> list[float]:
        """The levels of the harmonics 1 to n in dB, relative to the fundamental."""
        if not self.level:
            return [SILENT_DB] * n
        parts = [abs(math.sin(math.pi * self.duty * k)) / k for k in range(1, n + 1)]
        return [decibels(part / self.level) for part in parts]


Burst = tuple[Tone, ...]


def decibels(ratio: float) -> float:
    """A ratio of amplitudes in dB; 0 gives a very low number."""
    return max(20 * math.log10(ratio), SILENT_DB) if ratio > 0 else SILENT_DB


def tones(pulses: Iterable[tuple[int, int]]) -> list[Tone]:
    """The tones made of pulses (rise_ns, width_ns)."""
    return [_tone(group) for group in _groups(pulses)]


def bursts(found: Iterable[Tone]) -> list[Burst]:
    """Group tones to bursts, with less than 1.5 s between the end of a tone and the next."""
    grouped: list[list[Tone]] = []
    for tone in found:
        if grouped and tone.start_ns - grouped[-1][-1].end_ns < BURST_GAP_NS:
            grouped[-1].append(tone)
        else:
            grouped.append([tone])
    return [tuple(group) for group in grouped]


def _groups(pulses: Iterable[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Yield groups of pulses whose rises are at most 20 ms apart, without those of no width."""
    group: list[tuple[int, int]] = []
    for rise_ns, width_ns in pulses:
        if not width_ns:
            continue
        if group and rise_ns - group[-1][0] > TONE_GAP_NS:
            yield group
            group = []
        group.append((rise_ns, width_ns))
    if group:
        yield group


def _tone(group: list[tuple[int, int]]) -> Tone:
    first_ns = group[0][0]
    last_ns = sum(group[-1])
    if len(group) == 1:
        return Tone(first_ns, first_ns, last_ns, last_ns, 0.0, 0.0, 0, 0)
    cycles = _cycles(group)
    greatest = max(cycle.level for cycle in cycles)
    full = _above(cycles, FULL * greatest)
    heard = _above(cycles, FAINT * greatest)
    lasts_ns = full[-1].end_ns - full[0].rise_ns
    return Tone(
        first_ns=first_ns,
        start_ns=full[0].rise_ns,
        end_ns=full[-1].end_ns,
        last_ns=last_ns,
        f0_hz=len(full) * 1e9 / lasts_ns,
        duty=min(sum(cycle.width_ns for cycle in full) / lasts_ns, 1),
        rise_ns=full[0].rise_ns - heard[0].rise_ns,
        fall_ns=heard[-1].end_ns - full[-1].end_ns,
    )


def _cycles(group: list[tuple[int, int]]) -> list[Cycle]:
    rises = [rise_ns for rise_ns, _ in group]
    periods = [after - before for before, after in pairwise(rises)]
    periods.append(periods[-1])
    return [Cycle(*pulse, period_ns) for pulse, period_ns in zip(group, periods, strict=True)]


def _above(cycles: list[Cycle], level: float) -> list[Cycle]:
    """The cycles from the first to the last one of at least `level`."""
    loud = [i for i, cycle in enumerate(cycles) if cycle.level >= level]
    return cycles[loud[0] : loud[-1] + 1]
