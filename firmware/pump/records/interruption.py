# SPDX-License-Identifier: MIT
"""The interruption of a delivery by a reset: how much was delivered, by its last record.

Needed at power-up only. See `journal` for the content of a record, and when it is written.
"""

from micropython import const

from pump.kinds import PERIODIC, REGULAR
from pump.therapy.bolus_log import RESET, Record
from pump.therapy.daily_past import DOSES, THERAPY

_FG_PER_NG = const(1_000_000)
_WRAP = const(0xFFFFFFFF)


class Interruption:
    """journal: takes over the state of the last record. scratch: words kept over it, or None.

    batch: the batch under way, without doses, when a reset interrupted it for the first time since
    the last confirmation; else None: a pump that crashes again and again stays stopped.
    was_dosing: a periodic dose was under way. logged: lower bound of the number of events in the
    log, 0 before the first record.
    """

    def __init__(self, journal, clock, ledger, infusion, scratch):
        self._journal = journal
        self._clock, self._ledger = clock, ledger
        self._infusion = infusion
        self._scratch = scratch
        self.batch = None
        self.was_dosing = False
        self.logged = 0
        self._day_ng = 0  # upper bound of the delivered drug when the day was saved
        self._lane = DOSES  # the lane of the drug delivered since then

    def take_day(self, record):
        """Restore the drug of the last 24 h. Before `take`."""
        day, self._day_ng = record
        self._infusion.day.from_record(day)

    def lose_day(self):
        """The record is lost: every limit of a day is used up."""
        self._day_ng = 0
        self._infusion.day.assume_worst(self._clock.now_us())

    def take(self, record):
        """Continue from the last record of the delivery."""
        at_us, boot, was_interrupted, batch, counts, ledger, dose, self.logged = record
        self._clock.begin(at_us)
        self._ledger.from_record(ledger)
        self._ledger.recover(*self._out(at_us, counts), batch)
        is_cut = counts[1] > counts[0] or dose is not None
        self.was_dosing = is_cut and batch[0] == PERIODIC
        self._lane = THERAPY if batch[0] in REGULAR and dose is None else DOSES
        if dose is None and is_cut and not was_interrupted:
            self.batch = batch
        dose_id = self._reopen(dose) if dose is not None else 0
        self._journal.take_up(boot + 1, bool(was_interrupted or is_cut), dose_id)

    def count_since(self):
        """Count the drug delivered, or possibly so, since the day was saved as given now."""
        since_ng = self._ledger.most_ng() - self._day_ng
        if since_ng > 0:
            self._infusion.day.recover(self._lane, since_ng * _FG_PER_NG, self._clock.now_us())

    def _out(self, at_us, counts):
        """(steps certainly emitted since the record, further steps possibly emitted).

        If the watchdog's timer has reset the board, all queued steps were emitted, provided that
        the queue was certain to have ended before.
        """
        emitted, allowed = counts
        scratch = self._scratch
        kept = scratch.kept() if scratch is not None else None
        if scratch is not None and kept is not None and kept[0][0] == at_us & _WRAP:
            (_, queued, settled), is_sure = kept
            most = (queued - emitted) & _WRAP
            is_dry = is_sure and scratch.is_timer()
            least = most if is_dry else (settled - emitted) & _WRAP
            if least <= most <= allowed - emitted:
                return least, most - least
        return 0, allowed - emitted

    def _reopen(self, dose):
        """A reset has interrupted a dose: it has ended, is put on record, and is never resumed.

        Returns its id; 0: the past contains a later one, and so has all of it.
        """
        number, kind, programmed_ng, start_us, duration_us, given_ng = dose
        record = Record(number, kind, programmed_ng, start_us, duration_us)
        record.outcome, record.given_ng = RESET, given_ng
        record.end_us = self._clock.now_us()
        self._infusion.boluses.add(record)
        return number if self._infusion.boluses.find(number) is not None else 0
