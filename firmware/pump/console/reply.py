# SPDX-License-Identifier: MIT
"""A response line as a list of short pieces, so that no large block of memory is needed."""

from micropython import const

_PIECE = const(64)  # characters, at most


def pieces(answer, mark):
    """A list of texts of at most 64 characters: `mark`, then the answer of a handler.

    answer: a text, an integer, or an iterable of answers, nested at will; joined with commas.
    """
    found = []
    _add(found, answer, mark)
    return found


def size(texts):
    """The number of characters of all pieces together."""
    return sum([len(text) for text in texts])


def _add(found, answer, mark):
    if isinstance(answer, str):
        _put(found, mark + answer)
    elif isinstance(answer, (int, bool)):  # in MicroPython a bool is not an int
        _put(found, mark + str(int(answer)))
    else:
        is_empty = True
        for part in answer:
            _add(found, part, mark)
            mark, is_empty = ",", False
        if is_empty:
            _put(found, mark)


def _put(found, text):
    if found and len(found[-1]) + len(text) <= _PIECE:
        found[-1] += text
    elif len(text) <= _PIECE:
        found.append(text)
    else:
        _cut(found, text)


def _cut(found, text):
    for at in range(0, len(text), _PIECE):
        found.append(text[at : at + _PIECE])
