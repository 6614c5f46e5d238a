# SPDX-License-Identifier: MIT
"""The journal of the delivery: recorded before steps go out, so a power cut tells no lie.

A record holds the steps emitted so far, and how many more may be emitted before the next record: a
reservation, as an allocator hands out ranges. After a power cut the delivered volume is an
interval; a stop, or memory that survives a reset, closes it to one number. Steps that cannot be
recorded are refused.

    delivery  the account, the reservation, and the dose under way
    past      the doses that have ended, and lockouts
    day       the drug of the last 24 h

Past and day are two records so that a copy of each fits into one block of the flash: no write
takes longer than the queue lasts.
"""

from micropython import const

from pump.faults import NOT_RECORDED, UNWRITTEN, Refused
from pump.kinds import PERIODIC

DELIVERY = const("delivery")
PAST = const("past")
DAY = const("day")

_LEAST_PL = const(4_000_000)  # a reservation is 4 uL at least, or
_LEAST_STEPS = const(64)  # if uncalibrated, as the volume of a step is unknown
_CHUNKS = const(10)  # a reservation in chunks like the present one, 8 s at most
_TOP_UP = const(2)  # with this many chunks left the next reservation is made
_HOUR_US = 3_600_000_000
_WIDE_US = const(10_000_000)  # a reservation that is too wide is kept for this time
_WRAP = const(0xFFFFFFFF)


