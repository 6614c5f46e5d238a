# SPDX-License-Identifier: MIT
"""The command tree: finds the row of the command table for a header.

A row is (pattern, handler, parameter, ...), as in

    ("SYSTem:ERRor[:NEXT]?", errors.pop)
    ("MOTor:JOG", motor.jog, decimal(7), decimal(3))

The pattern's capitals are the short form of each word; a header must use the short or the long
form, nothing between; `PRES|PRESCription` has two spellings; `[:NEXT]` may be left out; `?` is
part of the header. No header matches two rows, every word has two capitals at least, and optional
parameters come last.

Rows are made section by section at each look-up, up to the one that fits, and are garbage
afterwards: kept, they would take 7 kB of heap. The sections used most stand first. The rows of the
last few queries are kept, for a host that polls.
"""

from micropython import const

from pump.console.errors import (
    MISSING_PARAMETER,
    PARAMETER_NOT_ALLOWED,
    UNDEFINED_HEADER,
    ScpiError,
)
from pump.console.params import is_optional, is_spelled

_MOST = const(16)  # rows kept at most


class Tree:
    """All commands. sections: (heads, rows, arguments) each.

    heads: the first two letters of the headers in this section, separated by spaces, `*` for
    common commands; "" for any. rows(*arguments): yields its rows; handlers keep no state between
    calls. require_open(pattern): raises Refused before a locked command is run, see `pump.lock`.
    """

    def __init__(self, sections, require_open=None):
        self._sections = sections
        self._require_open = require_open
        self._known = {}  # header -> row, of the last queries

    def knows(self, header):
        """Whether `header`, from the root in upper case, is a query whose row is kept."""
        return header in self._known

    def find(self, header):
        """The row for a header from the root in upper case; ScpiError UNDEFINED_HEADER."""
        if header in self._known:
            return self._known[header]
        is_query = header.endswith("?")
        words = (header[:-1] if is_query else header).split(":")
        head = "*" if header[:1] == "*" else header[:2]
        # Every matching pattern contains it: rules most patterns out at once.
        hint = (":" if len(words) > 1 else "") + words[-1][:2]
        for heads, rows, what_of in self._sections:
            if heads and head not in heads:
                continue
            for row in rows(*what_of):
                pattern = row[0]
                if hint in pattern and pattern.endswith("?") == is_query and _fits(words, pattern):
                    if is_query:
                        if len(self._known) == _MOST:
                            self._known.clear()
                        self._known[header] = row
                    return row
        raise ScpiError(UNDEFINED_HEADER, header)

    def prepare(self, header, texts):
        """(handler, its arguments) of a command. ScpiError; Refused by `require_open`.

        The caller calls the handler itself: a board's stack is small, and orders go deep.
        """
        row = self.find(header)
        if self._require_open is not None:
            self._require_open(row[0])
        return row[1], _values(row[2:], texts) if texts or len(row) > 2 else texts


def _fits(words, pattern):
    """Whether the words of a header, without its `?`, match a pattern."""
    before, bracket, rest = pattern.partition("[")
    if bracket:
        optional, _, after = rest.partition("]")
        longer = before + optional + after
        return _fits(words, before + after) or _fits(words, longer)
    spelled = pattern.rstrip("?").split(":")
    if len(spelled) != len(words):
        return False
    last_first = range(len(words) - 1, -1, -1)  # the last word differs most often
    return all(is_spelled(words[index], spelled[index]) for index in last_first)


def _required_count(parameters):
    count = 0
    while count < len(parameters) and not is_optional(parameters[count]):
        count += 1
    return count


def _values(parameters, texts):
    """The values for the handler, one for each argument given."""
    if len(texts) > len(parameters):
        raise ScpiError(PARAMETER_NOT_ALLOWED, texts[len(parameters)])
    required = _required_count(parameters)
    if len(texts) < required:
        raise ScpiError(MISSING_PARAMETER, f"{len(texts)} given, {required} needed")
    return [parameters[index](text) for index, text in enumerate(texts)]
