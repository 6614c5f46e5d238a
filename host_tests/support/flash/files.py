# SPDX-License-Identifier: MIT
"""Files in memory, as `pump.hal.files` has them, that fail or lose power at a chosen write."""

import json


class PowerCut(BaseException):
    """The power is gone: nothing of the firmware may catch this."""


class MemoryFiles:
    """What a `Files` does. `content` is what is in flash: name -> bytes.

    Writes are counted from 1; `fail_at` (one write), `fail_from` (that one and all later ones),
    `fail_late` (it is written all the same), `cut_before` and `cut_after` say where something
    happens. `unreadable` names raise in `read`.
    """

    def __init__(self, content=()):
        self.content = dict(content)
        self.writes = 0
        self.reads = []
        self.fail_at = self.fail_from = self.fail_late = None
        self.cut_before = self.cut_after = None
        self.unreadable = set()
        self._tries = 0

    def cut_in(self, writes, is_done):
        """Lose power at the so many-th write from now on; is_done: just after it."""
        at, other = ("cut_after", "cut_before") if is_done else ("cut_before", "cut_after")
        setattr(self, at, self._tries + writes)
        setattr(self, other, None)

    def names(self):
        return list(self.content)

    def read(self, name):
        self._note_read(name, 0)
        return self.content.get(name)

    def size(self, name):
        return len(self.content.get(name, b""))

    def read_at(self, name, offset, count):
        self._note_read(name, offset)
        if name not in self.content:
            raise OSError(2)
        return self.content[name][offset : offset + count]

    def json(self, name, offset):
        return json.loads(self.read_at(name, offset, self.size(name)))

    def parts(self, name):
        yield self.read_at(name, 0, self.size(name))

    def replace(self, name, parts):
        content = b"".join(parts)
        self._write(lambda: self.content.update({name: content}))

    def copy(self, other, name, new):
        self.replace(new, (other.content[name],))

    def append(self, name, data):
        whole = self.content.get(name, b"") + bytes(data)
        self._write(lambda: self.content.update({name: whole}))

    def remove(self, name):
        if name not in self.content:
            raise OSError(2)
        self._write(lambda: self.content.pop(name))

    def rename(self, name, new):
        if name not in self.content:
            raise OSError(2)
        self._write(lambda: self.content.update({new: self.content.pop(name)}))

    def _note_read(self, name, offset):
        self.reads.append((name, offset))
        if name in self.unreadable:
            raise OSError(5)

    def _write(self, change):
        self._tries += 1
        if self._tries == self.cut_before:
            raise PowerCut
        if self._tries == self.fail_at or self._tries >= (self.fail_from or self._tries + 1):
            raise OSError(28)
        change()
        if self._tries == self.fail_late:
            raise OSError(5)
        self.writes += 1
        if self._tries == self.cut_after:
            raise PowerCut
