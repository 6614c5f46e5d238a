# SPDX-License-Identifier: MIT
"""Bytes into a console session without a board: every message runs to its end at once."""


def responses(session, data):
    """The response lines that the bytes led to, in order."""
    found = []
    for byte in data:
        session.take(byte)
        while session.is_busy():
            line = session.step()
            if line is not None:
                found.append(line)
    return found
