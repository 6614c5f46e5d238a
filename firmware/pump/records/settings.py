# SPDX-License-Identifier: MIT
"""All that survives a reset besides the journal, saved when it changes. Restored by `recovery`.

titration     daily doses of the prescriptions that were active in the last 24 h
prescription  written, after titration, before it becomes active
alarms        acknowledged or latching alarms; since when the therapy is absent
setup         calibrations, reservoir, line, wall clock, resume mode, unconfirmed losses, the lock,
              the heartbeat, the grid of periodic doses
past          boluses and lockouts
day           the drug of the last 24 h
log           an event for everything that happens
"""

from micropython import const

from pump.faults import NOT_RECORDED, UNWRITTEN, Refused
from pump.records import event_codes
from pump.records.event_recorder import alarm_event, changes
from pump.records.journal import DAY, DELIVERY, PAST
from pump.records.shared import Shared
from pump.state import STOPPED

HOLD, RESUME_BASAL = "HOLD", "BASAL"
KEYS = ("titration", "prescription", "alarms", "setup", PAST, DAY, DELIVERY)
_FAILURES = UNWRITTEN + (Refused,)  # made before: memory may be what is missing
_AT_REST = ("alarms", "setup")  # in this order, see `Recovery`

_FLUSH_US = const(1_000_000)  # time that events wait, to be written together
_PATIENCE = const(3)  # tries
_COVERED_US = const(1_500_000)  # a copy of 0.45 s, a record of 0.85 s: the slowest flash


