# SPDX-License-Identifier: MIT
"""The prompt of a REPL: detects whether MicroPython, not a pump, is at the other end of a line.

A REPL echoes its input, ignores LF and takes CR as the end of a line. So only CR is sent to a
device that has echoed a query and not answered it: there `*CLS*IDN?` is a syntax error, and the
prompt comes back. Another instrument takes CR as the end of a line, too.
"""

from pumpbench.client.lines import SerialLine

_PROMPTS = (">>> ", "... ")
_ECHO = "*IDN?"
_QUIET_S = 0.5


def is_repl(line: SerialLine, heard: list[str]) -> bool:
    """Whether a REPL is there. heard: the lines received after *CLS and *IDN? were sent."""
    if line.unread.endswith(_PROMPTS):
        return True
    if not any(_ECHO in text for text in [*heard, line.unread]):
        return False
    line.write(b"\r")
    try:
        while True:
            line.read_line(_QUIET_S)
    except TimeoutError:
        return line.unread.endswith(_PROMPTS)