class Journal:
    """Called by the dispenser, see below; Refused NOT_RECORDED if it cannot write.

    twins: stores the records. log: has `written`. scratch: words that survive a reset with power
    on, or None. watchdog: has `bites_us`. is_interrupted: a reset has interrupted a delivery,
    unconfirmed. boot: number of starts of the pump. written: number of records of the delivery
    since power-up. For the use of a record at power-up see `interruption`.
    """

    def __init__(self, twins, *, log, clock, ledger, infusion, scratch, watchdog):
        self._twins = twins
        self._log = log
        self._clock = clock
        self._ledger = ledger
        self._infusion = infusion
        self._scratch = scratch
        self._watchdog = watchdog
        self.is_interrupted = False
        self.boot = 1
        self.written = 0
        self._kept_us = 0  # time of the last write of past or day
        self._batch = (0, 0, 0)
        self._drug = ()  # batch in the last record, with the strongest drug in it
        self._commanded = self._steps = 0  # planned since power-up, and in the last chunk
        self._edits = 0  # of the ledger, in the last record
        self._known = 0  # number of the last event that it counts
        self._emitted = self._allowed = 0  # steps since power-up, in the last record
        self._queued = 0  # steps since power-up that were put into the engine
        self._is_sure = False  # these are emitted before the watchdog can bite
        self._saved_us = 0
        self._dose_id = 0  # of the dose in the last record
        self._is_past = False  # that dose has ended, and is in the past
        self._due = []  # keys, of past and day, to be written
        self._copies = None  # iterator: copy 0 of the first of them is written, copy 1 due
        self._copied = 0  # id of the ended dose in that copy of the past
        self._is_dosing = False  # in the last record: a periodic dose is under way

    # Told by the dispenser

    def planned(self, emitted, commanded, steps, batch):
        """`steps` more steps are about to be queued, `commanded` in all since power-up.

        At least one more is always reserved: that is how a record shows that a delivery is under
        way. Steps of another drug, dose or calibration than the last record's get a record of
        their own.
        """
        self._batch, self._commanded, self._steps = batch, commanded, steps
        is_other = self._drug_batch() != self._drug or self._has_begun()
        if is_other or commanded >= self._allowed or self._dosing() > self._is_dosing:
            self._save(emitted, self._enough())

    def queued(self, emitted, queued):
        """A run is about to be put into the engine, with it `queued` steps since power-up.

        Planned runs that wait for room there are not emitted if Python hangs.
        """
        self._keep(queued, emitted)

    def queue_ends(self, at_us):
        """All runs are in the engine, which is running and will be empty by `at_us` on the clock.

        Stores whether that is before the watchdog can bite: only then does its reset prove that
        all of them were emitted. Renewing the lease does not feed the watchdog.
        """
        self._vouch(at_us < self._watchdog.bites_us)

    def stopping(self):
        """The engine is about to be stopped: queued steps may not go out. Allocates nothing."""
        self._vouch(False)

    def follows(self, emitted):
        """Another schedule is about to be followed: write a record with the dose in it."""
        self._save(emitted, max(self._allowed, emitted + 1))

    def top_up(self, emitted):
        """Before steps that cannot wait for a write: reserve anew if less than half is left."""
        size = self._allowed - self._emitted
        if 2 * (self._allowed - emitted) < size:
            self._save(emitted, emitted + size)

    def stopped(self, emitted):
        """The queue was taken back. Writes nothing to flash, as a trip must not wait for it."""
        self._keep(emitted, emitted)

    # Called at every wake

    def settle(self, emitted, is_active):
        """Make the record exact when no delivery is active, without an ended dose; else hourly.

        Also writes a record after events were written, so that a log which flash has reverted is
        detected. Writes one record at a time, of past and day one copy. While a delivery is
        active, at least one step is reserved, and not many more than are about to go out: a fast
        dose may have ended.
        """
        now_us = self._clock.now_us()
        saved_us, is_over = now_us - self._saved_us, self._has_ended() and not self._is_past
        if not self._due and (is_over or now_us - self._kept_us >= _HOUR_US):
            self._due = [PAST, DAY]
        if is_active and self._allowed - self._commanded <= _TOP_UP * self._steps:
            self._save(emitted, self._enough())  # first: after a slow write it would be late
        elif self._due:
            self._keep_copy()
            self.written += 1
        elif not is_active and self._allowed != emitted:
            self._save(emitted, emitted)
        elif self._has_ended() or self.is_edited() or self._is_behind() or saved_us >= _HOUR_US:
            self._save(emitted, self._enough() if is_active else emitted)
        elif is_active and saved_us >= _WIDE_US and self._is_wide():
            self._save(emitted, self._enough())

    def is_edited(self):
        """Whether a refill, or a calibration of earlier steps, is not on record."""
        return self._edits != self._ledger.edits

    def _is_behind(self):
        """Whether events are in flash that the last record does not count."""
        return self._log.written() > self._known

    def confirm(self, emitted):
        """A human has confirmed the interruption. Refused NOT_RECORDED."""
        was_interrupted, self.is_interrupted = self.is_interrupted, False
        try:
            self._save(emitted, max(emitted, self._allowed))
        except Refused:
            self.is_interrupted = was_interrupted
            raise

    def take_up(self, boot, is_interrupted, dose_id):
        """Power-up has read the last record. dose_id: of the dose in it, 0: of none.

        That dose stays in the record until it is in the past.
        """
        self.boot, self.is_interrupted, self._dose_id = boot, is_interrupted, dose_id

    def begin(self):
        """Write the first record since power-up. Past and day follow at the first wakes.

        If one of them does not exist it is written first: a record without it would mean that it
        was lost.
        """
        for key in (PAST, DAY):
            if not self._twins.has(key):
                self._write(key, self._value(key))
        self._due = [PAST, DAY]
        self._save(0, 0)

    # Within

    def _keep_copy(self):
        """Write one copy of the first record that is due; the next call writes the other."""
        key = self._due[0]
        if not self._copies:
            self._copies = self._twins.saving(key, self._value(key))
            if key == PAST:
                self._copied = self._dose_id if self._has_ended() else 0
        try:
            for _ in self._copies:
                return
        except UNWRITTEN as error:
            refusal = Refused(NOT_RECORDED, repr(error))
        else:
            refusal = None
        self._copies = None
        if refusal is not None:
            raise refusal
        if key == PAST:
            self._is_past = self._is_past or self._copied == self._dose_id != 0
        self._kept_us = self._clock.now_us()
        self._due.pop(0)

    def _value(self, key):
        """The present value of past or day."""
        infusion = self._infusion
        if key == PAST:
            return infusion.boluses.to_record(self._clock.now_us())
        return [infusion.day.to_record(), self._ledger.most_ng()]

    def _is_in_past(self):
        """Whether the ended dose of the last record is in a copy of the past."""
        is_copied = self._copies and self._due[0] == PAST and self._copied == self._dose_id
        return self._is_past or is_copied

    def _keep_past(self):
        """Write both copies of the past now, whatever else is due.

        A record that was abandoned between its copies is completed by the store.
        """
        self._copies = None
        self._write(PAST, self._value(PAST))
        self._due = [DAY]

    def _has_ended(self):
        """Whether the dose in the last record has ended."""
        active = self._infusion.active_dose
        return self._dose_id != 0 and (active is None or active.record.id != self._dose_id)

    def _has_begun(self):
        """Whether a dose is under way that is not in the last record."""
        active = self._infusion.active_dose
        return active is not None and active.record.id != self._dose_id

    def _enough(self):
        """The total of steps since power-up that a fresh reservation allows."""
        return self._commanded + max(_CHUNKS * self._steps, self._least())

    def _is_wide(self):
        """Whether far more is reserved than is about to be emitted."""
        return self._allowed - self._commanded > 2 * (self._enough() - self._commanded)

    def _save(self, emitted, allowed):
        """Write a record. Refused NOT_RECORDED.

        An ended dose stays in the record until it is in the past; only when another one begins is
        the past written first.
        """
        now_us, active, dose = self._clock.now_us(), self._infusion.active_dose, None
        is_kept = not self._has_ended() or self._is_in_past()
        if active is not None:
            if not is_kept:
                self._keep_past()
            dose = active.record.to_record()[:5] + [active.given_ng()]
        elif not is_kept:
            over = self._infusion.boluses.find(self._dose_id)
            dose = over.to_record()[:5] + [over.given_ng]
        drug, known = self._drug_batch(), self._log.written()
        value = [now_us, self.boot, self.is_interrupted, drug, [emitted, allowed]]
        self._write(DELIVERY, value + [self._ledger.to_record(), dose, known])
        self._emitted, self._allowed, self._saved_us = emitted, allowed, now_us
        self._drug, self._edits, self._known = drug, self._ledger.edits, known
        self._dose_id, self._is_past = dose[0] if dose is not None else 0, False
        self._is_dosing = self._dosing()
        self.written += 1
        self._keep(self._queued, emitted)  # the words refer to the last record

    def _write(self, key, value):
        try:
            for _ in self._twins.saving(key, value):
                pass  # not `save`: saves a call of stack; the lease is being renewed already
        except UNWRITTEN as error:
            refusal = Refused(NOT_RECORDED, repr(error))
        else:
            return
        raise refusal

    def _keep(self, queued, emitted):
        """Store the counts in the scratch; counts that were certain and are unchanged stay so."""
        self._is_sure = queued == emitted or (self._is_sure and queued == self._queued)
        self._queued = queued
        if self._scratch is not None:
            words = self._saved_us & _WRAP, queued & _WRAP, emitted & _WRAP
            self._scratch.keep(words, self._is_sure)

    def _vouch(self, is_sure):
        self._is_sure = is_sure
        if self._scratch is not None:
            self._scratch.vouch(is_sure)

    def _drug_batch(self):
        """The batch under way, with the highest concentration in it."""
        kind, pl_per_rev, ng_ml = self._batch
        active = self._infusion.active_dose
        ng_ml = max(ng_ml, active.dose.ng_ml if active is not None else 0)
        return PERIODIC if self._dosing() else kind, pl_per_rev, ng_ml

    def _dosing(self):
        """Whether a periodic dose is under way, now or at the end of the queue."""
        infusion = self._infusion
        return infusion.active_dose is None and infusion.busy_until_us() is not None

    def _least(self):
        """The smallest reservation in steps."""
        calibration = self._infusion.calibration
        if not calibration.pl_per_rev:
            return _LEAST_STEPS
        return 1 + _LEAST_PL // max(calibration.volume_pl(1), 1)
