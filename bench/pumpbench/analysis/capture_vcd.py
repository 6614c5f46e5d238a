# SPDX-License-Identifier: MIT
"""A capture as VCD, which has changes only: of sigrok-cli, PulseView, or another program.

sigrok-cli ends the file with the time of the last sample, and has the sample rate in a comment.
"""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from pumpbench.analysis.levels import (
    UNIT_NS,
    CaptureMistake,
    Levels,
    at_s,
    need_channel,
    sample_rate_hz,
)

if TYPE_CHECKING:
    from vcd.reader import Token


def read_vcd(path: Path, channel: str) -> Levels:
    """The levels of a channel; CaptureMistake if the file does not have them."""
    from vcd.reader import TokenKind, VCDParseError, tokenize

    if not _ends_a_line(path):
        raise _cut(path)
    reading = _Reading(path, channel)
    last = None
    try:
        with path.open("rb") as file:
            for token in tokenize(file):
                reading.take(token)
                last = token.kind
    except VCDParseError as error:
        raise CaptureMistake(f"{path}, line {error.loc.line}, is no VCD: {error}.") from error
    is_over = last is TokenKind.CHANGE_TIME or not reading.is_of_sigrok
    if not reading.is_defined or reading.t_ns is None or not is_over:
        raise _cut(path)
    return reading.levels()


class _Reading:
    """The content of the tokens read so far."""

    def __init__(self, path: Path, channel: str) -> None:
        self.is_of_sigrok = False
        self.is_defined = False
        self.t_ns: Fraction | None = None
        self._path = path
        self._channel = channel
        self._names: list[str] = []
        self._codes: list[str] = []
        self._code = ""
        self._unit_ns: Fraction | None = None
        self._sample_ns: Fraction | None = None
        self._first_ns: Fraction | None = None
        self._first_level = self._level = -1
        self._changes_ns: list[int] = []

    def take(self, token: "Token") -> None:
        """Take the next token."""
        from vcd.reader import TokenKind

        if token.kind is TokenKind.CHANGE_TIME:
            self._pass(token.time_change)
        elif token.kind is TokenKind.CHANGE_SCALAR:
            if token.scalar_change.id_code == self._code:
                self._change(token.scalar_change.value)
        elif token.kind is TokenKind.CHANGE_VECTOR:
            if token.vector_change.id_code == self._code:
                self._change(str(token.vector_change.value))
        else:
            self._declare(token)

    def _declare(self, token: "Token") -> None:
        from vcd.reader import TokenKind

        if token.kind is TokenKind.VAR:
            self._names.append(token.var.ref_str)
            self._codes.append(token.var.id_code)
        elif token.kind is TokenKind.TIMESCALE:
            scale = token.timescale
            self._unit_ns = int(scale.magnitude) * UNIT_NS[scale.unit.value]
        elif token.kind is TokenKind.VERSION:
            self.is_of_sigrok = "sigrok" in token.version
        elif token.kind is TokenKind.COMMENT:
            rate_hz = sample_rate_hz(token.comment)
            self._sample_ns = 10**9 / rate_hz if rate_hz else self._sample_ns
        elif token.kind is TokenKind.ENDDEFINITIONS:
            self._define()

    def levels(self) -> Levels:
        """The levels of the channel, after the last token."""
        import numpy

        if self._first_ns is None or self.t_ns is None or self._first_level < 0:
            raise CaptureMistake(f"{self._path} has no samples of {self._channel}.")
        return Levels(
            numpy.array(self._changes_ns, dtype="int64"),
            bool(self._first_level),
            round(self._first_ns),
            round(self.t_ns),
            self._sample_ns or self._unit_ns or Fraction(1),
        )

    def _define(self) -> None:
        if self._unit_ns is None:
            raise CaptureMistake(f"{self._path} has no timescale.")
        self._code = self._codes[need_channel(self._channel, self._names, self._path)]
        self.is_defined = True

    def _pass(self, units: int) -> None:
        t_ns = units * (self._unit_ns or Fraction(1))
        if self.t_ns is not None and t_ns < self.t_ns:
            raise CaptureMistake(f"{self._path}: the time runs backwards at {at_s(float(t_ns))}.")
        self.t_ns = t_ns
        self._first_ns = t_ns if self._first_ns is None else self._first_ns

    def _change(self, value: str) -> None:
        if value not in ("0", "1"):
            t = at_s(float(self.t_ns or 0))
            text = f"{self._path}: {self._channel} is {value!r} at {t}, neither 0 nor 1"
            raise CaptureMistake(f"{text}.")
        if self._first_level < 0:
            self._first_level = int(value)
        elif int(value) != self._level:
            self._changes_ns.append(round(self.t_ns or Fraction(0)))
        self._level = int(value)


def _cut(path: Path) -> CaptureMistake:
    return CaptureMistake(f"{path} is cut off: the end of the capture is not there.")


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
