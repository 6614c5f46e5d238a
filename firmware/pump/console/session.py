# SPDX-License-Identifier: MIT
"""One conversation with a host: bytes in, response lines out, errors into the queue.

Commands run one after the other as they are read. An error in one goes to the queue, and the rest
of that message is discarded (IEEE 488.2 does so for syntax errors; here it holds for all errors,
so that nothing runs on the assumption that what stood before it worked). What ran before stays
done, and what it answered is still sent, unless all answers together are too long. Urgent
commands, the STOP, are run all the same.
"""

from micropython import const

from pump.console.errors import OUT_OF_MEMORY, QUERY_DEADLOCKED, SYSTEM_ERROR, ScpiError
from pump.console.lines import LineAssembler
from pump.console.lock import has_pin
from pump.console.parser import commands
from pump.faults import Fault, Refused

_MOST = const(4096)  # characters that the answers of one message may have together


class Session:
    """Runs messages against the tree.

    after(header, arguments): called after each command that was run; a Fault it raises goes on to
    the supervisor.
    urgent: patterns of rows that take no argument and are never lost: written with their full
    header they are run even from a message in which something is wrong.
    """

    def __init__(self, tree, errors, after=None, urgent=()):
        self._tree = tree
        self._errors = errors
        self._after = after
        self._urgent = urgent
        self._lines = LineAssembler()
        self._message = ""
        self._commands = None  # those of the message that are still to be run
        self._answers = []
        self._size = 0  # of all its answers

    def take(self, byte):
        """Take a byte as it comes. One that ends a message begins it: `step` until it is over."""
        try:
            message = self._lines.add(byte)
        except ScpiError as error:
            self._errors.push(error.number, error.detail)
            return
        if message:
            self._message, self._commands = message, commands(message)
            self._answers, self._size = [], 0

    def is_busy(self):
        """True while a message is under way; no byte is taken meanwhile."""
        return self._commands is not None

    def step(self):
        """Run the next command of the message. Returns its response line when it is over, or None.

        Raises only what a handler raises because of a bug, after queueing -310: the supervisor
        stops the pump for it.
        """
        try:
            if self._run_next():
                return None
        except ScpiError as error:
            self._drop(error.number, error.detail)
        except Refused as refused:
            self._drop(refused.code, refused.detail)
        except Exception as bug:
            self._commands = None
            if not isinstance(bug, Fault):
                self._push(SYSTEM_ERROR, f"{type(bug).__name__} in {self._message}")
            raise
        self._commands = None
        answers, self._answers = self._answers, []
        if self._size > _MOST:
            self._errors.push(QUERY_DEADLOCKED)
            return None
        return ";".join(answers) if answers else None

    def _run_next(self):
        """Run one command; False when there is none left."""
        for header, arguments in self._commands or ():
            answer = self._call(header, arguments)
            if self._after is not None:
                self._after(header, arguments)
            if answer is not None and self._size <= _MOST:
                self._answers.append(answer)
                self._size += len(answer) + 1
            return True
        return False

    def _drop(self, number, detail):
        """The rest of the message is not run, but for what is urgent."""
        self._commands = None
        self._push(number, detail)
        self._run_urgent(self._message)

    def _push(self, number, detail):
        """Queue an error of the message; without its detail if a PIN may stand in that."""
        self._errors.push(number, "" if has_pin(self._message.upper()) else detail)

    def _call(self, header, arguments):
        """Run one command; its answer as text, or None.

        A query that runs out of memory has changed nothing: that is an error, not a bug.
        """
        try:
            answer = self._tree.call(header, arguments)
            return None if answer is None else _text(answer)
        except MemoryError:
            if not header.endswith("?"):
                raise
        raise ScpiError(OUT_OF_MEMORY, header)

    def _run_urgent(self, message):
        """Run the urgent commands of a message that was dropped, whatever stands around them."""
        for unit in message.upper().split(";"):
            header = unit.strip(" :").split(" ")[0]
            try:
                row = self._tree.find(header)
            except ScpiError:
                continue
            if row[0] in self._urgent:
                row[1]()
                if self._after is not None:
                    self._after(header, ())


def _text(answer):
    if isinstance(answer, (list, tuple)):
        return ",".join([_text(part) for part in answer])
    return answer if isinstance(answer, str) else str(int(answer))
