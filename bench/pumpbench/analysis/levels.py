# SPDX-License-Identifier: MIT
"""The levels of one channel as a logic analyser has seen them, and what cannot be read of it."""

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
    """What is wrong with a capture, or with the way to it: a sentence."""


class Levels(NamedTuple):
    """Times are nanoseconds of the analyser's clock.

    changes_ns: when the level changed, ascending. is_high: what it was before the first of them.
    sample_ns: from one sample to the next, or the resolution of the file where it says no more.
    """

    changes_ns: "numpy.ndarray"
    is_high: bool
    first_ns: int
    last_ns: int
    sample_ns: Fraction


def sample_rate_hz(text: str) -> Fraction | None:
    """The sample rate in a line like `Samplerate: 1 MHz`; None where there is none."""
    found = _RATE.search(text)
    if found is None or not Fraction(found[1]):
        return None
    return Fraction(found[1]) * HZ[found[2]]


def need_channel(name: str, names: Sequence[str], where: object) -> int:
    """Which of the channels has that name; CaptureMistake names those there are."""
    if names.count(name) == 1:
        return names.index(name)
    if names.count(name):
        raise CaptureMistake(f"{where} has {names.count(name)} channels {name}.")
    there = ", ".join(names) or "none"
    raise CaptureMistake(f"{where} has no channel {name}; there are: {there}.")


def at_s(t_ns: float) -> str:
    """A time for a sentence."""
    return f"{t_ns / 1e9:.6f} s"