class Settings:
    """twins: stores the records. journal: of the delivery. events: the recorder.

    alarms: the manager. alarm_owners, setup_owners: the owners that share the record `alarms` and,
    with this object, `setup`, in the order of the record. folders: the `Files` of all, and of the
    log.
    resume: after a reset HOLD, or RESUME_BASAL: the regular therapy goes on.
    lost: keys of the lost records that are not confirmed.
    is_matched: the clock with a battery can be relied on; False while it is being set.
    token: after a reset, that of the prescription that must be there.
    listen: called between two writes of flash; carries out a STOP that has come meanwhile.
    """

    def __init__(
        self,
        twins,
        *,
        journal,
        events,
        clock,
        dispenser,
        infusion,
        staging,
        alarms,
        alarm_owners,
        setup_owners,
        folders,
    ):
        self._twins, self._journal, self._events = twins, journal, events
        self._clock, self._dispenser = clock, dispenser
        self._infusion, self._staging = infusion, staging
        self._alarms, self._folders = alarms, folders
        self.shared = {"alarms": Shared(*alarm_owners), "setup": Shared(self, *setup_owners)}
        self.resume = HOLD
        self.is_matched = True
        self.lost = ()
        self.token = ""
        self.listen = _nobody
        self._failing = []  # names of the writes that failed
        self._tries = 0  # tries since all writes succeeded
        self._seen = (STOPPED, None, None)  # mode, record of the dose, prescription
        self._flushed_us = self._failed_us = self._covered_us = 0
        self._due = []  # keys of `_AT_REST` that may have changed
        self._saving = ()  # (key, iterator) of the record being saved, after copy 0

    def begin(self):
        """Write everything once, so that it exists. The setup of a new pump comes last.

        Otherwise the setup comes first: losses, and the rest of the periodic grid since the reset,
        must be on record before the delivery's record says that no step is pending any more.
        """
        is_new = not self._twins.has("setup")
        if self.lost or not is_new:
            self.sync()
        self._try("journal", self._journal.begin)
        if is_new:
            self.sync()

    def needs_confirmation(self):
        """Whether an interruption, or a loss, is unconfirmed."""
        return self._journal.is_interrupted or self.is_lost()

    def is_lost(self):
        """Whether a loss is unconfirmed."""
        return bool(self.lost)

    def is_failing(self):
        """Whether a write to flash has failed, and has not succeeded since."""
        return bool(self._failing)

    def confirm(self):
        """A human confirms the interruption and the losses. Refused NOT_RECORDED."""
        self._journal.confirm(self._dispenser.settle())
        self.lost = ()
        self.sync()
        self._events.note(event_codes.CONFIRMED)

    def commit(self, prescription, past, pl_per_rev):
        """Save a prescription that is about to become active. Refused NOT_RECORDED.

        The titration comes first: between the two writes it only contains more than it has to.
        """
        self._need("titration", past)
        self._need("prescription", prescription.to_record() + [pl_per_rev])
        self._events.note(event_codes.COMMITTED, prescription.token())

    def distrust(self):
        """The clock with a battery is about to be set: its time is invalid from now on.

        Until `is_matched` is set and `sync` is called. Refused NOT_RECORDED.
        """
        was_matched, self.is_matched = self.is_matched, False
        try:
            self.keep_setup()
        except Refused:
            self.is_matched = was_matched
            raise

    def verify(self):
        """Yield, for each value that was ever saved, whether it has a good copy."""
        for key in KEYS:
            before = len(self._twins.findings)
            is_well = self._twins.verify(key)
            for found, what in self._twins.findings[before:]:
                self._events.note(event_codes.STORE_MENDED, found + " " + what)
            yield is_well

    def lose_events(self, text):
        """Events in flash are lost: log that, and require a confirmation."""
        self._events.note(event_codes.STORE_LOST, text)
        if "log" not in self.lost:
            self.lost += ("log",)
            self._due = list(_AT_REST)

    def keep_setup(self):
        """Write the setup now. Refused NOT_RECORDED."""
        self._need("setup", self.shared["setup"].to_record())

    def to_record(self):
        """[token of the active prescription or "", is_matched, resume, lost]."""
        active = self._staging.active
        token = active.token() if active is not None else ""
        return [token, self.is_matched, self.resume, self.lost]

    def from_record(self, record):
        """Restore the state that `to_record` returned; ValueError for an unknown resume mode."""
        token, is_matched, resume, lost = record
        if resume not in (HOLD, RESUME_BASAL):
            raise ValueError(resume)
        self.token, self.is_matched = token, is_matched
        self.resume, self.lost = resume, tuple(lost)

    def lose(self):
        """The record is lost: defaults; unconfirmed losses stay."""
        self.token, self.is_matched, self.resume = "", True, HOLD

    def make_room(self):
        """Write the waiting events if there are so many that others might be dropped."""
        if self._events.is_filling():
            self._flush()

    def sync(self):
        """Write alarms and setup now, if changed: before a host is answered."""
        self._due = list(_AT_REST)
        while self._due or self._saving:
            self._keep_next()
        if self._journal.is_edited():
            self.settle()

    def _keep_next(self):
        """Write one copy of the next record that may have changed.

        The lease is renewed after each, as flash may take 0.8 s for one. Only while no order is
        half done: a plan that grows meanwhile would move its instants.
        """
        if not self._saving:
            key = self._due.pop(0)
            self._saving = key, self._twins.saving(key, self.shared[key].to_record())
        key, copies = self._saving
        try:
            for _ in copies:
                break
            else:
                self._saving = ()
                self._note_taken(key)
        except UNWRITTEN:
            self._saving = ()
            self._note_failed(key)
        self._dispenser.renew(0)
        self.listen()

    def settle(self, cycle_us=0):
        """Write the records of the delivery that are due, if any.

        cycle_us: the start of this cycle; 0: the steps are counted anew.
        """
        emitted, is_active = self._dispenser.settle_in(cycle_us), self._dispenser.is_active()
        self._try("journal", self._journal.settle, emitted, is_active)

    def close(self):
        """The firmware ends: write all that is not written yet."""
        self.watch()
        before = -1
        while before != self._journal.written:
            before = self._journal.written
            self.settle()
        self.sync()
        self._try("log", self._events.close)

    def poll(self, now_us):
        """Notice changes, and write one of them: a STOP waits for one write at most.

        At every wake; at once while there is more to write. When the queue is shorter than this
        write and a record of the dispenser behind it may take, the next refill of the queue is
        awaited: it comes within a second. The lease is renewed after each write.
        """
        self.watch()
        if self._failing and now_us - self._failed_us < _FLUSH_US:
            return None
        if self._dispenser.covered_us() >= _COVERED_US:
            self._covered_us = now_us
        elif now_us - self._covered_us < _FLUSH_US:
            return None
        if self._failing:
            self._tries += 1
            if 0 <= self._tries - _PATIENCE < len(self._folders):
                self._drop_corrupt(self._folders[self._tries - _PATIENCE])
        before = self._journal.written
        self.settle(now_us)
        if self._journal.written != before:
            self._dispenser.renew(0)
            return now_us
        if self._due or self._saving:
            self._keep_next()
            return now_us
        if now_us - self._flushed_us >= _FLUSH_US or self._events.is_filling():
            self._flushed_us = now_us
            if self._events.is_waiting():
                self._flush()
                return now_us
        return None

    def watch(self):
        """Compare with the last state: log the changes, and mark records as due."""
        for kind, what in self._alarms.take_events():
            self._events.note(*alarm_event(kind, what))
            self._due = list(_AT_REST)
        infusion, active = self._infusion, self._infusion.active_dose
        missed = infusion.grid.take_missed()
        if missed:
            self._events.note(event_codes.PERIODIC_MISSED, missed)
        record = active.record if active is not None else None
        seen = infusion.mode.name, record, self._staging.active
        if seen == self._seen:
            return
        before, self._seen = self._seen, seen
        for code, text in changes(before, seen):
            self._events.note(code, text)
        self._due = list(_AT_REST)

    # Within

    def _flush(self):
        """Write the waiting events."""
        self._try("log", self._events.flush)
        self._dispenser.renew(0)

    def _try(self, what, write, *arguments):
        """Write; a failure of flash is an alarm, during which nothing can be delivered.

        The alarm ends when each of the failed writes has succeeded.
        """
        try:
            write(*arguments)
        except _FAILURES:
            self._note_failed(what)
        else:
            self._note_taken(what)

    def _drop_corrupt(self, folder):
        """Remove files that are damaged for good: they may be why flash takes nothing."""
        dropped = folder.drop_corrupt()
        self._dispenser.renew(0)
        for name in dropped:
            if self._events.dropped(name):
                self.lose_events("log LOST")
        if dropped:
            for _ in self.verify():  # the removed copies are written anew
                pass

    def _note_failed(self, what):
        self._failed_us = self._clock.now_us()
        if what not in self._failing:
            self._failing.append(what)

    def _note_taken(self, what):
        if what in self._failing:
            self._failing.remove(what)
        if not self._failing:
            self._tries = 0

    def _need(self, key, value):
        """Write a record now. Refused NOT_RECORDED.

        The lease is renewed before each copy: the order that calls this has assigned nothing yet.
        """
        self._dispenser.renew(0)
        try:
            for _ in self._twins.saving(key, value):
                self._dispenser.renew(0)
                self.listen()
        except UNWRITTEN as error:
            refusal = Refused(NOT_RECORDED, repr(error))
        else:
            return
        raise refusal


def _nobody():
    """Default for `listen`: no console is there yet."""
