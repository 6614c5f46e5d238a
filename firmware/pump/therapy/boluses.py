# SPDX-License-Identifier: MIT
"""The record of boluses, and the patient's allowance. Pure; instants are on the monotonic clock.

What was programmed and what was given are two facts; a bolus keeps one id for life. One that was
interrupted is over: its record ends once and is never opened again. A new prescription changes
neither the record nor what counts against the patient's allowance.
"""

from micropython import const

from pump.kinds import PATIENT
from pump.therapy.schedule import DAY_US

COMPLETED = const("COMPLETED")
ABORTED = const("ABORTED")
STOPPED = const("STOPPED")
FAULT = const("FAULT")
RESET = const("RESET")  # a power cut or reset; given_ng is what is sure

LOCKOUT = const("LOCKOUT")
MAXIMUM = const("MAXIMUM")

_MOST_RECORDS = const(32)
_MOST_STARTS = const(288)  # the largest maximum a prescription can have
_MOST_GROUPS = const(32)  # in which starts are kept
_MOST_COUNTED = const(999_999_999)
_FIELDS = ("id", "kind", "programmed_ng", "start_us", "duration_us")
_END_FIELDS = ("end_us", "given_ng", "outcome")


class Record:
    """A bolus: outcome is "" while it is given; end_us and given_ng are known at its end."""

    def __init__(self, number, kind, programmed_ng, start_us, duration_us):
        self.id = number
        self.kind = kind
        self.programmed_ng = programmed_ng
        self.start_us = start_us
        self.duration_us = duration_us
        self.end_us = 0
        self.given_ng = 0
        self.outcome = ""

    def state(self):
        """All of it, as a list."""
        return [getattr(self, field) for field in _FIELDS + _END_FIELDS]


def record_of(state):
    """The record of which this is the state."""
    record = Record(*state[: len(_FIELDS)])
    for field, value in zip(_END_FIELDS, state[len(_FIELDS) :]):
        setattr(record, field, value)
    return record


class Boluses:
    """Keeps the last 32. given, refused, locked_out: counts of patient boluses in the pump's life.

    locked_out counts what the lockout refused, refused what anything else did.
    """

    def __init__(self):
        self.given = 0
        self.refused = 0
        self.locked_out = 0
        self._records = []  # oldest first
        self._last_id = 0
        self._starts_us = []  # of patient boluses, oldest first

    def next(self, kind, programmed_ng, at_us, duration_us):
        """The record of a bolus that may begin. Until it is added, nothing has changed."""
        return Record(self._last_id + 1, kind, programmed_ng, at_us, duration_us)

    def add(self, record):
        """A bolus begins, or a reset has interrupted it; of a patient bolus the lockout starts.

        Where it is on record already, nothing changes.
        """
        if record.id <= self._last_id:
            return
        self._last_id = record.id
        self._records = self._records[1 - _MOST_RECORDS :] + [record]
        if record.kind == PATIENT:
            self.given = _counted(self.given)
            self._starts_us = self._starts_us[1 - _MOST_STARTS :] + [record.start_us]

    def lock(self, now_us):
        """What the patient was given is not known: as if it were all that may be, just now."""
        self._starts_us = [now_us] * _MOST_STARTS

    def number_beyond(self, number):
        """The records are lost; no dose had a higher number than this."""
        self._last_id = max(self._last_id, number)

    def state(self, now_us):
        """All that has to survive, as a list."""
        counts = self.given, self.refused, self.locked_out
        starts_us = [at_us for at_us in self._starts_us if at_us + DAY_US > now_us]
        records = [record.state() for record in self._records if record.outcome]
        return [self._last_id, counts, _grouped(starts_us), records]

    def restore(self, state):
        """Go on from what `state` answered."""
        self._last_id, counts, groups, records = state
        self._starts_us = []
        for at_us, count in groups:
            self._starts_us += [at_us] * count
        self.given, self.refused, self.locked_out = counts
        self._records = [record_of(kept) for kept in records]

    def end(self, record, outcome, given_ng, at_us):
        """The bolus is over. Only the first end of a record counts."""
        if record.outcome:
            return
        record.outcome = outcome
        record.given_ng = given_ng
        record.end_us = at_us

    def find(self, number):
        """The record with that id, which is one of the last."""
        return next(record for record in self._records if record.id == number)

    def last(self, count):
        """Up to `count` records, newest first."""
        newest = list(reversed(self._records))
        return newest[: max(count, 0)]

    def wait_us(self, now_us, lockout_us, maximum):
        """(microseconds until the patient may have the next bolus, what it waits for).

        (0, "") when it may be given now. LOCKOUT: lockout_us have to pass from the start of the
        last one; MAXIMUM: fewer than `maximum` (at least 1) may start in any 24 h. The one that
        takes longer is named.
        """
        lockout = self._until_us(1, lockout_us) - now_us
        most = self._until_us(maximum, DAY_US) - now_us
        if max(lockout, most) <= 0:
            return 0, ""
        return (lockout, LOCKOUT) if lockout >= most else (most, MAXIMUM)

    def refuse(self, why):
        """Count a request of the patient that was refused; why: as `wait_us` says, or ""."""
        if why == LOCKOUT:
            self.locked_out = _counted(self.locked_out)
        else:
            self.refused = _counted(self.refused)

    def _until_us(self, nth_last, wait_us):
        """`wait_us` after the start of the nth last patient bolus; 0 when there were fewer."""
        if len(self._starts_us) < nth_last:
            return 0
        return self._starts_us[-nth_last] + wait_us


def _counted(count):
    return min(count + 1, _MOST_COUNTED)


def _grouped(starts_us):
    """Starts as [latest, how many]: of many, neighbours count as if all were the latest one."""
    size = -(-len(starts_us) // _MOST_GROUPS)
    groups = []
    end = len(starts_us)
    while end:
        begin = max(end - size, 0)
        groups.insert(0, [starts_us[end - 1], end - begin])
        end = begin
    return groups
