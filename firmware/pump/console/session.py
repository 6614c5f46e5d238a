# SPDX-License-Identifier: MIT
"""One conversation with a host: bytes in, response lines out, errors into the queue.

Commands run one after the other as they are read. An error in one goes to the queue, and the rest
of that message is discarded (IEEE 488.2 does so for syntax errors; here it holds for all errors,
so that nothing runs on the assumption that what stood before it worked). What ran before stays
done, and what it answered is still sent. Urgent commands, the STOP, are run all the same.
"""

from pump.console.errors import SYSTEM_ERROR, ScpiError
from pump.console.lines import LineAssembler
from pump.console.parser import commands
from pump.faults import Refused


class Session:
    """Runs messages against the tree.

    after(): called after each command that was run.
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
        answers = []
        try:
            for header, arguments in commands(message):
                answer = self._tree.call(header, arguments)
                if self._after is not None:
                    self._after()
                if answer is not None:
                    answers.append(_text(answer))
        except ScpiError as error:
            self._errors.push(error.number, error.detail)
            self._run_urgent(message)
        except Refused as refused:
            self._errors.push(refused.code, refused.detail)
            self._run_urgent(message)
        except Exception as bug:
            self._errors.push(SYSTEM_ERROR, f"{type(bug).__name__} in {message}")
            raise
        return ";".join(answers) if answers else None

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
                    self._after()


def _text(answer):
    if isinstance(answer, (list, tuple)):
        return ",".join([_text(part) for part in answer])
    return answer if isinstance(answer, str) else str(int(answer))
