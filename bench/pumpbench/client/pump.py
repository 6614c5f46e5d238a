# SPDX-License-Identifier: MIT
"""The pump as scripts and notebooks drive it: `with Pump.open("/dev/ttyACM0") as pump:`.

Amounts are `Decimal`, exactly as the pump answers them; each has its unit in its name. A refused
command raises `PumpError` with number and text, and has changed nothing. For all other commands
there are `ask` and `tell`, in the words of firmware/CONSOLE.md.
"""

import csv
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Self, cast

from pumpbench.client.lines import (
    REOPEN_S,
    TIMEOUT_S,
    Closable,
    Console,
    Line,
    PumpError,
    SerialLine,
    is_instrument,
    is_pump,
)
from pumpbench.client.prescription import Number, Prescription, amount
from pumpbench.client.prompt import is_repl
from pumpbench.targets.target import Target

_FIRST = b"\n*CLS\n"  # ends a line that an earlier host left open
_SIMULATED = ("sim", "unix", "emulator")
_EVENTS = 4  # read at once
_SETTLE_S = 0.02
_END_S = 10.0  # until the REPL answers: records are written to flash before
_REPL = "MicroPython v"  # its banner
_AT_REPL = (
    "At {where} is a board at its REPL, where no pump runs: a reset brings back the one that is on"
    " it, or Ctrl-D in a terminal, or `mpremote connect {where} reset`."
)
_SOFT_LIMITS = ("HIGH", "LOW", "INCR", "DECR", "INT")  # beginnings of the remarks in a verdict
_INVALID = 106


class NotAPump(Exception):
    """Another device answers, or none does; the text is a sentence."""


class Review(NamedTuple):
    """The verdict of the pump on a staged prescription.

    token: of exactly that content. soft_limits: names of those it exceeds. remarks: sentences.
    """

    token: str
    soft_limits: tuple[str, ...]
    remarks: tuple[str, ...]


