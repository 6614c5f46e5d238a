# SPDX-License-Identifier: MIT
"""Loads a value from its two copies: the newest good one is valid, and the other is repaired.

Needed at power-up, and when a copy is damaged. See `mirrored_records` for the format of a copy.
"""

import binascii
import json

from micropython import const

from pump.records.mirrored_records import (
    COPIES,
    LOST,
    MENDED,
    MOST_BYTES,
    VERSION,
    attempt,
    name_of,
    start_of,
)

# Why no copy was usable, besides damage, which is LOST:
NEWER = const("NEWER")  # of a newer version
FOREIGN = const("FOREIGN")  # of another board

_GOOD = "GOOD"
_BAD = ".bad"  # a copy that is set aside
_CRC = const(8)  # hex digits, at the beginning
_HEAD = const(64)  # bytes after them that include the head up to the value
_MISSING = const(2)  # ENOENT


def loaded(folders, board_name, key):
    """(value or None, its number, (size, CRC) if both copies have it, finding or "").

    A copy is read in parts, and the value is made from one copy only: a fragmented heap has no
    room for a whole text.
    """
    _bring_over(folders, key)
    looks = [_look(folders[copy], board_name, name_of(key, copy)) for copy in COPIES]
    for kept in (1, 0) if looks[1].seq > looks[0].seq else (0, 1):
        if looks[kept].seq:
            try:
                value = _value(folders[kept], name_of(key, kept))
                break
            except (OSError, ValueError, RuntimeError):  # RuntimeError: nested too deeply
                looks[kept].lose()
    else:
        return None, 0, None, set_aside(folders, board_name, key, [look.what for look in looks])
    look, other = looks[kept], looks[1 - kept]
    if other.is_like(look):
        return value, look.seq, look.saved, ""
    is_usual = not kept and (
        other.seq == look.seq - 1 if other.seq else other.what is None and look.seq == 1
    )
    name = name_of(key, 1 - kept)
    if other.what not in (_GOOD, None):
        attempt(folders[1 - kept].rename, name, name + _BAD)
    attempt(folders[1 - kept].copy, folders[kept], name_of(key, kept), name)
    return value, look.seq, None, "" if is_usual else MENDED


def set_aside(folders, board_name, key, kinds):
    """Rename the copies. Returns why there is no value; "" if there never was one."""
    for copy in COPIES:
        name = name_of(key, copy)
        if kinds[copy] is not None:
            attempt(folders[copy].rename, name, name + _BAD)
    if not any(kinds):  # set aside earlier: still lost, perhaps not reported yet
        names = [name_of(key, copy) + _BAD for copy in COPIES]
        kinds = [_look(folders[copy], board_name, names[copy]).what for copy in COPIES]
    for what in (LOST, NEWER, FOREIGN):
        if what in kinds:
            return what
    return ""


def _bring_over(folders, key):
    """Move copy 1 to its own folder if older firmware has left it beside copy 0."""
    first, second = folders
    name = name_of(key, 1)
    try:
        if first.size(name) and not second.size(name):
            second.take(first, name)
    except OSError:
        pass  # it will be written anew, with a finding


class _Look:
    """The state of a copy. seq: its number, 0 unless it is good; what: None if there is none.

    saved: (size, CRC) of its value. told: the checksum that it contains.
    """

    def __init__(self, what, seq=0, saved=None, told=b""):
        self.what, self.seq = what, seq
        self.saved, self.told = saved, told

    def lose(self):
        """The copy turned out to be unusable."""
        self.what, self.seq = LOST, 0

    def is_like(self, other):
        """Whether both copies are good and equal."""
        return self.seq == other.seq and (self.saved, self.told) == (other.saved, other.told)


def _look(folder, board_name, name):
    """Read a copy, in parts."""
    told, crc, value_crc, size, start_size = b"", 0, 0, 0, 0
    seq, what = 0, LOST
    try:
        if folder.size(name) > MOST_BYTES:
            return _Look(LOST)
        for part in folder.parts(name):
            value_part = part
            if not told:
                told, part = bytes(part[:_CRC]), part[_CRC:]
                seq, what = _judged(bytes(part[:_HEAD]), board_name)
                start_size = len(start_of(board_name, seq))
                value_part = part[start_size:]
            crc, value_crc = binascii.crc32(part, crc), binascii.crc32(value_part, value_crc)
            size += len(part)
    except OSError as error:
        return _Look(None if error.args[0] == _MISSING and not size else LOST)
    if told != b"%08x" % crc:
        seq, what = 0, LOST
    return _Look(what, seq, (size - start_size, value_crc), told)


def _judged(head, board_name):
    """(number, state) of a copy, from the head in front of its value."""
    fields = head.split(b", ", 3)
    has_value = len(fields) > 3
    try:
        fields = [field.decode() for field in fields[:3]]
    except ValueError:
        return 0, LOST
    version = fields[0][2:].rstrip("]\n")
    if fields[0][:2] != " [" or not version.isdigit() or int(version) < VERSION:
        return 0, LOST
    if int(version) > VERSION:
        return 0, NEWER
    if not has_value or fields[1][:1] != '"' or not fields[2].isdigit():
        return 0, LOST
    if fields[1] != json.dumps(board_name):
        return 0, FOREIGN
    return int(fields[2]), _GOOD if int(fields[2]) else LOST


def _value(folder, name):
    """The value in a copy; ValueError if there is none."""
    fields = folder.json(name, _CRC)
    if not isinstance(fields, list) or len(fields) != 4:
        raise ValueError(name)
    return fields[3]
