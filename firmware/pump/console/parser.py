# SPDX-License-Identifier: MIT
"""Splits a program message into commands: separators, header paths and arguments, not meanings.

    PRESC:CONC 500 UG/ML;RATE 120 UG/D;:SYST:ERR?
    -> ("PRESC:CONC", ["500 UG/ML"]), ("PRESC:RATE", ["120 UG/D"]), ("SYST:ERR?", [])

A header without a leading `:` continues from the path of the last one (SCPI-1999 6.2.4); common
commands (`*CLS`) neither use nor change that path. Strings in `"` or `'` may hold any separator,
and their own quote doubled; they are returned as written, quotes included.
"""

from pump.console.errors import (
    INVALID_CHARACTER,
    INVALID_SEPARATOR,
    INVALID_STRING_DATA,
    MISSING_PARAMETER,
    SYNTAX_ERROR,
    ScpiError,
)

_QUOTES = "\"'"


def commands(message):
    """Yield (header from the root in upper case, [argument texts]) for each command in order.

    Lazy: commands before an error can be run before the error is found. ScpiError -101, -102,
    -103, -109 or -151 for a syntax error. A blank message holds no command.
    """
    if not message.strip(" "):
        return
    path = ""
    for unit in _split(message, ";"):
        header, _, rest = unit.strip(" ").partition(" ")
        full = _full_header(header.upper(), path)
        if full[0] != "*":
            path = full[: full.rfind(":") + 1]
        yield full, _arguments(rest)


def _full_header(header, path):
    """The header from the root, checked. path: the prefix it continues, `` or ending in `:`."""
    is_common = header.startswith("*")
    is_rooted = header.startswith(":")
    name = header[1:] if is_common or is_rooted else header
    nodes = (name[:-1] if name.endswith("?") else name).split(":")
    if "" in nodes or (is_common and len(nodes) > 1):
        raise ScpiError(SYNTAX_ERROR, header or "empty command")
    for node in nodes:
        _check_characters(node, header)
    return header if is_common else name if is_rooted else path + name


def _check_characters(node, header):
    if node.isalpha():  # in printable ASCII these are letters only
        return
    for character in node:
        if character == "," or character in _QUOTES:
            raise ScpiError(INVALID_SEPARATOR, header)
        if not ("A" <= character <= "Z" or "0" <= character <= "9" or character == "_"):
            raise ScpiError(INVALID_CHARACTER, header)


def _arguments(text):
    """Texts between the commas, trimmed; none of them may be empty."""
    if not text.strip(" "):
        return []
    arguments = [argument.strip(" ") for argument in _split(text, ",")]
    if "" in arguments:
        number = arguments.index("") + 1
        raise ScpiError(MISSING_PARAMETER, f"parameter {number} is empty")
    return arguments


def _split(text, separator):
    """Yield the pieces of text between separators that do not stand in a string."""
    if '"' not in text and "'" not in text:
        yield from text.split(separator)
        return
    start = 0
    quote = None
    for position, character in enumerate(text):
        if quote:
            if character == quote:
                quote = None
        elif character in _QUOTES:
            quote = character
        elif character == separator:
            yield text[start:position]
            start = position + 1
    if quote:
        raise ScpiError(INVALID_STRING_DATA, "string without its closing quote")
    yield text[start:]
