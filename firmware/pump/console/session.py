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

    def feed(self, chunk):
        """Take bytes as they come; the response lines, without line ends, that they led to."""
        responses = []
        for byte in chunk:
            try:
                message = self._lines.add(byte)
            except ScpiError as error:
                self._errors.push(error.number, error.detail)
                continue
            response = self.execute(message) if message else None
            if response is not None:
                responses.append(response)
        return responses

    def execute(self, message):
        """Run one program message (printable ASCII); its response line, or None.

        Raises only what a handler raises because of a bug, after queueing -310: the supervisor
        stops the pump for it.
        """
        answers, size = [], 0
        try:
            for header, arguments in commands(message):
                answer = self._call(header, arguments)
                if self._after is not None:
                    self._after(header, arguments)
                if answer is not None and size <= _MOST:
                    answers.append(answer)
                    size += len(answer) + 1
        except ScpiError as error:
            self._errors.push(error.number, error.detail)
            self._run_urgent(message)
        except Refused as refused:
            self._errors.push(refused.code, refused.detail)
            self._run_urgent(message)
        except Fault:
            raise
        except Exception as bug:
            self._errors.push(SYSTEM_ERROR, f"{type(bug).__name__} in {message}")
            raise
        if size > _MOST:
            self._errors.push(QUERY_DEADLOCKED)
            return None
        return ";".join(answers) if answers else None

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
