# SPDX-License-Identifier: MIT
"""What a reset has interrupted: how much of the delivery went out, by the last record of it.

Needed at power-up only. See `journal` for what a record says, and when it is written.
"""

from micropython import const

from pump.kinds import PERIODIC, REGULAR
from pump.therapy.bolus_log import RESET, Record
from pump.therapy.daily_past import DOSES, THERAPY

_FG_PER_NG = const(1_000_000)
_WRAP = const(0xFFFFFFFF)


class Interruption:
    """journal: takes up what the last record says. scratch: what came through the reset, or None.

    batch: what was going out, doses apart, when a reset ended it for the first time since somebody
    confirmed; else None: what crashes again and again stays down. was_dosing: a periodic dose was
    going out. logged: how many events the log had, at least, 0 before the first record.
    """

    def __init__(self, journal, clock, ledger, infusion, scratch):
        self._journal = journal
        self._clock, self._ledger = clock, ledger
        self._infusion = infusion
        self._scratch = scratch
        self.batch = None
        self.was_dosing = False
        self.logged = 0
        self._day_ng = 0  # the most that was out when the day was kept
        self._lane = DOSES  # where what went out since then belongs

    def take_day(self, record):
        """Bring back the drug of the last 24 h. Before `take`."""
        day, self._day_ng = record
        self._infusion.day.from_record(day)

    def lose_day(self):
        """Nobody knows what went out: every limit of a day is used up."""
        self._day_ng = 0
        self._infusion.day.assume_worst(self._clock.now_us())

    def take(self, record):
        """Go on from the last record of the delivery."""
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
        """What went out, or may have, since the day was kept counts as given just now."""
        since_ng = self._ledger.most_ng() - self._day_ng
        if since_ng > 0:
            self._infusion.day.recover(self._lane, since_ng * _FG_PER_NG, self._clock.now_us())

    def _out(self, at_us, counts):
        """(steps that are out since the record for sure, how many more may be).

        Where the watchdog's timer has reset the board, all that was queued has gone out if that
        was certain to have ended before.
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
        """A dose is over that a reset has interrupted: it is on record, and never resumed.

        Returns its id; 0: the past is of a later one, and says all there is to know.
        """
        number, kind, programmed_ng, start_us, duration_us, given_ng = dose
        record = Record(number, kind, programmed_ng, start_us, duration_us)
        record.outcome, record.given_ng = RESET, given_ng
        record.end_us = self._clock.now_us()
        self._infusion.boluses.add(record)
        return number if self._infusion.boluses.find(number) is not None else 0
