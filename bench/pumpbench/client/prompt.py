# SPDX-License-Identifier: MIT
"""The prompt of a REPL: whether it is that of MicroPython that has a line, in place of a pump.

A REPL echoes what it is sent, and takes LF for nothing and CR for the end of a line. So CR is sent
to what has echoed a question and not answered it, and nothing else: there `*CLS*IDN?` is a
syntax error, and the prompt comes back. Another instrument takes CR for the end of a line, too.
"""

from pumpbench.client.lines import SerialLine

_PROMPTS = (">>> ", "... ")
_ECHO = "*IDN?"
_QUIET_S = 0.5


def is_repl(line: SerialLine, heard: list[str]) -> bool:
    """Whether a REPL is there. heard: the lines that came when *CLS and *IDN? were sent."""
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
