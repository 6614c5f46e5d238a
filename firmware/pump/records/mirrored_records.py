# SPDX-License-Identifier: MIT
"""Named values that survive a reset, each kept in two copies; the newest good copy is valid.

A copy, `<key>.0` in one folder or `<key>.1` in another, is one line: 8 hex digits of the CRC-32 of
the rest, a space, JSON of [VERSION, board, seq, value]. Two folders, because LittleFS keeps small
files in the blocks of their folder, and one wrong bit there reverts all files of a folder to an
older state, each with a good CRC. Copy 0 is written first: a power cut leaves copy 1 one save
older, or missing in the first save of all. Any other deviation is a finding.
"""

import binascii
import json

from micropython import const

from pump.faults import UNWRITTEN

VERSION = const(1)
FOLDERS = ("/data", "/copy")

MENDED = const("MENDED")  # a finding: one copy was bad or missing, the other was used
LOST = const("LOST")  # no copy was good

COPIES = (0, 1)
MOST_BYTES = const(8192)  # more than the heap should be asked for at once
_PART_BYTES = const(200)  # written at once
_SHORT = const(16)  # numbers converted to text at once
_TOO_BIG = const(27)  # EFBIG
_LISTS = (list, tuple)


class MirroredRecords:
    """The values of one board. findings: (key, finding) of all that `load` came across.

    folders: the `Files` of copies 0 and of copies 1.
    """

    def __init__(self, folders, board_name):
        self.findings = []
        self._folders = folders
        self._board_name = board_name
        self._seqs = {}
        self._behind = []  # keys whose last value is in copy 0 only
        self._saved = {}  # key -> (size, crc) of the value that is in both copies

    def load(self, key):
        """The value saved last; None: there is none, or (a finding) none that may be used."""
        from pump.records.loading import loaded  # at power-up, and where a copy is damaged

        found = loaded(self._folders, self._board_name, key)
        value, self._seqs[key], self._saved[key], finding = found
        if finding:
            self.findings.append((key, finding))
        return value

    def has(self, key):
        """Whether there is a value, by the last `load` or `save` of it."""
        return self._seqs.get(key, 0) > 0

    def verify(self, key):
        """Whether a copy of the value can be read. One that cannot is rewritten: a finding.

        False: neither can. The next `save` then writes both, even if the value is the same.
        """
        whole = [self._is_whole(copy, key) for copy in COPIES]
        if not any(whole):
            self._saved[key] = None
            return not self._seqs.get(key)
        if not all(whole):
            self.load(key)
        return True

    def reject(self, key):
        """The loaded value is unusable: mark it lost, and set both copies aside."""
        from pump.records.loading import set_aside

        self._seqs[key], self._saved[key] = 0, None
        self.findings.append((key, set_aside(self._folders, self._board_name, key, (LOST, LOST))))

    def save(self, key, value):
        """Write both copies. False and nothing written when both hold that value already.

        UNWRITTEN when it cannot be written; the value saved before is still valid then.
        """
        has_written = False
        for _ in self.saving(key, value):
            has_written = True
        return has_written

    def saving(self, key, value):
        """Save as an iterator, which yields between the two copies so that other work can be done.

        It may be abandoned there: the next save of that key first makes copy 1 the same as copy 0.
        Between its steps it uses none of a board's stack.
        """
        if key not in self._seqs:
            self.load(key)
        start = start_of(self._board_name, self._seqs[key] + 1)
        size, crc, whole_crc = 0, 0, binascii.crc32(start)
        for part in _parts(value, ""):
            size += len(part)
            crc, whole_crc = binascii.crc32(part, crc), binascii.crc32(part, whole_crc)
        if self._saved.get(key) == (size, crc):
            return
        head = b"%08x" % whole_crc + start
        if len(head) + size > MOST_BYTES:
            self._seqs[key] += 1
            raise OSError(_TOO_BIG)
        self._even(key)
        self._seqs[key] += 1  # even if it fails: no two contents ever share a number
        seq, self._saved[key] = self._seqs[key], None
        for copy in COPIES:
            try:
                self._folders[copy].replace(name_of(key, copy), _parts(value, head.decode()))
            except UNWRITTEN:
                if not self._is_second(key, head):  # else both are written
                    self._undo(key)
                    raise
            if not copy:
                self._behind.append(key)
                yield
                if seq != self._seqs[key]:
                    return  # it was abandoned there, and another save was made
        self._behind.remove(key)
        self._saved[key] = size, crc

    def _even(self, key):
        """Make copy 1 the same as copy 0 if a save was abandoned between them."""
        if key in self._behind:
            self._folders[1].copy(self._folders[0], name_of(key, 0), name_of(key, 1))
            self._behind.remove(key)

    def _undo(self, key):
        """Undo a save that failed before copy 1 was written."""
        first, second = self._folders
        names = name_of(key, 0), name_of(key, 1)
        if key in self._behind:
            self._behind.remove(key)
        if second.size(names[1]):
            attempt(first.copy, second, names[1], names[0])
        else:
            attempt(first.remove, names[0])

    def _is_second(self, key, head):
        """Whether copy 1 begins with this head, which includes the checksum of the whole."""
        try:
            return self._folders[1].read_at(name_of(key, 1), 0, len(head)) == head
        except UNWRITTEN:
            return False

    def _is_whole(self, copy, key):
        """Whether the checksum of a copy is right; reads it in small parts."""
        crc, told, size = 0, b"", 0
        try:
            for part in self._folders[copy].parts(name_of(key, copy)):
                if not size:
                    told, part = bytes(part[:8]), part[8:]
                crc = binascii.crc32(part, crc)
                size += len(part)
        except OSError:
            return False
        return size > 0 and told == b"%08x" % crc


def name_of(key, copy):
    """The name of a copy in its folder."""
    return "%s.%d" % (key, copy)


def start_of(board_name, seq):
    """The bytes of a copy between its checksum and the value."""
    return (" %s, " % json.dumps([VERSION, board_name, seq])[:-1]).encode()


def _parts(value, part):
    """Yield `part`, the value as JSON and the end of a copy, in small pieces."""
    for text in _texts(value):
        part += text
        if len(part) > _PART_BYTES:
            yield part.encode()
            part = ""
    yield (part + "]\n").encode()


def _texts(value):
    """Yield a value as JSON, a few numbers at a time. Lists are walked without recursion."""
    path, before = [iter((value,))], ""  # the rests of the enclosing lists
    while path:
        for item in path[-1]:
            if not item or not isinstance(item, _LISTS):
                yield before + json.dumps(item)
            elif not any(isinstance(part, _LISTS) for part in item):
                for index in range(0, len(item), _SHORT):
                    yield (
                        before + json.dumps(item[index : index + _SHORT])[(1 if index else 0) : -1]
                    )
                    before = ", "
                yield "]"
            else:
                path.append(iter(item))
                before += "["
                break
            before = ", "
        else:
            path.pop()
            if path:
                yield "]"
                before = ", "


def attempt(function, *arguments):
    """Call a function and ignore UNWRITTEN: its failure is harmless for now."""
    try:
        function(*arguments)
    except UNWRITTEN:
        pass
