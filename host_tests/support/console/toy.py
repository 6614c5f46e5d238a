# SPDX-License-Identifier: MIT
"""A toy instrument: a few commands that remember what they were called with."""

from host_tests.support.console.lines import responses, tree_of
from pump import faults, units
from pump.console import ieee488
from pump.console.errors import ErrorQueue
from pump.console.params import DOSE, RATE, STRING, VOLUME, decimal, optional
from pump.console.session import Session
from pump.console.status import Status


class Toy:
    """An instrument with a few commands that remember what they were called with."""

    def __init__(self):
        status = Status()
        errors = ErrorQueue(status)
        common = ieee488.rows(status, errors, "TOY", lambda: None, lambda: 0)
        self.calls = []
        self.session = Session(
            tree_of((*common, *ieee488.required_rows(status, errors), *self._rows())),
            errors,
            "THERapy:STOP",
        )

    def _rows(self):
        return (
            ("MOTor:JOG", self._note, decimal(7), decimal(3)),
            ("PRESCription:RATE", self._note, RATE),
            ("PRESCription:DRUG", self._note, STRING),
            ("PRESCription:LIMit:BOLus", self._note, DOSE),
            ("REServoir:REFill", self._note, VOLUME, optional(VOLUME)),
            ("REServoir:VOLume?", lambda: units.ml(20_000_000)),
            ("DELivery:STEPs?", lambda: (1, 2, "3", True)),
            ("THERapy:STARt", self._refuse),
            ("THERapy:STOP", self._note),
            ("THERapy:BUG", self._fail),
        )

    def _note(self, *values):
        self.calls.append(values)

    def _refuse(self):
        raise faults.Refused(faults.NO_PRESCRIPTION, "nothing committed")

    def _fail(self):
        raise ZeroDivisionError

    def send(self, data):
        return responses(self.session, data)

    def errors(self):
        """Numbers of all errors waiting."""
        numbers = []
        while True:
            number = int(self.send(b"SYST:ERR?\n")[0].partition(",")[0])
            if number == 0:
                return numbers
            numbers.append(number)
