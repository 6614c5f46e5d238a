# SPDX-License-Identifier: MIT
"""The tables of firmware/CONSOLE.md, and how a pump is brought to where a row of them holds."""

import csv
import re

from pumpbench.client.pump import Pump, review_of
from pumpbench.images.image import FIRMWARE
from pumpbench.targets.sim import SimTarget

PAGE = (FIRMWARE / "CONSOLE.md").read_text()
CUT = "power cut"  # a step of a `Life`
TOKEN = "<token>"  # in a line: that of what is staged


def commands():
    """The patterns in the first column of the table of commands, as they are written there."""
    table = PAGE.split("\n## Commands\n")[1].split("\n## ")[0].replace("\\|", "|")
    cells = re.findall(r"^\| (`.*?`) \| ", table, flags=re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def errors():
    """Number -> name of each row of the table of errors that has advice."""
    table = PAGE.split("\n## Errors\n")[1].split("\n### ")[0]
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \| .{10,}\. \|$", table, flags=re.MULTILINE)
    return {int(number): name for number, name in rows}


class Life:
    """A pump on `sim`, just taken into use, that is given lines as a host would."""

    def __init__(self):
        self._target = SimTarget()
        self.pump = Pump(self._target)

    def go(self, steps, may_be_refused=()):
        """Give lines, let seconds pass, cut the power."""
        for step in steps:
            if step is CUT:
                self._cut()
            elif not isinstance(step, str):
                self.pump.wait(step)
            elif step in may_be_refused:
                self.errors_of(step)
            else:
                self.pump.tell(self.line(step))

    def line(self, text):
        """The line with its token in it."""
        if TOKEN not in text:
            return text
        return text.replace(TOKEN, review_of(self.pump.ask("PRES:VAL?")).token)

    def errors_of(self, text):
        """(number, text) of each error that a line leaves, which is no query."""
        self._target.write(f"{self.line(text)}\nSYST:ERR:ALL?\n".encode())
        fields = next(csv.reader([self._target.read_line()]))
        return [
            (int(number), said) for number, said in zip(fields[::2], fields[1::2], strict=True)
        ]

    def _cut(self):
        """No power for a moment; the pump comes back with what it wrote."""
        before = self._target
        flash = before.flash
        before.close()
        self._target = SimTarget(flash=flash)
        self.pump = Pump(self._target)
