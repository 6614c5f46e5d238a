# SPDX-License-Identifier: MIT
"""The journal of what is delivered: on record before it goes out, so a power cut tells no lie.

A record says what was out then, and how many steps more may be out before the next record: a
reservation, as an allocator hands out ranges. After a cut the delivered volume is an interval; a
stop, or memory that survives a reset, closes it to one number. What cannot be recorded is refused.

    delivery  the account, the reservation, and the dose under way
    past      the doses that are over, and lockouts
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

_LEAST_PL = const(4_000_000)  # a reservation is 4 uL, or
_LEAST_STEPS = const(64)  # uncalibrated, where nobody knows the volume of a step
_CHUNKS = const(10)  # so many of the chunks that are being planned, 8 s at most
_TOP_UP = const(2)  # with so many chunks left another reservation is made
_HOUR_US = 3_600_000_000
_WIDE_US = const(10_000_000)  # a reservation that has become too wide is kept so long
_WRAP = const(0xFFFFFFFF)


class Journal:
    """Told by the dispenser, see below; what it cannot keep is Refused.

    twins: keeps the records. log: has `written`. scratch: what survives a reset without power, or
    None. watchdog: has `bites_us`. is_interrupted: a reset has ended a delivery, and nobody has
    confirmed. boot: how often the pump has started. written: records of the delivery since
    power-up. For what power-up makes of a record see `interruption`.
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
        self._kept_us = 0  # when past and day were kept last
        self._batch = (0, 0, 0)
        self._drug = ()  # batch in the last record, with the strongest drug in it
        self._commanded = self._steps = 0  # planned in all since power-up, and at the last time
        self._edits = 0  # of the ledger, in the last record
        self._known = 0  # number of the last event that it knows of
        self._emitted = self._allowed = 0  # steps since power-up, in the last record
        self._queued = 0  # and those that the engine was told of
        self._is_sure = False  # they are out before the watchdog can bite
        self._saved_us = 0
        self._dose_id = 0  # of the dose in the last record
        self._is_past = False  # that dose is over, and kept among the past
        self._due = []  # of past and day, what is to be written
        self._copies = None  # iterator: a copy of the first of them is written, the other is due
        self._copied = 0  # the dose that is over, in that copy of the past
        self._is_dosing = False  # in the last record: a periodic dose goes out

    # Told by the dispenser

    def planned(self, emitted, commanded, steps, batch):
        """`steps` more are about to be queued, `commanded` in all since power-up.

        At least one more is always reserved: that is how a record tells that something runs. What
        is not what the last record tells of has one of its own: another drug, dose or calibration.
        """
        self._batch, self._commanded, self._steps = batch, commanded, steps
        is_other = self._drug_batch() != self._drug or self._has_begun()
        if is_other or commanded >= self._allowed or self._dosing() > self._is_dosing:
            self._save(emitted, self._enough())

    def queued(self, emitted, queued):
        """A run is about to be put into the engine, with it `queued` steps since power-up.

        What is planned and waits for room there does not go out when Python hangs.
        """
        self._keep(queued, emitted)

    def queue_ends(self, at_us):
        """All runs are in the engine, which is under way and dry by `at_us` on the clock.

        Whether that is before the watchdog can bite is kept: only then does its reset prove that
        all of them went out. Renewing the lease does not feed it.
        """
        self._vouch(at_us < self._watchdog.bites_us)

    def stopping(self):
        """The engine is about to be stopped: what is queued may not go out. Allocates nothing."""
        self._vouch(False)

    def follows(self, emitted):
        """Another schedule is about to be followed: on record with the dose that is in it."""
        self._save(emitted, max(self._allowed, emitted + 1))

    def top_up(self, emitted):
        """Steps are about to be queued that cannot wait for a write: keep half in hand."""
        size = self._allowed - self._emitted
        if 2 * (self._allowed - emitted) < size:
            self._save(emitted, emitted + size)

    def stopped(self, emitted):
        """What was queued is taken back. Writes nothing to flash: it is part of the way down."""
        self._keep(emitted, emitted)

    # Called at every wake

    def settle(self, emitted, is_active):
        """Make the record exact when nothing moves, without a dose that is over; else hourly.

        A record follows events that were written, so that a log which flash sets back is found.
        Writes one record at a time, of past and day one copy. While something is active it says
        so: a step, at least, may be out; and not many more than are about to go out: a fast dose
        is over.
        """
        now_us = self._clock.now_us()
        saved_us, is_over = now_us - self._saved_us, self._has_ended() and not self._is_past
        if not self._due and (is_over or now_us - self._kept_us >= _HOUR_US):
            self._due = [PAST, DAY]
        if is_active and self._allowed - self._commanded <= _TOP_UP * self._steps:
            self._save(emitted, self._enough())  # first: behind a slow write is no time for it
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
        """True while a refill, or what a calibration says of steps before it, is not on record."""
        return self._edits != self._ledger.edits

    def _is_behind(self):
        """True while events are in flash that the last record does not know of."""
        return self._log.written() > self._known

    def confirm(self, emitted):
        """A human has taken note of the interruption."""
        was_interrupted, self.is_interrupted = self.is_interrupted, False
        try:
            self._save(emitted, max(emitted, self._allowed))
        except Refused:
            self.is_interrupted = was_interrupted
            raise

    def take_up(self, boot, is_interrupted, dose_id):
        """Power-up has read the last record. dose_id: of the dose that is in it, 0: of none.

        That dose stays in the record until it is among the past.
        """
        self.boot, self.is_interrupted, self._dose_id = boot, is_interrupted, dose_id

    def begin(self):
        """The first record since power-up. Past and day come at the first wakes.

        Where one was never kept it comes first: a record without it tells that it was lost.
        """
        for key in (PAST, DAY):
            if not self._twins.has(key):
                self._write(key, self._value(key))
        self._due = [PAST, DAY]
        self._save(0, 0)

    # Within

    def _keep_copy(self):
        """Write a copy of what is due first; the next call writes the other one."""
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
        """What past or day hold now."""
        infusion = self._infusion
        if key == PAST:
            return infusion.boluses.to_record(self._clock.now_us())
        return [infusion.day.to_record(), self._ledger.most_ng()]

    def _is_in_past(self):
        """Whether the dose in the last record, which is over, is in a copy of the past."""
        is_copied = self._copies and self._due[0] == PAST and self._copied == self._dose_id
        return self._is_past or is_copied

    def _keep_past(self):
        """Write the past, both copies: now, whatever else is due.

        A record that was left between its copies is made whole by the store.
        """
        self._copies = None
        self._write(PAST, self._value(PAST))
        self._due = [DAY]

    def _has_ended(self):
        """Whether the dose in the last record is over."""
        active = self._infusion.active_dose
        return self._dose_id != 0 and (active is None or active.record.id != self._dose_id)

    def _has_begun(self):
        """Whether a dose is under way that the last record does not tell of."""
        active = self._infusion.active_dose
        return active is not None and active.record.id != self._dose_id

    def _enough(self):
        """How many steps since power-up may be out with a fresh reservation."""
        return self._commanded + max(_CHUNKS * self._steps, self._least())

    def _is_wide(self):
        """Whether far more is reserved than is about to go out."""
        return self._allowed - self._commanded > 2 * (self._enough() - self._commanded)

    def _save(self, emitted, allowed):
        """Write a record; Refused NOT_RECORDED where flash does not take it.

        A dose leaves the record when it is among the past, not before. One that is over stays in
        it until then; only where another one begins is the past written first.
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
        self._keep(self._queued, emitted)  # what is kept belongs to the last record

    def _write(self, key, value):
        try:
            for _ in self._twins.saving(key, value):
                pass  # not `save`, a call less of stack; the lease is being renewed already
        except UNWRITTEN as error:
            refusal = Refused(NOT_RECORDED, repr(error))
        else:
            return
        raise refusal

    def _keep(self, queued, emitted):
        """Keep the counts where they survive a reset; what was certain of them stays so."""
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
        """What is going out, with the strongest drug in it."""
        kind, pl_per_rev, ng_ml = self._batch
        active = self._infusion.active_dose
        ng_ml = max(ng_ml, active.dose.ng_ml if active is not None else 0)
        return PERIODIC if self._dosing() else kind, pl_per_rev, ng_ml

    def _dosing(self):
        """Whether a periodic dose goes out now, or where the queue ends."""
        infusion = self._infusion
        return infusion.active_dose is None and infusion.busy_until_us() is not None

    def _least(self):
        """The smallest reservation in steps."""
        calibration = self._infusion.calibration
        if not calibration.pl_per_rev:
            return _LEAST_STEPS
        return 1 + _LEAST_PL // max(calibration.volume_pl(1), 1)
