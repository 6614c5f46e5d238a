# SPDX-License-Identifier: MIT
"""The journal of what is delivered: on record before it goes out, so a power cut tells no lie.

A record says what was out then, and how many steps more may be out before the next record: a
reservation, as an allocator hands out ranges. After a cut the delivered volume is an interval; a
stop, or memory that survives a reset, closes it to one number. What cannot be recorded is refused.
"""

from micropython import const

from pump.faults import NOT_RECORDED, Refused
from pump.therapy.boluses import RESET, Record

KEY = "delivery"
_LEAST_PL = const(4_000_000)  # a reservation is 4 uL, or
_CHUNKS = const(10)  # so many of the chunks that are being planned, 8 s at most
_HOUR_US = 3_600_000_000
_WRAP = const(0xFFFFFFFF)


class Journal:
    """Told by the dispenser; see `delivery.dispenser.Unrecorded` for when.

    twins: keeps the record. pump: (clock, ledger, treatment). scratch: what survives a reset
    without power, or None. is_interrupted: a reset has ended a delivery, and nobody has confirmed.
    """

    def __init__(self, twins, pump, scratch):
        self._twins = twins
        self._clock, self._ledger, self._treatment = pump
        self._scratch = scratch
        self.is_interrupted = False
        self.boot = 1  # how often the pump has started
        self.written = 0  # records since power-up
        self.is_stale = False  # the dose in the last record has ended
        self._batch = (0, 0, 0)
        self._saved_us = 0
        self._emitted = self._allowed = 0  # steps since power-up, in the last record

    def planned(self, emitted, commanded, steps, batch):
        """`steps` more are about to be queued, `commanded` in all since power-up."""
        self._batch = batch
        if commanded > self._allowed:
            self._save(emitted, commanded + max(_CHUNKS * steps, self._least()))
        if self._scratch is not None:
            self._scratch.keep(self._saved_us & _WRAP, commanded, emitted)

    def follows(self, emitted):
        """Another schedule is about to be followed: on record with the dose that is in it."""
        self._save(emitted, self._allowed)

    def top_up(self, emitted):
        """Steps are about to be queued that cannot wait for a write: keep half in hand."""
        size = self._allowed - self._emitted
        if 2 * (self._allowed - emitted) < size:
            self._save(emitted, emitted + size)

    def settle(self, emitted, is_active):
        """Make the record exact when nothing moves, and a new one every hour; at every wake."""
        if not is_active and (self._allowed != emitted or self.is_stale):
            self._save(emitted, emitted)
        elif self.is_stale or self._clock.now_us() - self._saved_us >= _HOUR_US:
            self._save(emitted, self._allowed)

    def confirm(self, emitted):
        """A human has taken note of the interruption."""
        self.is_interrupted = False
        self._save(emitted, max(emitted, self._allowed))

    def restore(self, is_timer):
        """Go on from the record. Returns the batch whose delivery was ended, doses apart, or None.

        is_timer: the watchdog has reset the board: its time is longer than the lease, so all that
        was queued has gone out.
        """
        kept = self._twins.load(KEY)
        if kept is None:
            return None
        at_us, boot, was_interrupted, batch, counts, ledger, dose = kept
        self.boot = boot + 1
        self._clock.begin(at_us)
        self._ledger.restore(ledger)
        sure, unsure = self._out(at_us, counts, is_timer)
        self._ledger.recover(sure, unsure, batch)
        is_cut = counts[1] > counts[0] or dose is not None
        self.is_interrupted = bool(was_interrupted or is_cut)
        if dose is not None:
            self._reopen(dose)
        self._save(0, 0)
        return batch if is_cut and dose is None else None

    def _out(self, at_us, counts, is_timer):
        """(steps that are out since the record for sure, how many more may be)."""
        emitted, allowed = counts
        kept = self._scratch.kept() if self._scratch is not None else None
        if kept is not None and kept[0] == at_us & _WRAP:
            most = (kept[1] - emitted) & _WRAP
            least = most if is_timer else (kept[2] - emitted) & _WRAP
            if least <= most <= allowed - emitted:
                return least, most - least
        return 0, allowed - emitted

    def _reopen(self, dose):
        """A dose is over that a reset has interrupted: it is on record, and never resumed."""
        number, kind, programmed_ng, start_us, duration_us, given_ng = dose
        record = Record(number, kind, programmed_ng, start_us, duration_us)
        record.outcome, record.given_ng = RESET, given_ng
        record.end_us = self._clock.now_us()
        self._treatment.boluses.reopen(record)

    def _save(self, emitted, allowed):
        """Write a record; Refused NOT_RECORDED where flash does not take it."""
        now_us = self._clock.now_us()
        counts = emitted, allowed
        value = [now_us, self.boot, self.is_interrupted, self._drug_batch(), counts]
        try:
            self._twins.save(KEY, value + [self._ledger.state(), self._dose()])
        except OSError as error:
            refusal = Refused(NOT_RECORDED, repr(error))
        else:
            self._emitted, self._allowed, self._saved_us = emitted, allowed, now_us
            self.is_stale = False
            self.written += 1
            return
        raise refusal

    def _dose(self):
        giving = self._treatment.giving
        return None if giving is None else giving.record.state()[:5] + [giving.given_ng()]

    def _drug_batch(self):
        """What is going out, with the strongest drug in it."""
        kind, pl_per_rev, ng_ml = self._batch
        giving = self._treatment.giving
        return kind, pl_per_rev, max(ng_ml, giving.dose.ng_ml if giving is not None else 0)

    def _least(self):
        """The smallest reservation in steps."""
        return 1 + _LEAST_PL // max(self._treatment.calibration.volume_pl(1), 1)
