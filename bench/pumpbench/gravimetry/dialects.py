# SPDX-License-Identifier: MIT
"""The dialects of balances: the query for a weight, and the format of the lines.

MT-SICS: Mettler-Toledo's reference manual, command SI. SBI: Sartorius' data sheets, ESC P, lines
of 16 characters, or of 22 with six of identification before them. Plain: the balance sends lines
by itself, with a number in each.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

UNITS_G = {"g": Decimal(1), "mg": Decimal("0.001"), "kg": Decimal(1000)}


class BalanceError(Exception):
    """The balance gives no valid weight; a sentence."""


class Busy(Exception):
    """The balance cannot answer now and may be asked again."""


class Answer(NamedTuple):
    """A line of a balance, with the digits that it showed.

    unit: "" if the line has none. is_stable: None if the balance does not tell.
    """

    value: Decimal
    unit: str
    is_stable: bool | None

    def grams(self, unit: str) -> Decimal:
        """The weight in grams of a line in `unit`, with as many digits as were shown."""
        return self.value * UNITS_G[unit]


class Dialect(NamedTuple):
    """question: the query; empty if the balance sends by itself.

    parse raises BalanceError for a line without a weight, Busy for one that asks to wait.
    """

    question: bytes
    parse: Callable[[str], Answer]


_NUMBER = r"(?P<sign>[+-]?)\s*(?P<value>\d+(?:\.\d*)?|\.\d+)\s*(?P<unit>[A-Za-z]*)\s*"
_PLAIN = re.compile(rf"\s*{_NUMBER}")
_SICS = re.compile(rf"S\s+(?P<state>[SD])\s+{_NUMBER}")
_SBI = re.compile(rf"(?:[A-Za-z][\w#]* *(?<=^.{{6}}))?\s*{_NUMBER}")  # a name has six characters
_SBI_STATUS = re.compile(
    r"(?:Stat)?\s*(H{1,2}|L{1,2}|High|Low|-+|C|Err.*|APP\.?\s*ERR.*)\s*", re.I
)

OVERLOAD = "the balance is overloaded: take something off its pan"
UNDERLOAD = "the balance is underloaded: put its pan back, or tare it"
_SICS_TROUBLE = {
    "S +": OVERLOAD,
    "S -": UNDERLOAD,
    "S L": "the balance found the parameter of SI wrong: is it set to MT-SICS?",
    "ES": "the balance did not understand SI: is it set to MT-SICS?",
    "ET": "the balance received SI garbled: compare baud rate and parity",
    "EL": "the balance cannot execute SI: end the menu or application on its display",
}
_SBI_TROUBLE = {"H": OVERLOAD, "L": UNDERLOAD, "-": "the balance shows no weight: switch it on"}


def _answer(found: re.Match[str] | None, line: str, is_stable: bool | None) -> Answer:
    if not found:
        raise BalanceError(f"the balance sent {line.strip()!r}, which is no weight")
    return Answer(Decimal(found["sign"] + found["value"]), found["unit"], is_stable)


def parse_sics(line: str) -> Answer:
    """`S S     100.00 g` is stable, `S D` not, `S I` is busy; all else is a BalanceError."""
    text = " ".join(line.split())
    if text == "S I":
        raise Busy
    if text in _SICS_TROUBLE:
        raise BalanceError(_SICS_TROUBLE[text])
    found = _SICS.fullmatch(line.strip())
    return _answer(found, line, found is not None and found["state"] == "S")


def parse_sbi(line: str) -> Answer:
    """`+    100.00 g  ` with or without six characters in front; no unit while unstable."""
    text = line.replace("[", "").replace("]", "")  # around digits that are not verified
    if status := _SBI_STATUS.fullmatch(text):
        word = status[1].strip()
        if word.upper() == "C":
            raise Busy
        raise BalanceError(_SBI_TROUBLE.get(word[0].upper(), f"the balance reports {word!r}"))
    found = _SBI.fullmatch(text)
    return _answer(found, line, found is not None and found["unit"] != "")


def parse_plain(line: str) -> Answer:
    """A number, with a unit or without one."""
    return _answer(_PLAIN.fullmatch(line), line, None)


DIALECTS = {
    "sics": Dialect(b"SI\r\n", parse_sics),
    "sbi": Dialect(b"\x1bP\r\n", parse_sbi),
    "plain": Dialect(b"", parse_plain),
}
