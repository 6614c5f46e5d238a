# SPDX-License-Identifier: MIT
"""What survives a reset besides the journal: kept when it changes, and brought back at power-up.

    prescription  written before it becomes active
    alarms        what was acknowledged, or has to be; since when there is no therapy
    setup         calibrations, reservoir, line, wall clock, what resumes, losses to be confirmed,
                  the lock, the heartbeat, the grid of periodic doses
    past          boluses and lockouts, the last 24 h
    log           an event for everything that happens

What is lost counts as the worst it can have been: delivered, locked out, not calibrated. Only the
lock is lost with the setup: nobody could open it, and the pump holds until a human confirms.
"""

from micropython import const

from pump.changes import alarm_event, changes
from pump.faults import NOT_RECORDED, Refused
from pump.journal import DELIVERY, PAST
from pump.kinds import BASAL
from pump.state import STOPPED
from pump.store import events
from pump.store.repeats import Repeats
from pump.store.twins import LOST, MENDED
from pump.therapy.prescription import prescription_of
from pump.units import ml_of_pl
from pump.unload import unload

HOLD, RESUME_BASAL = "HOLD", "BASAL"
KEYS = ("prescription", "alarms", "setup", PAST, DELIVERY)
_AT_REST = ("alarms", "setup")  # in this order, see `_missing`

_FLUSH_US = const(1_000_000)  # events wait so long for others to be written with
_COVERED_US = const(1_500_000)  # a copy of 0.45 s, a record of 0.85 s: the slowest flash
_US_PER_S = const(1_000_000)
_SHORT_US = const(30_000_000)  # after a longer outage nothing resumes by itself
_YEARS_US = 315_360_000_000_000  # ten: no outage is longer, a clock is wrong


