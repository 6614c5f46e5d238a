# SPDX-License-Identifier: MIT
"""The console lines of a pump, over a target or a serial port. Their meaning is in `pump`.

A line is any object with `write(bytes)` and `read_line(timeout_s)`, which raises TimeoutError:
every `Target` is one, `SerialLine` makes one of a serial port.
"""

import contextlib
import random
import time
from typing import Any, NamedTuple, Protocol, Self

import serial

TIMEOUT_S = 5.0
REOPEN_S = 20.0  # until a port exists again: a board that was reset takes 4
_AGAIN_S = 0.2
QUIET_S = 1.0  # until a late answer is looked for: a busy pump answers within half of it
_WHO = "*IDN?"
_MODEL = "ITB-Pump,"  # beginning of a pump's answer to *IDN?
_KNOWN = {"*OPC?": "1", ":SYST:VERS?": "1999.0"}  # queries with known answers
_MARK = (4, 7)  # number of them, at least and at most: one line of 240
_MOST_OLD = 1000  # lines for an earlier host; a device that sends more is no pump


class Line(Protocol):
    """The transport of the client."""

    def write(self, data: bytes) -> None: ...

    def read_line(self, timeout_s: float) -> str: ...


class PumpError(Exception):
    """The pump refused or did not understand a command: its error number and text."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"{number}: {text}")
        self.number = number
        self.text = text


class LineCut(ConnectionError):
    """The line was lost during a command, and is open again: the command may have been run or not.

    The text is a sentence. Also raised when another pump answers now; it got no other command.
    """


class Identity(NamedTuple):
    """The answer to *IDN?."""

    model: str
    board: str
    unique_id: str
    version: str


def is_pump(answer: str) -> bool:
    """Whether `answer` is that of a pump to *IDN?."""
    return answer.startswith(_MODEL)


def is_instrument(answer: str) -> bool:
    """Whether `answer` is one to *IDN? at all: four fields, as in IEEE 488.2."""
    return answer.count(",") == 3 and "*IDN?" not in answer


class Closable:
    """What `with` closes."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class SerialLine(Closable):
    """A serial port, in real time, with settings of pyserial (`baudrate=1200, parity="O"`).

    Raises serial.SerialException when it cannot be opened.
    """

    def __init__(self, port: str, **settings: Any) -> None:
        self._port, self._settings = port, settings
        self._serial: Any = self._opened()  # ports by address have more members than SerialBase
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

    @property
    def unread(self) -> str:
        """Bytes received after the last complete line."""
        return self._received.decode(errors="replace")

    def reopen(self, timeout_s: float = REOPEN_S) -> None:
        """Open the port again, as soon as it exists; received bytes are dropped.

        serial.SerialException when it does not come back in time.
        """
        self.close()
        self._received.clear()
        deadline_s = time.monotonic() + timeout_s
        while True:
            try:
                self._serial = self._opened()
                return
            except serial.SerialException:
                if time.monotonic() > deadline_s:
                    raise
            time.sleep(_AGAIN_S)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # the port may be gone
            self._serial.close()

    def _opened(self) -> Any:
        return serial.serial_for_url(self._port, exclusive=True, **self._settings)


class Console:
    """The console of a pump at the other end of a line: queries, commands, errors.

    After a TimeoutError the next exchange begins with `synchronise`. A serial port that is gone (a
    board that was reset comes back as a new USB device) is opened again within `reopen_s`: a query
    is repeated once, a command never.
    """

    def __init__(self, line: Line, timeout_s: float = TIMEOUT_S, reopen_s: float = 0.0) -> None:
        self._line = line
        self._reopen_s = reopen_s
        self._timeout_s = timeout_s
        self._errors: list[PumpError] = []  # read, and not reported yet
        self._is_in_step = True  # the next answer will be that of the next query
        self._identity: str | None = None  # of the pump, once known
        self._cuts = 0  # number of times that the line was opened again

    def synchronise(self) -> None:
        """Read and drop all answers to earlier queries of any host; TimeoutError without an end.

        Sends queries with known answers, in an order that nobody else has used.
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
        """The response to a query; PumpError when it is refused, TimeoutError without either.

        LineCut when the line was lost meanwhile and the message contained more than queries.
        """
        try:
            answer = self._asked(query)
        except TimeoutError:
            raise
        except OSError as error:
            self._reopen(error)
            if not _is_harmless(query):
                raise _cut_in(query) from error
            answer = self._asked(query)
        if query == _WHO:
            self._identity = answer
        return answer

    def tell(self, command: str) -> None:
        """Give a command and wait until it is done; PumpError when the pump refuses it.

        LineCut when the line was lost meanwhile: query the pump for the outcome.
        """
        try:
            self._write(command)
            self._is_in_step = True
        except TimeoutError:
            raise
        except OSError as error:
            self._reopen(error)
            raise _cut_in(command) from error
        errors = self._errors_after(command)
        if errors:
            raise errors[0]

    def _asked(self, query: str) -> str:
        self._write(query)
        try:
            answer = self._line.read_line(min(QUIET_S, self._timeout_s))
        except TimeoutError:
            answer = self._late_answer(query)
        self._is_in_step = True
        return answer

    def errors(self) -> list[PumpError]:
        """All errors in the pump's queue, oldest first; the queue is empty afterwards."""
        errors, self._errors = self._errors, []
        while (error := self._next_error()).number:
            errors.append(error)
        return errors

    def identity(self) -> Identity:
        """The identity of this pump."""
        return Identity(*self.ask("*IDN?").split(","))

    def state(self) -> str:
        """STOPPED, RUNNING, FAULT, SELFTEST or SERVICE."""
        return self.ask("SYST:STAT?")

    def _errors_after(self, command: str) -> list[PumpError]:
        """Errors of a command; LineCut if they may be lost because the pump was reset."""
        before = self._cuts
        errors = self.errors()
        if self._cuts != before:
            raise _cut_in(command)
        return errors

    def _reopen(self, error: OSError) -> None:
        """Open the line again, and check that the same pump is there; else raise `error`."""
        if not self._reopen_s or not isinstance(self._line, SerialLine):
            raise error
        self._is_in_step = False
        self._cuts += 1
        self._line.reopen(self._reopen_s)
        known, found = self._identity, self._asked(_WHO)
        if known is not None and found != known:
            raise LineCut(f"Another pump answers now: {found}; it was {known}.")

    def _late_answer(self, query: str) -> str:
        """A late answer, or the error in its place.

        A query with a known answer is sent behind it, which marks the end.
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
        """Send a line. Out of step until it is answered or complete: Ctrl-C may come meanwhile."""
        if not self._is_in_step:
            self.synchronise()
        self._is_in_step = False
        self._line.write(text.encode() + b"\n")

    def _next_error(self) -> PumpError:
        number, _, text = self.ask("SYST:ERR?").partition(",")
        return PumpError(int(number), text.strip('"'))


def _is_harmless(message: str) -> bool:
    """Whether a message contains queries only: repeating them changes nothing."""
    return all(command.split()[0].endswith("?") for command in message.split(";") if command)


def _cut_in(command: str) -> LineCut:
    return LineCut(
        f"The line was cut in the midst of {command!r}; whether it was done is not known."
    )
