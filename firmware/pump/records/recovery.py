# SPDX-License-Identifier: MIT
"""Recovery from a reset: reads the records, finds the losses, and sets the clock.

Needed at power-up only. A lost record counts as the worst case: delivered, locked out, not
calibrated. The exception is the lock, whose PIN is removed with the setup: nobody could open it,
and the pump holds until a human confirms.
"""

from micropython import const

from pump.kinds import BASAL
from pump.records import event_codes
from pump.records.interruption import Interruption
from pump.records.journal import DAY, DELIVERY, PAST
from pump.records.mirrored_records import LOST, MENDED
from pump.records.schemas import SCHEMAS, divide, fits, upgraded
from pump.records.settings import RESUME_BASAL
from pump.therapy import wall_clock
from pump.units import ml_of_pl

_US_PER_S = const(1_000_000)
_SHORT_US = const(30_000_000)  # after a longer outage nothing resumes by itself
# Optional records first; past and day before the delivery, which adds to them.
_COMMITTED = ("titration", "prescription")
_ORDER = _COMMITTED + ("setup", PAST, DAY, "alarms", DELIVERY)
_YEARS_US = 315_360_000_000_000  # ten: no outage is longer, a clock is wrong


class Recovery:
    """For the other collaborators see `assembly`.

    scratch: words from before the reset, or None. rtc: the clock with a battery, or None.
    is_prepared: the folders of the records existed at power-up, as deployment makes them.
    """

    def __init__(
        self,
        *,
        twins,
        log,
        journal,
        settings,
        clock,
        ledger,
        infusion,
        staging,
        calibrations,
        reservoir,
        scratch,
        rtc,
        is_prepared,
    ):
        self._twins, self._log = twins, log
        self._journal, self._settings = journal, settings
        self._clock, self._ledger = clock, ledger
        self._infusion = infusion
        self._calibrations, self._reservoir = calibrations, reservoir
        self._scratch, self._rtc = scratch, rtc
        self._is_prepared = is_prepared
        self._interruption = interruption = Interruption(journal, clock, ledger, infusion, scratch)
        self._owners = {  # key -> (apply, lose) of its owners
            "titration": (staging.titration_from_record, staging.lose_titration),
            "prescription": (staging.from_record, staging.lose),
            PAST: (infusion.boluses.from_record, infusion.boluses.lose),
            DAY: (interruption.take_day, interruption.lose_day),
            DELIVERY: (interruption.take, ledger.lose),
        }
        for key, owner in settings.shared.items():
            self._owners[key] = owner.from_record, owner.lose
        self._had = ()  # keys of the records that were read
        self._clock_told = ""  # text of the event about the clock with a battery

    def restore(self):
        """Restore the state. True when the regular therapy may resume by itself.

        All records are read before any is applied; a record is applied as a whole, or it is lost.
        """
        interruption = self._interruption
        values = {key: self._twins.load(key) for key in _ORDER}
        divide(values)
        for key in _ORDER:
            values[key] = self._checked(key, values[key])
        self._had = [key for key in _ORDER if values[key] is not None]
        for key in _ORDER:
            self._take(key, values.pop(key))
        self._log.expect(interruption.logged)
        self._log.boot = self._journal.boot
        if self._log.finding:
            self._twins.findings.append(("log", self._log.finding))
        lost = self._missing()
        kept_us, grid = self._clock.now_us(), self._infusion.grid
        outage_us = self._tell_time()
        if outage_us is None or DELIVERY in lost:
            grid.lose()
        grid.rest_since(kept_us, self._clock.now_us(), interruption.was_dosing)
        self._lose(lost)  # as of now, not as of before the outage
        interruption.count_since()
        return self._may_resume(outage_us)

    def report(self, cause, note):
        """Log the first events of this boot, by note(code, text). cause: word for the reset."""
        note(event_codes.RESET, cause)
        if self._clock_told:
            note(event_codes.CLOCK_SET, self._clock_told)
        for key, what in self._twins.findings:
            is_mended = what == MENDED
            code = event_codes.STORE_MENDED if is_mended else event_codes.STORE_LOST
            note(code, key + " " + what)
        if self._journal.is_interrupted:
            least, most = ml_of_pl(self._ledger.volume_pl()), ml_of_pl(self._ledger.most_pl())
            if not self._ledger.is_bounded():
                most = "NONE"
            note(event_codes.INTERRUPTED, "%s to %s mL" % (least, most))

    def _may_resume(self, outage_us):
        batch, settings, scratch = self._interruption.batch, self._settings, self._scratch
        is_timer = scratch is not None and scratch.is_timer()  # a reset by the watchdog
        is_short = is_timer or (outage_us is not None and outage_us <= _SHORT_US)
        was_regular = batch is not None and batch[0] == BASAL
        return was_regular and is_short and settings.resume == RESUME_BASAL and not settings.lost

    def _checked(self, key, value):
        """The value in the present format; None: there was none; (): it is unreadable."""
        if value is None:
            return None
        try:
            value = upgraded(key, value)
            if fits(value, SCHEMAS[key]):
                return value
        except Exception:  # noqa: BLE001 - a pump that dies of its records never starts again
            pass
        self._twins.reject(key)
        return ()

    def _take(self, key, value):
        """Apply a value to its owners: to all of them or, if one raises, to none."""
        if not value:
            return
        take, lose = self._owners[key]
        try:
            take(value)
        except Exception:  # noqa: BLE001 - as in `_checked`
            lose()
            self._twins.reject(key)

    def _missing(self):
        """Keys of the records that should exist and do not. A new pump has nothing to lose.

        A pump is new if deployment has made its folders, and nothing has been written into them.
        """
        missing = [key for key, what in self._twins.findings if what != MENDED]
        had = self._had
        has_past = self._infusion.boluses.last(1) or not self._infusion.day.is_empty()
        is_used = "setup" in had or "prescription" in had or self._ledger.most_pl() or has_past
        is_used = is_used or not self._is_prepared
        if is_used or self._journal.boot > 2:  # setup is written last in the first boot
            due = _ORDER if self._settings.token else _ORDER[len(_COMMITTED) :]
            for key in due:
                if key not in had and key not in missing:
                    self._twins.findings.append((key, LOST))
                    missing.append(key)
        return missing

    def _lose(self, keys):
        """Replace the state of the lost records by safe values."""
        settings = self._settings
        settings.lost += tuple([key for key in keys if key not in settings.lost])
        for key in keys:
            if key in self._owners and key != PAST:  # it may contain the dose that a reset ended
                self._owners[key][1]()
        self._infusion.calibration = self._calibrations.current()
        if DELIVERY in keys:
            self._reservoir.lose()
            self._interruption.lose_day()
        boluses = self._infusion.boluses
        if DELIVERY in keys or PAST in keys:
            boluses.lock(self._clock.now_us())
        if PAST in keys:  # each dose had an event of its own, at least
            boluses.number_beyond(self._log.first() + self._log.count())

    def _tell_time(self):
        """Set the clocks by the one with a battery. Returns the outage in us, or None.

        The outage counts from the last record, or from the last mark (see `beat`), if that is
        later.
        """
        rtc_s, marked_s = self._now_and_marked()
        clock, now_us = self._infusion.forecast.wall, self._clock.now_us()
        if rtc_s is None or not self._settings.is_matched:
            return None
        outage_us, self._clock_told = None, "BATTERY"
        if clock.epoch_us is not None:
            passed_us = rtc_s * _US_PER_S - (now_us - clock.epoch_us)
            is_outage = 0 <= passed_us < _YEARS_US
            if is_outage:
                outage_us = passed_us
                self._clock.begin(now_us + passed_us)
                if marked_s is not None and marked_s <= rtc_s:
                    outage_us = min(passed_us, (rtc_s - marked_s) * _US_PER_S)
            told = "BATTERY off for %d s" if is_outage else "BATTERY moved by %d s"
            self._clock_told = told % (passed_us // _US_PER_S)
        clock.set(rtc_s, self._clock.now_us())
        return outage_us

    def _now_and_marked(self):
        """(now, last mark) by the clock with a battery, in s since 2000; None for none."""
        if self._rtc is None:
            return None, None
        return _seconds(self._rtc.read()), _seconds(self._rtc.marked())


def _seconds(text):
    """A text of the clock with a battery -> seconds since 2000; None for None or no time."""
    try:
        return wall_clock.parse(text) if text is not None else None
    except ValueError:
        return None