class Memory:
    """flash: (twins, log), see `store`. journal: of what is delivered.

    pump: (clock, dispenser, ledger, treatment, staging). setup: (calibrations, reservoir), things
    with `state` and `restore`. alarms, absence, heartbeat: see `alarm`. lock: see `console.lock`.
    resume: what goes on after a reset, HOLD or RESUME_BASAL.
    is_prepared: the folders of the records were there at power-up, as deployment makes them.
    is_matched: a clock with a battery can be relied on; not while it is being set.
    """

    def __init__(
        self, flash, journal, pump, setup, *, alarms, absence, lock, heartbeat, is_prepared
    ):
        self._twins, self._log = flash
        self._journal = journal
        self._clock, self._dispenser, self._ledger = pump[:3]
        self._treatment, self._staging = pump[3:]
        self._alarms, self._absence = alarms, absence
        self._lock, self._heartbeat = lock, heartbeat
        self._calibrations, self._reservoir = setup
        self._is_prepared = is_prepared
        self._repeats = Repeats()
        self.resume = HOLD
        self.is_matched = True
        self._lost = ()  # keys of what was lost and not confirmed yet
        self._had = {}  # key -> whether it was there at power-up
        self._token = ""  # of the prescription that should be there
        self._failing = []  # what flash does not take
        self._clock_told = ""  # what a clock with a battery did to the others at power-up
        self._seen = (STOPPED, None, None)  # mode, record of the dose, prescription
        self._flushed_us = self._failed_us = self._covered_us = 0
        self._due = []  # those of `_AT_REST` that may have changed
        self._saving = ()  # (key, iterator) of the one of which copy 0 is written

    # At power-up

    def restore(self, is_timer, rtc_s, marked_s):
        """Bring back what was kept. True when the regular therapy may go on by itself.

        is_timer: whether the watchdog's timer has reset the board. rtc_s, marked_s: the time by a
        clock with a battery, now and at the last `beat`, or None.
        """
        self._bring("prescription", self._set_prescription)
        self._bring("setup", self._set_up)
        self._bring(PAST, self._journal.restore_past)
        self._bring("alarms", self._set_alarms)
        batch = self._bring(DELIVERY, self._journal.restore)
        unload("pump.store.shapes")
        unload("pump.store.loading")
        self._log.expect(self._journal.logged)
        if self._log.finding:
            self._twins.findings.append(("log", self._log.finding))
        lost = self._missing()
        kept_us, grid = self._clock.now_us(), self._treatment.grid
        outage_us = self._tell_time(rtc_s, marked_s)
        if outage_us is None or DELIVERY in lost:
            grid.lose()
        grid.rest_since(kept_us, self._clock.now_us(), self._journal.was_dosing)
        self._lose(lost)  # as of now, not as of before the outage
        self._journal.count_since()
        was_regular = batch is not None and batch[0] == BASAL
        is_short = is_timer or (outage_us is not None and outage_us <= _SHORT_US)
        return was_regular and is_short and self.resume == RESUME_BASAL and not self._lost

    def begin(self, cause):
        """The first events of this boot; and all is written once, so that it is there."""
        self.note(events.RESET, cause)
        if self._clock_told:
            self.note(events.CLOCK_SET, self._clock_told)
        for key, what in self._twins.findings:
            code = events.STORE_MENDED if what == MENDED else events.STORE_LOST
            self.note(code, key + " " + what)
        if self._journal.is_interrupted:
            least, most = ml_of_pl(self._ledger.volume_pl()), ml_of_pl(self._ledger.most_pl())
            if not self._ledger.is_bounded():
                most = "NONE"
            self.note(events.INTERRUPTED, "%s to %s mL" % (least, most))
        if self._lost:
            self.sync()  # before anything hides that it is
        self._try("journal", self._journal.begin)
        self.sync()

    # While it runs

    def is_open(self):
        """True while an interruption, or a loss, has not been confirmed."""
        return self._journal.is_interrupted or self.is_lost()

    def is_lost(self):
        """True while a loss has not been confirmed."""
        return bool(self._lost)

    def is_failing(self):
        """True while flash does not take what is to be written."""
        return bool(self._failing)

    def confirm(self):
        """A human has taken note."""
        self._journal.confirm(self._dispenser.settle())
        self._lost = ()
        self.sync()
        self.note(events.CONFIRMED)

    def commit(self, prescription, past, pl_per_rev):
        """Keep what is about to become active, with what was; Refused NOT_RECORDED: it fails."""
        self._need(self._twins.save, "prescription", prescription.state() + [past, pl_per_rev])
        self.note(events.COMMITTED, prescription.token())

    def distrust(self):
        """The clock with a battery is about to be set: from now on what it says is no time.

        Until `is_matched` and `sync`. Refused NOT_RECORDED where that fails.
        """
        was_matched, self.is_matched = self.is_matched, False
        try:
            self.keep_setup()
        except Refused:
            self.is_matched = was_matched
            raise

    def verify(self):
        """Yield whether a good copy is there, of each value that was ever saved."""
        for key in KEYS:
            before = len(self._twins.findings)
            is_well = self._twins.verify(key)
            for found, what in self._twins.findings[before:]:
                self.note(events.STORE_MENDED, found + " " + what)
            yield is_well

    def keep_setup(self):
        """Write the setup now; Refused NOT_RECORDED where that fails."""
        self._need(self._twins.save, "setup", self._setup())

    def note(self, code, text=""):
        """An event for the log."""
        self._record(self._repeats.add(code, text, self._clock.now_us()))

    def sync(self):
        """Write alarms and setup now, where they have changed: a host is told what is kept."""
        self._due = list(_AT_REST)
        while self._due or self._saving:
            self._keep_next()
        if self._journal.is_edited():
            self.settle()

    def _keep_next(self):
        """Write one copy of the next record that may have changed.

        The lease is renewed after each: flash may take 0.8 s for one. Only where no order is half
        done: a plan that grows beneath one would move its instants.
        """
        if not self._saving:
            key = self._due.pop(0)
            if key == "setup":
                value = self._setup()
            else:
                value = [self._alarms.to_record(), self._absence.to_record()]
            self._saving = key, self._twins.saving(key, value)
        key, copies = self._saving
        try:
            for _ in copies:
                break
            else:
                self._saving = ()
                self._note_taken(key)
        except OSError:
            self._saving = ()
            self._note_failed(key)
        self._dispenser.renew(0)

    def settle(self):
        """Write what has to be written of the delivery, if anything has."""
        emitted, is_active = self._dispenser.settle(), self._dispenser.is_active()
        self._try("journal", self._journal.settle, emitted, is_active)

    def close(self):
        """The firmware ends: write all that is not written yet."""
        self.watch()
        before = -1
        while before != self._journal.written:
            before = self._journal.written
            self.settle()
        self.sync()
        self._record(self._repeats.end_all())
        self._try("log", self._log.flush)

    def poll(self, now_us):
        """Notice what has changed, and write one thing of it: a STOP waits for no more than that.

        At every wake; at once while there is more to write. Where less is queued than takes this
        write and a record of the dispenser's behind it, the next refill of the queue is waited
        for: it comes within a second. The lease is renewed after each.
        """
        self.watch()
        if self._failing and now_us - self._failed_us < _FLUSH_US:
            return None
        if self._dispenser.covered_us() >= _COVERED_US:
            self._covered_us = now_us
        elif now_us - self._covered_us < _FLUSH_US:
            return None
        before = self._journal.written
        self.settle()
        if self._journal.written != before:
            self._dispenser.renew(0)
            return now_us
        if self._due or self._saving:
            self._keep_next()
            return now_us
        if now_us - self._flushed_us >= _FLUSH_US or self._log.is_filling():
            self._flushed_us = now_us
            self._record(self._repeats.end_quiet(now_us))
            self._try("log", self._log.flush)
            self._dispenser.renew(0)
        return None

    def watch(self):
        """Compare with what was seen last: events for the log, and what is to be written."""
        for kind, what in self._alarms.take_events():
            self.note(*alarm_event(kind, what))
            self._due = list(_AT_REST)
        treatment, giving = self._treatment, self._treatment.giving
        missed = treatment.grid.take_missed()
        if missed:
            self.note(events.PERIODIC_MISSED, missed)
        record = giving.record if giving is not None else None
        seen = treatment.mode, record, self._staging.active
        if seen == self._seen:
            return
        before, self._seen = self._seen, seen
        for code, text in changes(before, seen):
            self.note(code, text)
        self._due = list(_AT_REST)

    # Within

    def _record(self, found):
        """Bring events, (code, text) each, to the log."""
        now_us = self._clock.now_us()
        for code, text in found:
            self._log.add(code, now_us, self._treatment.outlook.wall.seconds(now_us), text)

    def _try(self, what, write, *arguments):
        """Write; where flash does not take it, that is an alarm: nothing can be delivered then.

        The alarm is over when what failed, each of it, has been written.
        """
        try:
            write(*arguments)
        except (OSError, Refused):
            self._note_failed(what)
        else:
            self._note_taken(what)

    def _note_failed(self, what):
        self._failed_us = self._clock.now_us()
        if what not in self._failing:
            self._failing.append(what)

    def _note_taken(self, what):
        if what in self._failing:
            self._failing.remove(what)

    def _need(self, write, *arguments):
        """Write; Refused NOT_RECORDED where flash does not take it."""
        try:
            write(*arguments)
        except OSError as error:
            refusal = Refused(NOT_RECORDED, repr(error))
        else:
            return
        raise refusal

    def _setup(self):
        active, treatment = self._staging.active, self._treatment
        return [
            active.token() if active is not None else "",
            [treatment.outlook.wall.zero_us, self.is_matched],
            self.resume,
            [treatment.line.ng_ml, treatment.line.is_mixed, treatment.line.drug],
            self._calibrations.state(),
            self._reservoir.state(),
            self._lost,
            self._lock.to_record(),
            self._heartbeat.limit_ms,
            treatment.grid.to_record(),
        ]

    def _bring(self, key, restore):
        """Bring back one value. What this firmware cannot read is as good as lost."""
        from pump.store.shapes import SHAPES, fits, upgraded

        value = upgraded(key, self._twins.load(key))
        self._had[key] = value is not None
        if value is None:
            return None
        try:
            if fits(value, SHAPES[key]):
                return restore(value)
        except Exception:  # noqa: BLE001 - a pump that dies of its records never starts again
            pass
        self._twins.reject(key)
        return None

    def _set_prescription(self, state):
        self._staging.restore(prescription_of(state[:2]), *state[2:])

    def _set_alarms(self, record):
        alarms, absence = record
        self._alarms.from_record(alarms)
        self._absence.from_record(absence)

    def _set_up(self, state):
        from pump.store.shapes import LOCK_PLACE

        treatment, (self._token, clock, self.resume, line) = self._treatment, state[:4]
        treatment.outlook.wall.zero_us, self.is_matched = clock
        treatment.line.ng_ml, treatment.line.is_mixed, treatment.line.drug = line
        self._calibrations.restore(state[4])
        treatment.calibration = self._calibrations.current()
        self._reservoir.restore(state[5])
        self._lost = tuple(state[6])
        self._lock.from_record(state[LOCK_PLACE])
        self._heartbeat.limit_ms = state[LOCK_PLACE + 1]
        treatment.grid.from_record(state[LOCK_PLACE + 2])

    def _missing(self):
        """Keys of what should be there and is not. A new pump has nothing to lose.

        New is one whose folders deployment has made, and that has written nothing into them yet.
        """
        missing = [key for key, what in self._twins.findings if what != MENDED]
        had = self._had
        has_past = self._treatment.boluses.last(1) or not self._treatment.day.is_empty()
        is_used = had["setup"] or had["prescription"] or self._ledger.most_pl() or has_past
        is_used = is_used or not self._is_prepared
        if is_used or self._journal.boot > 2:  # setup is written last in the first boot
            due = (DELIVERY, PAST, "setup", "alarms") + (("prescription",) if self._token else ())
            for key in due:
                if not had[key] and key not in missing:
                    self._twins.findings.append((key, LOST))
                    missing.append(key)
        return missing

    def _lose(self, keys):
        """What the keys stand for is not known any more."""
        self._lost += tuple([key for key in keys if key not in self._lost])
        treatment = self._treatment
        if "setup" in keys:
            self._calibrations.lose()
            treatment.calibration = self._calibrations.current()
            treatment.line.lose()
        if DELIVERY in keys:
            self._ledger.is_whole = False
        if DELIVERY in keys or "setup" in keys:
            self._reservoir.lose()
        if DELIVERY in keys or PAST in keys:
            treatment.boluses.lock(self._clock.now_us())
            treatment.day.assume_worst(self._clock.now_us())
        if PAST in keys:  # each dose had an event of its own, at least
            treatment.boluses.number_beyond(self._log.first() + self._log.count())

    def _tell_time(self, rtc_s, marked_s):
        """Set the clocks by one with a battery; how long the pump was off, or None.

        That is counted from the last record, or from the last mark where that is later.
        """
        wall, now_us = self._treatment.outlook.wall, self._clock.now_us()
        if rtc_s is None or not self.is_matched:
            return None
        outage_us, self._clock_told = None, "BATTERY"
        if wall.zero_us is not None:
            passed_us = rtc_s * _US_PER_S - (now_us - wall.zero_us)
            is_outage = 0 <= passed_us < _YEARS_US
            if is_outage:
                outage_us = passed_us
                self._clock.begin(now_us + passed_us)
                if marked_s is not None and marked_s <= rtc_s:
                    outage_us = min(passed_us, (rtc_s - marked_s) * _US_PER_S)
            said = "off for" if is_outage else "moved by"
            self._clock_told += " %s %d s" % (said, passed_us // _US_PER_S)
        wall.set(rtc_s, self._clock.now_us())
        return outage_us
