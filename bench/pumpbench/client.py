# SPDX-License-Identifier: MIT
"""The lines of a pump's console, over a target or a serial port. What they mean: see `pump`.

A line is anything with `write(bytes)` and `read_line(timeout_s)`, which raises TimeoutError: every
`Target` is one, `SerialLine` makes one of a serial port.
"""

import random
import time
from typing import Any, NamedTuple, Protocol

import serial

TIMEOUT_S = 5.0
QUIET_S = 1.0  # then a query is asked after: a pump that is busy answers within half of it
_MODEL = "ITB-Pump,"  # how a pump's answer to *IDN? begins
_KNOWN = {"*OPC?": "1", ":SYST:VERS?": "1999.0"}  # questions whose answers are known
_MARK = (4, 7)  # so many of them at least and at most: one line of 240
_MOST_OLD = 1000  # lines of an earlier host; what sends more does not answer at all


class Line(Protocol):
    """What the client talks over."""

    def write(self, data: bytes) -> None: ...

    def read_line(self, timeout_s: float) -> str: ...


class PumpError(Exception):
    """The pump refused or did not understand: its error number and text."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"{number}: {text}")
        self.number = number
        self.text = text


class Identity(NamedTuple):
    """The answer to *IDN?."""

    model: str
    board: str
    unique_id: str
    version: str


def is_pump(answer: str) -> bool:
    """Whether that is a pump's answer to *IDN?."""
    return answer.startswith(_MODEL)


def is_instrument(answer: str) -> bool:
    """Whether that is an answer to *IDN? at all: four fields, as IEEE 488.2 has it."""
    return answer.count(",") == 3 and "*IDN?" not in answer


class SerialLine:
    """A serial port, in real time, with settings of pyserial (`baudrate=1200, parity="O"`).

    Raises serial.SerialException when it cannot be opened.
    """

    def __init__(self, port: str, **settings: Any) -> None:
        self._serial = serial.serial_for_url(port, exclusive=True, **settings)
        self._received = bytearray()

    def write(self, data: bytes) -> None:
        self._serial.write(data)

    def read_line(self, timeout_s: float = TIMEOUT_S) -> str:
        """The next line without its CR and LF; TimeoutError when none comes in time."""
        deadline_s = time.monotonic() + timeout_s
        while b"\n" not in self._received:
            self._serial.timeout = max(deadline_s - time.monotonic(), 0)
            received = self._serial.read(max(self._serial.in_waiting, 1))
            if not received:
                raise TimeoutError(f"no line within {timeout_s} s")
            self._received += received
        line, _, rest = bytes(self._received).partition(b"\n")
        self._received[:] = rest
        return line.decode(errors="replace").rstrip("\r")

    def close(self) -> None:
        self._serial.close()

    def __enter__(self) -> "SerialLine":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class Console:
    """The console of a pump at the other end of a line: queries, commands, errors.

    After a TimeoutError the next exchange begins with `synchronise`.
    """

    def __init__(self, line: Line, timeout_s: float = TIMEOUT_S) -> None:
        self._line = line
        self._timeout_s = timeout_s
        self._errors: list[PumpError] = []  # read already, and not told yet
        self._is_in_step = True  # the next answer is that of the next question

    def synchronise(self) -> None:
        """Read every answer to what was asked before, by whomever; TimeoutError without an end.

        The pump is asked what it is known to answer, in an order that nobody else has asked in.
        """
        self._is_in_step = False
        questions = random.choices(list(_KNOWN), k=random.randint(*_MARK))
        self._line.write(b"\n" + ";".join(questions).encode() + b"\n")
        mark = ";".join(_KNOWN[question] for question in questions)
        for _ in range(_MOST_OLD):
            if self._line.read_line(self._timeout_s) == mark:
                self._is_in_step = True
                return
        raise TimeoutError(f"more than {_MOST_OLD} lines, and no answer among them")

    def ask(self, query: str) -> str:
        """The response to a query; PumpError when it is refused, TimeoutError without either."""
        self._write(query)
        self._is_in_step = False
        try:
            answer = self._line.read_line(min(QUIET_S, self._timeout_s))
        except TimeoutError:
            answer = self._late_answer(query)
        self._is_in_step = True
        return answer

    def tell(self, command: str) -> None:
        """Give a command and wait until it is done; PumpError when the pump refuses it."""
        self._write(command)
        errors = self.errors()
        if errors:
            raise errors[0]

    def errors(self) -> list[PumpError]:
        """All errors in the pump's queue, oldest first; the queue is empty afterwards."""
        errors, self._errors = self._errors, []
        while (error := self._next_error()).number:
            errors.append(error)
        return errors

    def identity(self) -> Identity:
        """Which pump this is."""
        return Identity(*self.ask("*IDN?").split(","))

    def state(self) -> str:
        """STOPPED, RUNNING, FAULT, SELFTEST or SERVICE."""
        return self.ask("SYST:STAT?")

    def _late_answer(self, query: str) -> str:
        """An answer that has not come yet, or the error that came in its place.

        What is asked behind it is answered in any case, and by nothing else in that way.
        """
        self._line.write(b"SYST:ERR:COUN?;*IDN?\n")
        answer = None
        while ";" + _MODEL not in (text := self._line.read_line(self._timeout_s)):
            answer = text
        if answer is not None:
            return answer
        self._is_in_step = True
        errors = self.errors()
        if not errors:
            raise TimeoutError(f"{query} was not answered, and left no error")
        self._errors = errors[:-1]  # older than the query
        raise errors[-1]

    def _write(self, text: str) -> None:
        if not self._is_in_step:
            self.synchronise()
        self._line.write(text.encode() + b"\n")

    def _next_error(self) -> PumpError:
        number, _, text = self.ask("SYST:ERR?").partition(",")
        return PumpError(int(number), text.strip('"'))
