# SPDX-License-Identifier: MIT
"""A console without a board: a tree of some rows, and messages that run to their end at once."""

from pump.console.tree import Tree


def responses(session, data):
    """The response lines that the bytes led to, in order."""
    found = []
    for byte in data:
        session.take(byte)
        while session.is_busy():
            line = session.step()
            if line is not None:
                found.append("".join(line))
    return found


def tree_of(rows, require_open=None):
    """A command tree of these rows alone."""
    return Tree((("", lambda: rows, ()),), require_open)


def call(tree, header, texts):
    """Run one command of a tree; what its handler returns."""
    handler, values = tree.prepare(header, texts)
    return handler(*values)
