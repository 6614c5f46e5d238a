# SPDX-License-Identifier: MIT
"""Captures of a logic analyser: the rising edges of one channel, and the glitches among them."""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from pumpbench.analysis.levels import CaptureMistake, Levels

SAMPLES = 2  # samples in a pulse: with fewer one may fall between two samples


class Capture(NamedTuple):
    """Times are nanoseconds of the analyser's clock.

    edges_ns: rising edges of whole pulses. glitches_ns: those of pulses that are too short.
    sample_ns: the sample interval, or the resolution of the file if that is not known.
    """

    edges_ns: list[int]
    glitches_ns: list[int]
    first_ns: int
    last_ns: int
    sample_ns: Fraction


def read(path: Path, channel: str, pulse_ns: int) -> Capture:
    """The rising edges of a channel with pulses of `pulse_ns`; CaptureMistake has the reason.

    A shorter pulse than half of that is a glitch: with two samples in a pulse, a whole one never
    looks as short.
    """
    levels = _levels(path, channel)
    if levels.sample_ns * SAMPLES > pulse_ns:
        rate_khz = 1e6 / float(levels.sample_ns)
        least_khz = SAMPLES * 1e6 / pulse_ns
        raise CaptureMistake(
            f"{path} has {rate_khz:.7g} kHz, and a pulse of {pulse_ns / 1000:g} us wants "
            f"{least_khz:.7g} kHz: it may fall between two samples."
        )
    return _pulses(levels, pulse_ns)


def _levels(path: Path, channel: str) -> Levels:
    from pumpbench.analysis.capture_csv import read_csv
    from pumpbench.analysis.capture_vcd import read_vcd

    try:
        with path.open("rb") as file:
            start = file.read(64).lstrip()
    except OSError as error:
        raise CaptureMistake(f"{path} cannot be read: {error.strerror}.") from error
    if not start:
        raise CaptureMistake(f"{path} is empty.")
    if b"\0" in start:
        raise CaptureMistake(f"{path} is no CSV and no VCD: have one of them written.")
    return (read_vcd if start.startswith(b"$") else read_csv)(path, channel)


def _pulses(levels: Levels, pulse_ns: int) -> Capture:
    """A pulse that has not ended at the end of the capture counts as whole."""
    rising = levels.changes_ns[levels.is_high :: 2]
    falling = levels.changes_ns[levels.is_high + 1 :: 2]
    is_short = [(fall - rise) * 2 < pulse_ns for rise, fall in zip(rising, falling, strict=False)]
    is_short += [False] * (len(rising) - len(is_short))
    edges = [int(t) for t, short in zip(rising, is_short, strict=True) if not short]
    glitches = [int(t) for t, short in zip(rising, is_short, strict=True) if short]
    return Capture(edges, glitches, levels.first_ns, levels.last_ns, levels.sample_ns)
