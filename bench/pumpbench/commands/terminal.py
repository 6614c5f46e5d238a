# SPDX-License-Identifier: MIT
"""The command `console`: sends each typed line, and shows its answer or error at once.

It sends nothing else: it neither starts nor stops a pump, also when it ends or is interrupted.
Lines from a file or pipe are sent one after the other.
"""

import contextlib
import sys
from collections.abc import Iterator

from pumpbench.client.lines import PumpError
from pumpbench.client.pump import Pump
from pumpbench.commands.asking import exchange
from pumpbench.commands.command_line import REFUSED, Port, complain, pump_at, say


def console(port: Port) -> int:
    """A terminal: a line and its answer, until Ctrl-D."""
    is_typed = sys.stdin.isatty()
    if is_typed:
        _remember_lines()
    are_refused = False
    with pump_at(port) as pump:
        if is_typed:
            say(f"{','.join(pump.identity())}. Ctrl-D ends; the pump goes on.")
        for line in _lines("> " if is_typed else ""):
            are_refused |= not _done(pump, line)
    return REFUSED if are_refused and not is_typed else 0


def _remember_lines() -> None:
    """Make arrow keys recall earlier lines, if Python has readline."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401


def _lines(prompt: str) -> Iterator[str]:
    """Yield typed lines, without empty ones; Ctrl-C drops the line being typed."""
    while True:
        try:
            line = input(prompt).strip()
        except EOFError:
            if prompt:
                say("")
            return
        except KeyboardInterrupt:
            say("")
            continue
        if line:
            yield line


def _done(pump: Pump, line: str) -> bool:
    """Send a line and show its answer or error; returns True without an error."""
    try:
        answer = exchange(pump, line)
        if answer is not None:
            say(answer)
        errors = pump.errors()
    except PumpError as error:
        errors = [error, *pump.errors()]
    except TimeoutError:
        complain("The pump does not answer.")
        return False
    for error in errors:
        complain(error)
    return not errors
