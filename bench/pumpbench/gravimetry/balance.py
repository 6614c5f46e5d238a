# SPDX-License-Identifier: MIT
"""A balance on a serial line: readings in seconds since the first one, and grams.

It never tares, zeroes or adjusts: the query for the weight is all that is sent to a balance. An
error that ends the readings is a BalanceError, one sentence; the readings before it are valid.
"""

from collections.abc import Iterator
from typing import Any, Self

import serial

from pumpbench.client.lines import Closable, Line, SerialLine
from pumpbench.gravimetry.dialects import DIALECTS, UNITS_G, Answer, BalanceError, Busy
from pumpbench.gravimetry.reading import Clock, Reading, Steepest, WallClock

try:
    from termios import error as TermiosError  # noqa: N812  (pyserial lets it through)
except ImportError:  # not on Windows
    TermiosError = OSError

__all__ = ["Balance", "BalanceError"]

SILENCE_S = 5.0
_EMPTY = 5  # lines read for a weight: some balances send empty ones between
_BUSY_S = 0.2  # wait before a busy balance is asked again


class Balance(Closable):
    """The balance at the other end of a line. kind: "sics", "sbi" or "plain"."""

    def __init__(
        self,
        line: Line,
        kind: str,
        *,
        silence_s: float = SILENCE_S,
        steepest: Steepest | None = None,
        clock: Clock | None = None,
    ) -> None:
        if kind not in DIALECTS:
            raise BalanceError(f"{kind!r} is no kind of balance: {', '.join(DIALECTS)}")
        self._line = line
        self._dialect = DIALECTS[kind]
        self._silence_s = silence_s
        self._steepest = steepest or Steepest()
        self._clock = clock or WallClock()
        self._unit = ""
        self._first_s: float | None = None
        self._last: Reading | None = None

    @classmethod
    def open(
        cls, port: str, kind: str, *, baudrate: int = 9600, framing: str = "8N1", **options: Any
    ) -> Self:
        """Open a serial port or an address of pyserial, with the settings of the balance's menu.

        Older balances of Sartorius come with 1200 baud, 7O1. Raises BalanceError if the port
        cannot be opened with these settings.
        """
        try:
            bits, parity, stop = framing.upper()
            line = SerialLine(
                port, baudrate=baudrate, bytesize=int(bits), parity=parity, stopbits=int(stop)
            )
        except (serial.SerialException, ValueError, TermiosError) as error:
            raise BalanceError(
                f"the balance's port cannot be opened with {baudrate} baud, {framing}: {error}"
            ) from error
        try:
            return cls(line, kind, **options)
        except BaseException:
            line.close()
            raise

    def close(self) -> None:
        """Close the line."""
        self._line.close()  # pyright: ignore[reportAttributeAccessIssue]

    def readings(self, seconds: float, interval_s: float = 1.0) -> Iterator[Reading]:
        """Yield a reading each `interval_s`, the last one `seconds` after the first.

        A balance that sends by itself is read as often as it sends. Raises ValueError unless the
        interval is above 0.
        """
        if not interval_s > 0:
            raise ValueError(f"a reading each {interval_s:g} s is none; it has to be above 0")
        if not self._dialect.question:
            self._exchange()  # skip a line that may be incomplete
        yield self.read()
        number = 1
        while number * interval_s <= seconds:
            reading = self._read_at(number * interval_s)
            yield reading
            number = max(number, int(reading.time_s // interval_s)) + 1  # skip those missed

    def read(self) -> Reading:
        """The weight now; BalanceError if there is none, or after an implausible jump."""
        answer = self._ask()
        now_s = self._clock.now_s()
        if self._first_s is None:
            self._first_s = now_s
        grams = answer.grams(self._unit_of(answer))
        reading = Reading(now_s - self._first_s, grams, answer.is_stable)
        self._refuse_jump(reading)
        self._last = reading
        return reading

    def _read_at(self, due_s: float) -> Reading:
        if self._dialect.question and self._first_s is not None:
            self._clock.sleep(max(self._first_s + due_s - self._clock.now_s(), 0))
            return self.read()
        while (reading := self.read()).time_s < due_s:
            pass
        return reading

    def _ask(self) -> Answer:
        """An answer; a busy balance is asked again. BalanceError if it is busy for too long."""
        give_up_s = self._clock.now_s() + self._silence_s
        while self._clock.now_s() <= give_up_s:
            try:
                return self._dialect.parse(self._exchange())
            except Busy:
                self._clock.sleep(_BUSY_S)
        raise BalanceError(f"the balance was busy for {self._silence_s:g} s")

    def _exchange(self) -> str:
        try:
            if self._dialect.question:
                self._line.write(self._dialect.question)
            for _ in range(_EMPTY):
                if (line := self._line.read_line(self._silence_s)).strip():
                    return line
        except TimeoutError as error:
            silence = f"the balance said nothing for {self._silence_s:g} s"
            raise BalanceError(f"{silence}: look at its cable and settings") from error
        except (serial.SerialException, OSError) as error:
            raise BalanceError(f"the balance's port is gone: {error}") from error
        raise BalanceError("the balance sends nothing but empty lines")

    def _unit_of(self, answer: Answer) -> str:
        """The unit of a line; one without it has that of the lines before, or grams."""
        unit = answer.unit or self._unit or "g"
        if unit not in UNITS_G:
            raise BalanceError(f"the balance weighs in {unit!r}: set it to g")
        if self._unit not in ("", unit):
            raise BalanceError(f"the balance changed its unit from {self._unit} to {unit}")
        self._unit = unit
        return unit

    def _refuse_jump(self, reading: Reading) -> None:
        if self._last is None:
            return
        seconds = reading.time_s - self._last.time_s
        step_g = reading.grams - self._last.grams
        if abs(step_g) > self._steepest.limit_g(seconds):
            raise BalanceError(
                f"the balance jumped by {step_g:+} g in {seconds:.1f} s, {reading.time_s:.0f} s"
                " after the start: something touched it, or was put on it or taken off"
            )
