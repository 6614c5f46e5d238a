# SPDX-License-Identifier: MIT
"""The levels of one channel in a capture of a logic analyser, and mistakes in a capture."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy

HZ = {"": 1, "k": 1_000, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
UNIT_NS = {
    "s": Fraction(10**9),
    "ms": Fraction(10**6),
    "us": Fraction(1000),
    "ns": Fraction(1),
    "ps": Fraction(1, 1000),
    "fs": Fraction(1, 10**6),
}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kKMG]?)Hz")


class CaptureMistake(Exception):
    """A mistake in a capture, or in its file or channel: a sentence."""


class Levels(NamedTuple):
    """Times are nanoseconds of the analyser's clock.

    changes_ns: when the level changed, ascending. is_high: the level before the first change.
    sample_ns: the sample interval, or the resolution of the file if that is not known.
    """

    changes_ns: "numpy.ndarray"
    is_high: bool
    first_ns: int
    last_ns: int
    sample_ns: Fraction


def sample_rate_hz(text: str) -> Fraction | None:
    """The sample rate in a line like `Samplerate: 1 MHz`, or None."""
    found = _RATE.search(text)
    if found is None or not Fraction(found[1]):
        return None
    return Fraction(found[1]) * HZ[found[2]]


def need_channel(name: str, names: Sequence[str], where: object) -> int:
    """The index of the channel of that name; CaptureMistake, with the names there, without it."""
    if names.count(name) == 1:
        return names.index(name)
    if names.count(name):
        raise CaptureMistake(f"{where} has {names.count(name)} channels {name}.")
    there = ", ".join(names) or "none"
    raise CaptureMistake(f"{where} has no channel {name}; there are: {there}.")


def at_s(t_ns: float) -> str:
    """A time as text for a sentence."""
    return f"{t_ns / 1e9:.6f} s"
