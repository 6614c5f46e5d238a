# SPDX-License-Identifier: MIT
"""The event log: a ring of at least 1000 events in two files, numbered from 1 without end.

The position of a record in its file gives its number: records of a file are consecutive, so a
damaged one keeps its number. When a file is full the other one, with the older half, is begun
anew. Until that has happened once, the other one is a single byte: a missing file therefore means
a loss.
"""

import binascii
import struct

from micropython import const

from pump.records.event_codes import DAMAGED, EVENTS_LOST
from pump.records.mirrored_records import LOST, MENDED

FOLDER = "/log"
_NAMES = ("log.0", "log.1")
_FORMAT = "<IHHQI40s"  # seq, boot, code, ms, wall_s, text; the CRC-32 of these follows
_BYTES = const(64)
_MOST_TEXT = const(40)
_MOST_RECORDS = const(1000)  # records in a file
_MOST_QUEUED = const(32)
_32_BITS = const(0xFFFFFFFF)
_UNUSED = b"\n"
_CUT = "..."  # end of a text that was cut


class EventLog:
    """The events of all boots; boot: the number of this one.

    damaged: number of unreadable records at the end of the newest file at boot. finding: LOST: a
    file is missing, or nothing in it could be read; MENDED: its end could not be read; "":
    neither.
    """

    def __init__(self, files, boot):
        self.damaged = 0
        self.finding = ""
        self._files = files
        self.boot = boot
        self._queue = bytearray()
        self._dropped = 0
        self._firsts = [1, 1]  # the number of the first record of each file
        self._counts = [0, 0]
        self._now = 0  # the file that is being written
        self._known = 0  # the highest number that a record states as written
        self._find_end()

    def add(self, code, now_us, wall_s, text=""):
        """Queue an event. If the queue is full it is dropped, and counted in an EVENTS_LOST."""
        if self._queued() >= _MOST_QUEUED:
            self._dropped += 1
            return
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self._enqueue(EVENTS_LOST, now_us, wall_s, str(dropped))
        self._enqueue(code, now_us, wall_s, text)

    def flush(self):
        """Write the queue, in one write. OSError: nothing was written, the queue is kept."""
        if not self._queue:
            return
        now, queued = self._now, self._queued()
        count = self._counts[now]
        short = count * _BYTES - self._files.size(_NAMES[now])  # missing from the last record
        if count and 0 <= short < _BYTES and count + queued <= _MOST_RECORDS:
            self._files.append(_NAMES[now], bytes(short) + self._queue if short else self._queue)
        else:
            first = self._next() - queued
            now = 1 - now if count else now
            if not self._files.size(_NAMES[1 - now]):
                self._files.replace(_NAMES[1 - now], (_UNUSED,))
            self._files.replace(_NAMES[now], (self._queue,))
            self._now, self._firsts[now], self._counts[now] = now, first, 0
        self._counts[now] += queued
        self._queue = bytearray()

    def written(self):
        """The number of the last event in flash; 0 when there is none."""
        return self._end(self._now) - 1 if self._counts[self._now] else self._known

    def expect(self, number):
        """A record states that events up to `number` were written.

        If they are missing, flash has reverted the log: numbering continues beyond that number.
        """
        self._known = number
        if number < self._next():
            return
        self._now = 1 - self._now
        self._firsts[self._now], self._counts[self._now] = number + _MOST_RECORDS, 0
        self.finding = LOST

    def dropped(self, name):
        """A file was removed. Returns whether it was one of the log, whose events are lost."""
        if name not in _NAMES:
            return False
        index = _NAMES.index(name)
        if index == self._now:
            self._firsts[index] = self._next() - self._queued()
        self._counts[index] = 0
        return True

    def is_waiting(self):
        """Whether events are queued."""
        return len(self._queue) > 0

    def is_filling(self):
        """Whether the queue is to be written soon, lest events are dropped."""
        return 2 * self._queued() >= _MOST_QUEUED

    def count(self):
        """The number of events kept, in flash and queued."""
        return sum(self._counts) + self._queued()

    def first(self):
        """The number of the oldest event kept; 0 when there is none."""
        for index in (1 - self._now, self._now):
            if self._counts[index]:
                return self._firsts[index]
        return self._firsts[self._now] if self._queue else 0

    def read(self, first, n):
        """At most `n` events from number `first` on, oldest first.

        Each is (seq, boot, code, ms, wall_s, text); an unreadable record is (seq, 0, DAMAGED, 0,
        0, "").
        """
        found = []
        for index in (1 - self._now, self._now):
            start = self._firsts[index]
            for place in range(max(first - start, 0), self._counts[index]):
                if len(found) >= n:
                    return found
                found.append(_event(self._record(index, place), start + place))
        start = self._next() - self._queued()
        for place in range(max(first - start, 0), self._queued()):
            if len(found) >= n:
                return found
            record = self._queue[place * _BYTES : (place + 1) * _BYTES]
            found.append(_event(record, start + place))
        return found

    def _queued(self):
        return len(self._queue) // _BYTES

    def _next(self):
        return self._firsts[self._now] + self._counts[self._now] + self._queued()

    def _enqueue(self, code, now_us, wall_s, text):
        number, now_ms, wall_s = self._next() & _32_BITS, now_us // 1000, wall_s & _32_BITS
        record = struct.pack(
            _FORMAT, number, self.boot & 0xFFFF, code, now_ms, wall_s, _ascii(text)
        )
        self._queue += record + _crc(record)

    def _find_end(self):
        """Find the newer file, and the numbers already used."""
        tails = self._tail(0), self._tail(1)
        for index in (0, 1):
            first, count, _ = tails[index]
            if first:
                self._firsts[index], self._counts[index] = first, count
        self._now = 1 if self._end(1) > self._end(0) else 0
        self.damaged = tails[self._now][2]
        older, newest_first = 1 - self._now, self._firsts[self._now]
        if self._end(older) > newest_first:  # not written by this log: avoids duplicate numbers
            self._counts[older] = max(newest_first - self._firsts[older], 0)
        self.finding = MENDED if self.damaged else ""
        sizes = [self._files.size(name) for name in _NAMES]
        for index in (0, 1):
            is_bad = not tails[index][0] and self._record(index, 0) != _UNUSED
            if is_bad and (sum(sizes) > len(_UNUSED) or self._files.size(_NAMES[index] + ".bad")):
                self._lose(index, tails[index][1])

    def _lose(self, index, count):
        """A file is unreadable: set it aside, and begin it beyond the numbers it can have held."""
        name = _NAMES[index]
        bad = name + ".bad"
        try:
            self._files.rename(name, bad)
        except OSError:
            pass  # it is missing, or was set aside before a power cut
        most = max(self._files.size(bad) // _BYTES, _MOST_RECORDS)
        self._firsts[index] = self._end(self._now) + most
        self._now, self.damaged, self.finding = index, count, LOST

    def _end(self, index):
        return self._firsts[index] + self._counts[index]

    def _tail(self, index):
        """(number of the first record or 0, number of records, number of bad ones at the end)."""
        count = (self._files.size(_NAMES[index]) + _BYTES - 1) // _BYTES
        for place in range(count - 1, max(count - _MOST_RECORDS, 0) - 1, -1):
            seq = _event(self._record(index, place))[0]
            if seq > place:
                return seq - place, count, count - 1 - place
        return 0, count, count

    def _record(self, index, place):
        try:
            return self._files.read_at(_NAMES[index], place * _BYTES, _BYTES)
        except OSError:
            return b""


def _crc(record):
    return struct.pack("<I", binascii.crc32(record))


def _event(record, seq=0):
    """The event in a record; DAMAGED when it is incomplete, or not the one numbered `seq`."""
    head = record[: _BYTES - 4]
    if len(record) == _BYTES and record[_BYTES - 4 :] == _crc(head):
        fields = struct.unpack(_FORMAT, head)
        try:
            text = fields[5].rstrip(b"\0").decode()
        except ValueError:
            return (seq, 0, DAMAGED, 0, 0, "")
        if not seq or fields[0] == seq:
            return fields[:5] + (text,)
    return (seq, 0, DAMAGED, 0, 0, "")


def _ascii(text):
    """At most 40 characters as bytes; a question mark for each that is not printable ASCII."""
    if len(text) > _MOST_TEXT:
        text = text[: _MOST_TEXT - len(_CUT)] + _CUT
    return bytes([ord(c) if 32 <= ord(c) < 127 else 63 for c in text])
