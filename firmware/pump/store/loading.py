# SPDX-License-Identifier: MIT
"""How a value comes back from its two copies: the newest good one counts, and the other is mended.

Needed at power-up, and when a copy is damaged. See `twins` for what a copy is.
"""

import binascii
import json

from micropython import const

from pump.store.twins import (
    COPIES,
    LOST,
    MENDED,
    MOST_BYTES,
    VERSION,
    attempt,
    name_of,
    start_of,
)

# What no copy was good for: damage is LOST; these are
NEWER = const("NEWER")  # of a newer version
FOREIGN = const("FOREIGN")  # of another board

_GOOD = "GOOD"
_BAD = ".bad"  # a copy that is set aside
_NO_COPY = (0, None, None, None)


def loaded(folders, board_name, key):
    """(value or None, its number, (size, CRC) of it where both copies have it, finding or "")."""
    _bring_over(folders, key)
    first: "tuple" = _look(folders, board_name, key, 0)
    second: "tuple" = _look(folders, board_name, key, 1, first)
    first_seq, second_seq = first[0], second[0]
    if not first_seq and not second_seq:
        return None, 0, None, set_aside(folders, board_name, key, (first[1], second[1]))
    if second_seq > first_seq:
        kept, other, look, is_usual = second, 0, first, False
    else:
        kept, other, look = first, 1, second
        is_usual = second_seq == first_seq - 1 and (second_seq or second[1] is None)
    seq, _, value, content = kept
    if look[3] == content:
        body = content[8 + len(start_of(board_name, seq)) :]
        return value, seq, (len(body), binascii.crc32(body)), ""
    name = name_of(key, other)
    if look[1] not in (_GOOD, None):
        attempt(folders[other].rename, name, name + _BAD)
    attempt(folders[other].replace, name, (content,))
    return value, seq, None, "" if is_usual else MENDED


def set_aside(folders, board_name, key, kinds):
    """Set aside what there is; answers why there is no value: "" where there never was one."""
    for copy in COPIES:
        name = name_of(key, copy)
        if kinds[copy] is not None:
            attempt(folders[copy].rename, name, name + _BAD)
    if kinds == (None, None):  # set aside earlier: still lost, and maybe nobody was told
        kinds = [_look(folders, board_name, key, copy, end=_BAD)[1] for copy in COPIES]
    for what in (LOST, NEWER, FOREIGN):
        if what in kinds:
            return what
    return ""


def _bring_over(folders, key):
    """Copy 1 to its own folder, where an older firmware has left it beside copy 0."""
    first, second = folders
    name = name_of(key, 1)
    try:
        if first.size(name) and not second.size(name):
            second.take(first, name)
    except OSError:
        pass  # it will be made anew, a finding


def _look(folders, board_name, key, copy, like=_NO_COPY, end=""):
    """(number, what, value, content) of a copy; `like` when the content is the same."""
    content = _read(folders[copy], name_of(key, copy) + end)
    if content is None:
        return _NO_COPY
    return like if content == like[3] else _judge(content, board_name) + (content,)


def _read(folder, name):
    """The content of a copy, None when there is none, b"" when it cannot be read."""
    try:
        return b"" if folder.size(name) > MOST_BYTES else folder.read(name)
    except OSError:
        return b""


def _judge(content, board_name):
    """(seq, what, value) of the content of a copy; seq is 0 unless what is _GOOD."""
    fields = _fields(content)
    if not fields or type(fields[0]) is not int or fields[0] < VERSION:
        return 0, LOST, None
    if fields[0] > VERSION:
        return 0, NEWER, None
    if [type(field) for field in fields[:3]] != [int, str, int] or len(fields) != 4:
        return 0, LOST, None
    if fields[1] != board_name:
        return 0, FOREIGN, None
    return (fields[2], _GOOD, fields[3]) if fields[2] > 0 else (0, LOST, None)


def _fields(content):
    """The list in the content of a copy; None when it is damaged."""
    if content[:8] != b"%08x" % binascii.crc32(content[8:]):
        return None
    try:
        fields = json.loads(content[8:].decode())
    except (ValueError, RuntimeError):  # RuntimeError: nested too deeply
        return None
    return fields if isinstance(fields, list) else None
