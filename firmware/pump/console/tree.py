# SPDX-License-Identifier: MIT
"""The command tree: from a header to the row of the command table that answers it.

A row is (pattern, handler, parameter, ...), as in

    ("SYSTem:ERRor[:NEXT]?", errors.pop)
    ("MOTor:JOG", motor.jog, decimal(7), decimal(3))

The pattern's capitals are the short form of each word; a header must use the short or the long
form, nothing between; `PRES|PRESCription` has two spellings; `[:NEXT]` may be left out; `?` is
part of the header. Built once into nested dicts: a look-up takes one step for each word.
"""

from pump.console.errors import (
    MISSING_PARAMETER,
    PARAMETER_NOT_ALLOWED,
    UNDEFINED_HEADER,
    ScpiError,
)
from pump.console.params import is_optional, spelling


class Tree:
    """All commands. A node is a dict: word -> node; and True (query), False (command) -> row."""

    def __init__(self, rows):
        self._root = {}
        for row in rows:
            self._add(row)

    def find(self, header):
        """The row for a header from the root in upper case; ScpiError UNDEFINED_HEADER."""
        is_query = header.endswith("?")
        node = self._root
        for word in (header[:-1] if is_query else header).split(":"):
            node = node.get(word)
            if node is None:
                raise ScpiError(UNDEFINED_HEADER, header)
        row = node.get(is_query)
        if row is None:
            raise ScpiError(UNDEFINED_HEADER, header)
        return row

    def call(self, header, texts):
        """Run the command; what its handler returns. ScpiError, or whatever the handler raises."""
        row = self.find(header)
        return row[1](*_values(row[2:], texts))

    def _add(self, row):
        """ValueError for a row that clashes with another or can never be called right."""
        pattern = row[0]
        if _required_count(row[2:]) != sum(not is_optional(parameter) for parameter in row[2:]):
            raise ValueError(f"{pattern}: optional parameters come last")
        is_query = pattern.endswith("?")
        for node in self._ends(pattern[:-1] if is_query else pattern):
            if is_query in node:
                raise ValueError(f"{pattern}: stands twice")
            node[is_query] = row

    def _ends(self, path):
        """All nodes at which a pattern may end, more than one where words are optional."""
        nodes = [self._root]
        for word in path.replace("[:", ":[").split(":"):
            children = [_child(node, word.strip("[]")) for node in nodes]
            nodes = nodes + children if word[0] == "[" else children
        return nodes


def _child(node, word):
    """The node below for a word, made where it is new; ValueError where its spelling is taken.

    Kept under the word as it is written, too: to spell each one out again would slow the start.
    """
    if word in node:
        return node[word]
    forms = [form for spelled in word.split("|") for form in spelling(spelled)]
    if not any(form in node for form in forms):
        child = {}
        for form in forms:
            node[form] = child
        node[word] = child
    if any(node.get(form) is not node.get(forms[0]) for form in forms):
        raise ValueError("%s: its short form stands for something else" % word)
    return node[forms[0]]


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