class Invalid(PumpError):
    """A staged prescription that cannot be committed; its text: every problem, a line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(_INVALID, "\n".join(problems))


def review_of(verdict: str) -> Review:
    """The `Review` in an answer to `PRESCription:VALidate?`; Invalid if that is not OK."""
    word, *fields = _fields(verdict)
    if word != "OK":
        raise Invalid([word, *fields])
    names = [text.partition(":")[0] for text in fields[1:]]
    limits = tuple(name for name in names if name.upper().startswith(_SOFT_LIMITS))
    return Review(fields[0], limits, tuple(fields[1:]))


class Steps(NamedTuple):
    """Steps since power-up; commanded is emitted + queued."""

    commanded: int
    emitted: int
    witness: int
    queued: int


class Rate(NamedTuple):
    ug_d: Decimal
    ml_d: Decimal


class Alarm(NamedTuple):
    code: int
    name: str
    priority: str
    state: str


class Bolus(NamedTuple):
    """start_s: seconds of the life of the pump."""

    number: int
    kind: str
    programmed_ug: Decimal
    delivered_ug: Decimal
    start_s: Decimal
    outcome: str


class Event(NamedTuple):
    """at_s: seconds of the life of the pump. wall: None while no clock was set."""

    number: int
    boot: int
    at_s: Decimal
    wall: datetime | None
    code: int
    name: str
    text: str


class Pump(Console, Closable):
    """The pump at the other end of a line."""

    @classmethod
    def open(cls, where: str, timeout_s: float = TIMEOUT_S, *, reopen_s: float = REOPEN_S) -> Self:
        """The pump at a serial port, or at an address of pyserial (`socket://host:port`).

        "sim", "unix" and "emulator" are boards of their own, just powered up, in simulated time.
        reopen_s: time to wait for a port that is gone; 0: the error is raised at once. Raises
        NotAPump where another device answers; it has got only *CLS and *IDN?, and CR if it echoes
        those as a REPL does.
        """
        target = _simulated(where) if where in _SIMULATED else None
        line = target if target is not None else SerialLine(where)
        try:
            pump = cls(cast("Line", line), timeout_s, reopen_s)
            pump._need_pump(where)
            pump.synchronise()
        except BaseException:
            line.close()
            raise
        return pump

    def close(self) -> None:
        """Close the line; a simulated board is switched off. A real pump goes on."""
        self._line.close()  # pyright: ignore[reportAttributeAccessIssue]

    def wait(self, seconds: float) -> None:
        """Let time pass: simulated time for a simulated board."""
        if isinstance(self._line, Target):
            self._line.run(seconds)
        else:
            time.sleep(seconds)

    def wait_stopped(self, timeout_s: float, look: Callable[[], None] = lambda: None) -> None:
        """Return when nothing is delivered any more; TimeoutError after `timeout_s`.

        look: called at each check that finds it delivering.
        """
        waited_s = 0.0
        while self.state() == "RUNNING":
            if waited_s >= timeout_s:
                raise TimeoutError(f"the pump still delivers after {timeout_s} s")
            look()
            step_s = min(0.5, timeout_s - waited_s)
            self.wait(step_s)
            waited_s += step_s

    # Prescription

    def prescribe(self, prescription: Prescription) -> Review:
        """Stage a prescription and have it validated; Invalid with every problem."""
        for text in prescription.lines():
            self.tell(f"PRES:{text}")
        return review_of(self.ask("PRES:VAL?"))

    def commit(self, review: Review, accept: tuple[str, ...] = ()) -> None:
        """Activate the reviewed prescription. accept: exactly the soft limits that it exceeds."""
        self.tell("PRES:COMM " + ",".join([review.token, *accept]))

    # Delivery

    def start(self) -> None:
        """Deliver the active prescription."""
        self.tell("THER:STAR")

    def stop(self) -> None:
        """Stop any motion, at once; sent to a silent pump before it is waited for."""
        if not self._is_in_step:
            self._line.write(b"\nTHER:STOP\n")
        self.tell("THER:STOP")
        self.wait(_SETTLE_S)

    def end(self) -> None:
        """End the firmware of a stopped pump: its REPL has the line until a reset.

        PumpError when it is refused, TimeoutError when no REPL answers.
        """
        self._write("SYST:SERV")
        try:
            while not self._line.read_line(_END_S).startswith(_REPL):
                pass
        except TimeoutError:
            if errors := self.errors():
                raise errors[0] from None
            raise

    def bolus(self, dose_ug: Number, duration_s: Number) -> None:
        """A clinician's bolus, in addition to the running therapy, or alone."""
        self.tell(f"BOL:STAR {amount(dose_ug, 'UG')},{amount(duration_s, 'S')}")

    def patient_bolus(self) -> None:
        """The same as pressing the patient's button."""
        self.tell("BOL:PAT")

    def abort(self) -> None:
        """End the bolus under way, at once."""
        self.tell("BOL:ABOR")

    def steps(self) -> Steps:
        """The steps since power-up."""
        return Steps(*map(int, _fields(self.ask("DEL:STEP?"))))

    def rate(self) -> Rate:
        """The present rate of delivery per day."""
        return Rate(*map(Decimal, _fields(self.ask("DEL:RATE?"))))

    def ledger_ml(self, since_refill: bool = False) -> dict[str, Decimal]:
        """Kind -> mL delivered in the life of the pump, or since the last refill."""
        fields = _fields(self.ask("DEL:LEDG? " + ("REF" if since_refill else "LIFE")))
        return dict(zip(fields[::2], map(Decimal, fields[1::2]), strict=True))

    def boluses(self, most: int = 32) -> list[Bolus]:
        """The last boluses, latest first."""
        fields = _fields(self.ask(f"BOL:HIST? {most}"))
        return [
            Bolus(int(row[0]), row[1], Decimal(row[2]), Decimal(row[3]), Decimal(row[4]), row[5])
            for row in _rows(fields, len(Bolus._fields))
        ]

    # The reservoir

    def refill(self, volume_ml: Number) -> None:
        """Tell the pump the volume that the reservoir holds from now on."""
        self.tell(f"RES:REF {amount(volume_ml, 'ML')}")

    def reservoir_ml(self) -> Decimal | None:
        """The content of the reservoir; None while it is unknown."""
        text = self.ask("RES:VOL?")
        return None if text == "NONE" else Decimal(text)

    # Alarms and events

    def alarms(self) -> list[Alarm]:
        """The alarms that are shown, the most urgent first."""
        fields = _fields(self.ask("ALAR:ACT?"))
        if fields[0] == "0":
            return []
        return [Alarm(int(row[0]), *row[1:]) for row in _rows(fields, len(Alarm._fields))]

    def acknowledge(self, code: int | None = None) -> None:
        """Acknowledge an alarm, or all (None)."""
        self.tell("ALAR:ACKN" + ("" if code is None else f" {code}"))

    def log(self, first: int = 1) -> Iterator[Event]:
        """The events on record from number `first` on, oldest first: rows of a table."""
        held, oldest = map(int, _fields(self.ask("LOG:COUN?")))
        for number in range(max(first, oldest), oldest + held, _EVENTS):
            fields = _fields(self.ask(f"LOG:READ? {number},{_EVENTS}"))
            if fields != ["NONE"]:
                yield from map(_event, _rows(fields, 6))

    def _need_pump(self, where: str) -> None:
        """Raise NotAPump unless a pump answers."""
        self._line.write(_FIRST + b"*IDN?\n")
        heard = []
        try:
            while True:
                heard.append(self._line.read_line(self._timeout_s))
                if is_pump(heard[-1]):
                    self._identity = heard[-1]
                    return
                if is_instrument(heard[-1]):
                    break
        except TimeoutError:
            if isinstance(self._line, SerialLine) and is_repl(self._line, heard):
                raise NotAPump(_AT_REPL.format(where=where)) from None
        said = f"answers {heard[-1]!r}, which is no pump" if heard else "nothing answers"
        raise NotAPump(f"At {where} {said}.")


def _simulated(name: str) -> Target:
    """A simulated board; its tools are imported only when one is wanted."""
    if name == "emulator":
        from pumpbench.targets.emulator import EmulatorTarget as Chosen
    elif name == "unix":
        from pumpbench.targets.unix import UnixTarget as Chosen
    else:
        from pumpbench.targets.sim import SimTarget as Chosen
    return Chosen()


def _fields(text: str) -> list[str]:
    """The fields of an answer, without quotation marks."""
    return next(csv.reader([text]))


def _rows(fields: list[str], width: int) -> Iterator[list[str]]:
    if fields and fields != ["NONE"]:
        for at in range(0, len(fields), width):
            yield fields[at : at + width]


def _event(row: list[str]) -> Event:
    number, boot, at_s, wall, code, text = row
    name, _, detail = text.partition(" ")
    when = None if wall == "NONE" else datetime.fromisoformat(wall)
    return Event(int(number), int(boot), Decimal(at_s), when, int(code), name, detail)
