# SPDX-License-Identifier: MIT
"""Hostile lines for the console: noise, every command there is with wild parameters, bent lines.

None of them may stop or change a simple therapy that runs: what is meant to is left out.
"""

from host_tests.support.console.rows import all_rows
from host_tests.support.console.tables import headers_of

# A bolus adds steps, a stop ends them; the others take the console away, or put a lock on it.
LEFT_OUT = ("THER:STOP", "BOL:STAR", "SYST:SERV", "SYST:LOCK")
NUMBERS = ("0", "1", "5", "16", "32767", "007", "0.5", "-1", "1e3", "9" * 30, "4294967296")
UNITS = ("", " UG", " ML", " ML/D", " UG/D", " UG/ML", " MIN", " HR", " D", " XX")
WORDS = ("ON", "OFF", "ALL", "HOLD", "BAS", "HIGH", "LIFE", "SIMP", "2026-11-23T10:00:00", "08:00")
TEXTS = ('"baclofen"', '""', '"a;b,c"', "'x'", '"unclosed', '"' + "y" * 99 + '"')
BYTES = b"\x00\x03\x1b\x7f\x80\xff;:,?*\"' \t"


def patterns():
    """(header, how many parameters it takes) of every command that is not left out."""
    short = {min(headers_of(row[0]), key=len): len(row) - 2 for row in all_rows()}
    return [(header, short[header]) for header in sorted(short) if not header.startswith(LEFT_OUT)]


class Fuzz:
    """An endless source of lines. `noise` is a random.Random."""

    def __init__(self, noise):
        self._noise = noise
        self._patterns = patterns()

    def line(self):
        """One line with its LF; none but the last byte is one."""
        kind = self._noise.randrange(8)
        if kind == 0:
            line = self._noise.randbytes(self._noise.randrange(300))
        elif kind == 1:
            line = self._bent(self._command())
        elif kind == 2:
            line = b";:".join(self._command() for _ in range(self._noise.randrange(1, 6)))
        else:
            line = self._command()
        return line.replace(b"\n", b"") + b"\n"

    def _command(self):
        noise = self._noise
        header, count = noise.choice(self._patterns)
        count = noise.choice((count, count, count, 0, count + 1))
        values = ",".join(self._value() for _ in range(count))
        return f"{header} {values}".rstrip().encode()

    def _value(self):
        noise = self._noise
        kind = noise.randrange(5)
        if kind < 3:
            return noise.choice(NUMBERS) + noise.choice(UNITS)
        return noise.choice(WORDS if kind == 3 else TEXTS)

    def _bent(self, line):
        """With one byte more, or less, or another one."""
        noise = self._noise
        at = noise.randrange(len(line))
        new = bytes([noise.choice(BYTES)]) if noise.randrange(3) else b""
        return line[:at] + new + line[at + noise.randrange(2) :]
