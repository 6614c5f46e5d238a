# SPDX-License-Identifier: MIT
"""Named values that survive a reset, each kept in two copies; the newest good one counts.

A copy, `<key>.0` in one folder or `<key>.1` in another, is one line: 8 hex digits of the CRC-32 of
all that follows them, a space, JSON of [VERSION, board, seq, value]. Two folders: LittleFS keeps
small files in the blocks of their folder, and one wrong bit there sets back all files of a folder
to what they were, each with a good CRC. Copy 0 is written first: a power cut leaves copy 1 one
save older, or missing in the first save of all. Anything else that is not as it should be is a
finding.
"""

import binascii
import json

from micropython import const

from pump.faults import UNWRITTEN

VERSION = const(1)
FOLDERS = ("/data", "/copy")

MENDED = const("MENDED")  # a finding: one copy was bad or missing, the other one was used
LOST = const("LOST")  # no copy was good

COPIES = (0, 1)
MOST_BYTES = const(8192)  # more than the heap should be asked for at once
_PART_BYTES = const(200)  # of what is written at once
_SHORT = const(16)  # so many numbers are made into text at once
_TOO_BIG = const(27)  # EFBIG
_LISTS = (list, tuple)


class MirroredRecords:
    """The values of one board. findings: (key, what) of all that `load` came across.

    folders: the `Files` of copies 0 and of copies 1.
    """

    def __init__(self, folders, board_name):
        self.findings = []
        self._folders = folders
        self._board_name = board_name
        self._seqs = {}
        self._behind = []  # keys of which copy 0 alone has the last value
        self._saved = {}  # key -> (size, crc) of the value that is in both copies

    def load(self, key):
        """The value saved last, or None: there is none, or none that may be used (a finding)."""
        from pump.records.loading import loaded  # at power-up, and where a copy is damaged

        found = loaded(self._folders, self._board_name, key)
        value, self._seqs[key], self._saved[key], finding = found
        if finding:
            self.findings.append((key, finding))
        return value

    def has(self, key):
        """Whether there is a value, as far as the last `load` or `save` of it says."""
        return self._seqs.get(key, 0) > 0

    def verify(self, key):
        """Whether a copy of the value can be read. One that cannot is made anew: a finding.

        False: neither can. The next `save` writes both, whatever the value.
        """
        whole = [self._is_whole(copy, key) for copy in COPIES]
        if not any(whole):
            self._saved[key] = None
            return not self._seqs.get(key)
        if not all(whole):
            self.load(key)
        return True

    def reject(self, key):
        """What `load` answered is of no use: it is lost, and both copies are set aside."""
        from pump.records.loading import set_aside

        self._seqs[key], self._saved[key] = 0, None
        self.findings.append((key, set_aside(self._folders, self._board_name, key, (LOST, LOST))))

    def save(self, key, value):
        """Write both copies. False and nothing written when that value is in both of them.

        UNWRITTEN when it cannot be; what was saved before is still valid then.
        """
        has_written = False
        for _ in self.saving(key, value):
            has_written = True
        return has_written

    def saving(self, key, value):
        """Save as an iterator, which stops between the two copies: other work may be done there.

        It may be left there: the next save of that key makes copy 1 the same as copy 0 first.
        Between its steps it holds nothing of a board's stack.
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
        self._seqs[key] += 1  # also when it fails: no two contents ever share a number
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
                    return  # it was left there, and another save has come
        self._behind.remove(key)
        self._saved[key] = size, crc

    def _even(self, key):
        """Make copy 1 the same as copy 0 where a save was left between them."""
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
        """Whether copy 1 has this head, in which the checksum of all of it is."""
        try:
            return self._folders[1].read_at(name_of(key, 1), 0, len(head)) == head
        except UNWRITTEN:
            return False

    def _is_whole(self, copy, key):
        """Whether the checksum of a copy is right; little of it is in memory at once."""
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
    """How a copy goes on after its checksum, up to the value."""
    return (" %s, " % json.dumps([VERSION, board_name, seq])[:-1]).encode()


def _parts(value, part):
    """A value as JSON behind `part`, and the end of its copy; all at once would need much room."""
    for text in _texts(value):
        part += text
        if len(part) > _PART_BYTES:
            yield part.encode()
            part = ""
    yield (part + "]\n").encode()


def _texts(value):
    """A value as JSON, a few numbers at a time. It goes into no list by calling itself."""
    path, before = [iter((value,))], ""  # what is left of the lists that it is in
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
    """Call a function whose failure changes nothing for now."""
    try:
        function(*arguments)
    except UNWRITTEN:
        pass
