# SPDX-License-Identifier: MIT
"""The log of boluses, and the patient's allowance. Pure; instants are on the monotonic clock.

A record has the programmed and the given drug, and an id that never changes. An interrupted bolus
is over: a record ends once and is never reopened. A new prescription changes neither the records
nor the count against the patient's allowance.
"""

import struct
from array import array

from micropython import const

from pump.kinds import PATIENT
from pump.prescription.prescription import MAX_STARTS
from pump.units import DAY_US

COMPLETED = const("COMPLETED")
ABORTED = const("ABORTED")
STOPPED = const("STOPPED")
FAULT = const("FAULT")
RESET = const("RESET")  # a power cut or reset; given_ng is the least that was given

LOCKOUT = const("LOCKOUT")
MAXIMUM = const("MAXIMUM")

_MOST_RECORDS = const(32)
_MOST_GROUPS = const(32)  # groups of starts in a record
_MOST_COUNTED = const(999_999_999)
_OUTCOMES = ("", COMPLETED, ABORTED, STOPPED, FAULT, RESET)
# id, kind, programmed_ng, start_us, duration_us, end_us, given_ng, index in _OUTCOMES: 46 B. A
# list of these numbers takes 300 B of a board's memory.
_FORMAT = "<IBQQQQQB"


class Record:
    """A bolus: outcome is "" while it is given; end_us and given_ng are set at its end."""

    def __init__(self, number, kind, programmed_ng, start_us, duration_us):
        self.id = number
        self.kind = kind
        self.programmed_ng = programmed_ng
        self.start_us = start_us
        self.duration_us = duration_us
        self.end_us = 0
        self.given_ng = 0
        self.outcome = ""

    def to_record(self):
        """All fields, as a list."""
        begun = [self.id, self.kind, self.programmed_ng, self.start_us, self.duration_us]
        return begun + [self.end_us, self.given_ng, self.outcome]


class BolusLog:
    """Keeps the last 32. given, refused, locked_out: counts of patient boluses in the pump's life.

    locked_out counts requests refused by the lockout, refused all other refusals.
    """

    def __init__(self):
        self.given = 0
        self.refused = 0
        self.locked_out = 0
        self._records = []  # oldest first; all that are over, except the last, as bytes
        self._last_id = 0
        self._starts_us = array("Q")  # of patient boluses, oldest first

    def next(self, kind, programmed_ng, at_us, duration_us):
        """A record for a bolus that may begin. The log does not change before `add`."""
        return Record(self._last_id + 1, kind, programmed_ng, at_us, duration_us)

    def add(self, record):
        """Add the record of a bolus at its start, or after a reset; starts a patient's lockout.

        A record that is in the log already changes nothing.
        """
        if record.id <= self._last_id:
            return
        self._last_id = record.id
        self._records = [_packed(other) for other in self._records[1 - _MOST_RECORDS :]] + [record]
        if record.kind == PATIENT:
            self.given = _counted(self.given)
            self._note_start(record.start_us)

    def lock(self, now_us):
        """Assume the most patient boluses possible, all now, as the real ones are not known."""
        self._starts_us = array("Q", [now_us] * MAX_STARTS)

    def lose(self):
        """Start an empty log: the records are lost."""
        self.from_record((0, (0, 0, 0), (), ()))

    def number_beyond(self, number):
        """After a loss, number new records beyond `number`, which no dose has exceeded."""
        self._last_id = max(self._last_id, number)

    def to_record(self, now_us):
        """The content that has to survive a reset, as a list."""
        counts = self.given, self.refused, self.locked_out
        groups = _grouped(self._starts_us, now_us - DAY_US)
        records = [record.to_record() for record in map(_unpacked, self._records)]
        return [self._last_id, counts, groups, [record for record in records if record[-1]]]

    def from_record(self, record):
        """Restore the content from a record of `to_record`; ValueError if it is not one."""
        last_id, counts, groups, records = record
        over = [
            struct.pack(_FORMAT, *kept[:-1], _OUTCOMES.index(kept[-1]))
            for kept in records[-_MOST_RECORDS:]
        ]
        starts_us = array("Q")
        for at_us, count in groups:
            for _ in range(count):
                starts_us.append(at_us)
        self._last_id, self._records, self._starts_us = last_id, over, starts_us
        self.given, self.refused, self.locked_out = counts

    def end(self, record, outcome, given_ng, at_us):
        """End the record of a bolus. Only its first end counts."""
        if record.outcome:
            return
        record.outcome = outcome
        record.given_ng = given_ng
        record.end_us = at_us

    def find(self, number):
        """The record with that id, or None if it is not kept."""
        for record in map(_unpacked, self._records):
            if record.id == number:
                return record
        return None

    def last(self, count):
        """Up to `count` records, newest first."""
        newest = list(reversed(self._records))
        return [_unpacked(record) for record in newest[: max(count, 0)]]

    def wait_us(self, now_us, lockout_us, maximum):
        """(microseconds until the next patient bolus is allowed, the reason to wait).

        (0, "") if it is allowed now. LOCKOUT: lockout_us have to pass from the start of the last
        one. MAXIMUM: at most `maximum` (at least 1) may start in any 24 h. The reason is the one
        that takes longer.
        """
        lockout = self._until_us(1, lockout_us) - now_us
        most = self._until_us(maximum, DAY_US) - now_us
        if max(lockout, most) <= 0:
            return 0, ""
        return (lockout, LOCKOUT) if lockout >= most else (most, MAXIMUM)

    def refuse(self, why):
        """Count a refused request of the patient; why: the reason from `wait_us`, or ""."""
        if why == LOCKOUT:
            self.locked_out = _counted(self.locked_out)
        else:
            self.refused = _counted(self.refused)

    def _until_us(self, nth_last, wait_us):
        """`wait_us` after the start of the nth last patient bolus; 0 when there were fewer."""
        if len(self._starts_us) < nth_last:
            return 0
        return self._starts_us[-nth_last] + wait_us

    def _note_start(self, at_us):
        """Keep the start of a patient bolus; of MAX_STARTS kept, the oldest one is dropped."""
        starts_us = self._starts_us
        if len(starts_us) < MAX_STARTS:
            starts_us.append(at_us)
            return
        for index in range(1, MAX_STARTS):
            starts_us[index - 1] = starts_us[index]
        starts_us[-1] = at_us


def _counted(count):
    return min(count + 1, _MOST_COUNTED)


def _packed(record):
    """A record that is over, as bytes; any other is returned unchanged."""
    if not isinstance(record, Record) or not record.outcome:
        return record
    fields = record.to_record()
    fields[-1] = _OUTCOMES.index(record.outcome)
    return struct.pack(_FORMAT, *fields)


def _unpacked(record):
    """The Record, from bytes or as it is."""
    if isinstance(record, Record):
        return record
    fields = struct.unpack(_FORMAT, record)
    found = Record(*fields[:5])
    found.end_us, found.given_ng, outcome = fields[5:]
    found.outcome = _OUTCOMES[outcome]
    return found


def _grouped(starts_us, after_us):
    """Starts after an instant in groups [latest start, count], _MOST_GROUPS of them at most."""
    end = len(starts_us)
    first = 0
    while first < end and starts_us[first] <= after_us:
        first += 1
    size = -(-(end - first) // _MOST_GROUPS)
    groups = []
    while end > first:
        begin = max(end - size, first)
        groups.insert(0, [starts_us[end - 1], end - begin])
        end = begin
    return groups
