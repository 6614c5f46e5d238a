# SPDX-License-Identifier: MIT
"""One conversation with a host: bytes in, response lines out, errors into the queue.

Commands run one after the other as they are read. An error goes to the queue, and the rest of that
message is discarded (IEEE 488.2 does so for syntax errors; here it holds for all errors, so that
no command runs on the assumption that the one before it worked). Commands already run stay in
effect, and their answers are still sent, unless all answers together are too long. A STOP is
carried out even in text that is refused or dropped, see `stray`.
"""

from micropython import const

from pump.console.errors import (
    OUT_OF_MEMORY,
    QUERY_DEADLOCKED,
    SETTINGS_CONFLICT,
    SYNTAX_ERROR,
    SYSTEM_ERROR,
    ScpiError,
)
from pump.console.lines import LineAssembler
from pump.console.parser import commands
from pump.console.reply import pieces, size
from pump.console.stray import Stray
from pump.faults import Fault, Refused
from pump.lock import has_pin

_MOST = const(4096)  # characters that the answers of one message may have together


def _nothing():
    """Default for `settle`."""


class Session:
    """Runs messages against the tree.

    after(header, arguments): called after each command that was run. settle(): called before each
    query, before an answer goes out, and by `Link` at the end of a cycle: it writes all changes by
    commands to flash. A Fault that they raise goes on to the supervisor. stop: the pattern of the
    STOP command, which is never lost; it takes no argument.
    """

    def __init__(self, tree, errors, stop, after=None, settle=_nothing):
        self._tree = tree
        self._errors = errors
        self._after = after
        self.settle = settle
        self._stray = Stray(stop)
        self._lines = LineAssembler(self._hear_stray)
        self._message = ""
        self._commands = None  # commands of the message still to be run
        self._is_last = False  # the next command is the last one
        self._done = 0  # number of commands of the message that were run or skipped
        self._ahead = 0  # number of STOPs that were run ahead of their turn
        self._reply = None  # answers of the message, in pieces; None without one

    def take_plain(self, data):
        """Take plain bytes of a line. Returns their number, see `LineAssembler.take_plain`."""
        return self._lines.take_plain(data)

    def take(self, byte):
        """Take a byte. The last one of a message makes the session busy: then call `step`."""
        try:
            message = self._lines.add(byte)
        except ScpiError as error:
            self._errors.push(error.number, error.detail)
            return
        if message:
            self._message, self._is_last = message, self._tree.knows(message)
            self._commands = iter(((message, ()),)) if self._is_last else commands(message)
            self._reply, self._done = None, 0

    def expire(self):
        """Drop the open line, whose end does not come, with an error."""
        if self._lines.expire():
            self._stray.take("\n")
            self._errors.push(SYNTAX_ERROR, "line left open, dropped")

    def lose(self, data):
        """Drop these bytes, the line that they belong to, and all bytes up to the next line.

        Some bytes were lost at an unknown place: the rests of two lines must not be joined into
        one.
        """
        self._lines.drop()
        shown = [chr(byte) if 32 <= byte < 127 else "\n" for byte in data]
        self._meet(self._stray.count("".join(shown)))

    def look_ahead(self, waiting):
        """Carry out at once a STOP that would have to wait. waiting: bytes that are not yet taken.

        It is not repeated at its turn, and commands before it are refused; queries are still run.
        """
        found = 0
        if self.is_busy() and self._stray.is_in(self._message.upper()):
            found = self._stray.count(self._message + "\n", self._done)
        if b":STOP" in waiting.upper():
            shown = [chr(byte) if 32 <= byte < 127 else "\n" for byte in waiting]
            found += self._stray.count("".join(shown))
        if found > self._ahead:
            self._run_stop()
        self._ahead = found

    def is_busy(self):
        """True while a message is under way; no byte is taken meanwhile."""
        return self._commands is not None

    def step(self):
        """Run the next command of the message.

        Returns the response line when the message is over, as a list of pieces; None without one.

        Raises a Fault or, for a bug in a handler, the exception, after queueing -310: the
        supervisor stops the pump for it.
        """
        try:
            if self._run_next() and not self._is_last:
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
        reply, self._reply = self._reply, None
        if reply is None:
            return None
        self.settle()
        if size(reply) > _MOST:
            self._errors.push(QUERY_DEADLOCKED)
            return None
        return reply

    def _run_next(self):
        """Run one command; False when there is none left."""
        for header, arguments in self._commands or ():
            if self._ahead and self._is_held(header, arguments):
                self._done += 1
                return True
            is_changing = ran_out = False
            if header.endswith("?"):
                self.settle()
            try:
                handler, values = self._tree.prepare(header, arguments)
                is_changing = not header.endswith("?")
                answer = handler(*values)
                if answer is not None:
                    self._add(answer)
            except MemoryError:
                if is_changing:
                    raise
                ran_out = True
            if ran_out:  # a query changes nothing, so this is an error and not a bug
                raise ScpiError(OUT_OF_MEMORY, header)
            self._done += 1
            if self._after is not None:
                self._after(header, arguments)
            return True
        return False

    def _drop(self, number, detail):
        """Discard the rest of the message, except for a STOP in it."""
        self._commands = None
        self._push(number, detail)
        # Includes the command that failed: it may be a STOP with an argument.
        self._meet(self._stray.count(self._message + "\n", self._done))

    def _push(self, number, detail):
        """Queue an error of the message; without its detail if that may contain a PIN."""
        self._errors.push(number, "" if has_pin(self._message.upper()) else detail)

    def _add(self, answer):
        """Add an answer to the reply, unless the reply is too long already."""
        if self._reply is None:
            self._reply = pieces(answer, "")
        elif size(self._reply) <= _MOST:
            self._reply.extend(pieces(answer, ";"))

    def _hear_stray(self, character):
        """Take a character that the line assembler drops."""
        if self._stray.take(character):
            self._meet(1)

    def _meet(self, count):
        """Account for `count` STOPs in dropped text: run one, unless one was run ahead of it."""
        if count > self._ahead:
            self._run_stop()
        self._ahead = max(self._ahead - count, 0)

    def _is_held(self, header, arguments):
        """Whether a command is skipped: it is, or stands before, a STOP that was run ahead."""
        if header.endswith("?"):
            return False
        count = self._stray.count(" ".join([header] + arguments) + "\n")
        self._ahead = max(self._ahead - count, 0)
        if arguments or header not in self._stray.spellings:
            self._push(SETTINGS_CONFLICT, header + " before a STOP")
        return True

    def _run_stop(self):
        """Run the STOP command out of its turn."""
        header = self._stray.spellings[1]
        try:
            self._tree.find(header)[1]()
        except Refused as refused:
            self._errors.push(refused.code, refused.detail)
        if self._after is not None:
            self._after(header, ())
