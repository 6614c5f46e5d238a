# SPDX-License-Identifier: MIT
"""A year at 1 mL/d: the account against plain fractions, through records, resets and refills.

A quarter of it in `make test`, all of it in `make soak`.
Time is a number here: the dispenser and the motor are played by `Year`, which asks for
reservations as the dispenser does.
"""

import random
from fractions import Fraction

import pytest

from host_tests.support.flash.files import MemoryFiles, PowerCut
from host_tests.support.sessions.therapy import DAY_S
from pump.delivery.calibration import Calibrations
from pump.delivery.ledger import Ledger
from pump.delivery.reservoir import Reservoir
from pump.kinds import BASAL, CLINICIAN, JOG, NAMES, PATIENT, PERIODIC
from pump.records.interruption import Interruption
from pump.records.journal import DAY, DELIVERY, PAST, Journal
from pump.records.mirrored_records import MirroredRecords
from pump.therapy.bolus_log import BolusLog
from pump.therapy.daily_limit import DailyLimit, Pattern

WEEKS = 52
NG_ML = 500_000
STEPS_PER_REV = 3200
STEP_US = 5_400_000  # 62.5 nL at 1 mL/d
RESERVED = 65  # steps: one, and 4 uL
STRIDE = 13  # of them between two looks: the calls in between write nothing
REFILL_NL, DEAD_NL = 20_000_000, 500_000
SETUP = "setup"

COLD, WARM, TIMER = "cold", "warm", "timer"


class Clock:
    """The monotonic clock of one life."""

    def __init__(self):
        self.us = 0

    def begin(self, at_us):
        self.us = at_us

    def now_us(self):
        return self.us


class Words:
    """The scratch registers of one life; `words` of a life before came through."""

    def __init__(self, words=None, by_timer=False):
        self._words = words
        self._by_timer = by_timer

    def is_timer(self):
        return self._by_timer

    def keep(self, words, is_sure):
        self._words = words, is_sure

    def vouch(self, is_sure):
        self._words = self._words[0], is_sure

    def kept(self):
        return self._words


class Fed:
    """A watchdog that never bites before a queue is dry."""

    bites_us = 1 << 62


class NoLog:
    """Without an event."""

    def written(self):
        return 0


class Therapy:
    """What the journal asks of an infusion in which no bolus is given."""

    active_dose = None

    def __init__(self, calibration):
        self.calibration = calibration
        self.boluses, self.day = BolusLog(), DailyLimit()

    def busy_until_us(self):
        return None


class Year:
    """A pump that delivers 1 mL/d, and the truth about what came out."""

    def __init__(self):
        self.files = MemoryFiles()
        self.pl_per_rev = 200_000_000
        self.true_pl = Fraction(0)
        self.true_steps = 0
        self.plant_pl = Fraction(0)  # in the reservoir
        self.cuts = dict.fromkeys((COLD, WARM, TIMER), 0)
        self.widened = 0  # steps by which the intervals may have grown, at the most
        self.boots = 0
        self._boot(Words())
        self.refill()

    def refill(self):
        """Fill up; the residual is measured, and another calibration found out."""
        most_pl = self.ledger.most_pl()
        measured_nl = int(self.plant_pl / 1000) if self.boots else None
        self.reservoir.refill(REFILL_NL, measured_nl, most_pl)
        self.ledger.refill()
        self.plant_pl = Fraction(REFILL_NL * 1000)
        self.pl_per_rev -= 12_345
        self.therapy.calibration = self._calibration()
        self._twins.save(SETUP, self.reservoir.to_record())

    def deliver(self, days):
        """Go on for so long, then stop."""
        self._start()
        for _ in range(round(days * DAY_S * 1_000_000 / STEP_US / STRIDE)):
            self._plan(self.emitted + STRIDE)
            self._emit(STRIDE)
        self.journal.settle(self.emitted, False)

    def deliver_until_cut(self, writes, is_done):
        """Go on until the power is cut in a write; the chunk was not queued yet."""
        self.files.cut_in(writes, is_done)
        self._start()
        with pytest.raises(PowerCut):
            while True:
                self._plan(self.emitted + STRIDE)
                self._emit(STRIDE)

    def reset(self, how, queued=1, out=0):
        """A reset in the midst of it, with some steps queued, of which some come out before."""
        self._start()
        self._plan(self.emitted + queued)
        self.journal.queue_ends(self.clock.now_us())
        if how == TIMER:
            out = queued
        self._come_out(out, (BASAL, self.pl_per_rev, NG_ML))
        kept = None if how == COLD else self._scratch.kept()
        self.cuts[how] += 1
        self.widened += {COLD: RESERVED + queued, WARM: queued, TIMER: 0}[how]
        self._boot(Words(kept, how == TIMER))

    def cold_boot(self):
        self.cuts[COLD] += 1
        self.widened += RESERVED + STRIDE
        self._boot(Words())

    def assert_true(self):
        """The truth is within the interval, which is no wider than it may be."""
        ledger = self.ledger
        least_pl, most_pl = ledger.volume_pl(), ledger.most_pl()
        assert least_pl <= self.true_pl <= most_pl
        assert most_pl - least_pl <= self.widened * Fraction(self.pl_per_rev + 10**6, 3200) + 2
        assert sum(ledger.volume_pl(kind) for kind in NAMES) <= least_pl
        assert least_pl - sum(ledger.volume_pl(kind) for kind in NAMES) < len(NAMES)
        assert ledger.most_ng() * 10**9 >= self.true_pl * NG_ML
        model_pl = self.reservoir.volume_pl(most_pl)
        assert self.plant_pl - (most_pl - least_pl) - 2 <= model_pl <= self.plant_pl + 1

    def _calibration(self):
        return Calibrations(self.pl_per_rev, STEPS_PER_REV).current()

    def _boot(self, scratch):
        """A life begins, with what is in flash."""
        self.boots += 1
        self._twins = MirroredRecords((self.files, self.files), "RPI_PICO")
        self.clock, self.ledger = Clock(), Ledger(STEPS_PER_REV)
        self.therapy, self._scratch = Therapy(self._calibration()), scratch
        self.reservoir = Reservoir(REFILL_NL, DEAD_NL)
        delivery = {"clock": self.clock, "ledger": self.ledger, "infusion": self.therapy}
        self.journal = Journal(
            self._twins, log=NoLog(), **delivery, scratch=scratch, watchdog=Fed()
        )
        interruption = Interruption(self.journal, **delivery, scratch=scratch)
        keys = (SETUP, self.reservoir.from_record), (DAY, interruption.take_day)
        past = (PAST, self.therapy.boluses.from_record)
        for key, restore in (*keys, past, (DELIVERY, interruption.take)):
            value = self._twins.load(key)
            assert (value is not None) == (self.boots > 1), key
            if value is not None:
                restore(value)
        assert self._twins.findings == []
        self.emitted = 0
        interruption.count_since()
        self.journal.begin()
        if self.boots > 1:
            assert self.journal.is_interrupted
            assert self.journal.boot == self.boots
            self.journal.confirm(0)

    def _start(self):
        rate_fg_d = 1_000_000 * NG_ML
        self.therapy.day.follow(self.clock.now_us(), Pattern(1, None, rate_fg_d, rate_fg_d))

    def _plan(self, commanded):
        self.journal.planned(self.emitted, commanded, 1, (BASAL, self.pl_per_rev, NG_ML))
        self.journal.queued(self.emitted, commanded)

    def _emit(self, steps):
        """They come out, and are booked under one kind or the other."""
        kind = (BASAL, BASAL, BASAL, CLINICIAN, PATIENT, PERIODIC, JOG)[self.true_steps // 101 % 7]
        batch = (kind, self.pl_per_rev, NG_ML)
        self._come_out(steps, batch)
        self.ledger.add([(steps, batch)])
        self.emitted += steps
        self.clock.us += steps * STEP_US
        self.journal.settle(self.emitted, True)

    def _come_out(self, steps, batch):
        volume_pl = Fraction(steps * batch[1], STEPS_PER_REV)
        self.true_steps += steps
        self.true_pl += volume_pl
        self.plant_pl -= volume_pl


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hows", "weeks"),
    [
        pytest.param((TIMER,), WEEKS, id="watchdog", marks=pytest.mark.long),
        pytest.param((TIMER, WARM, COLD), WEEKS, id="any", marks=pytest.mark.long),
        pytest.param((TIMER, WARM, COLD), WEEKS // 4, id="a quarter"),
    ],
)
def test_a_year_with_a_reset_a_week_never_drifts(hows, weeks, record_property):
    year, chance = Year(), random.Random(1)
    for week in range(weeks):
        year.deliver(7)
        year.reset(hows[week % len(hows)], *chance.choice(((0, 0), (1, 0), (1, 1))))
        year.assert_true()
        if week % 2:
            assert not year.reservoir.is_mismatched
            year.refill()
            year.assert_true()
    ledger = year.ledger
    assert year.true_steps == pytest.approx(weeks * 7 * 16_000, abs=200 * STRIDE)
    if hows == (TIMER,):
        assert ledger.volume_pl() == int(year.true_pl)
        assert ledger.most_pl() - ledger.volume_pl() <= 1
    a_day = year.files.writes / (weeks * 7)
    width_ul = (ledger.most_pl() - ledger.volume_pl()) / 1e6
    record_property(
        "measured",
        f"{weeks} weeks at 1 mL/d, {year.boots - 1} resets ({year.cuts[COLD]} cold):"
        f" {a_day:.0f} writes a day; interval {width_ul:.3f} uL wide",
    )
    assert a_day == pytest.approx(2 * (DAY_S * 1_000_000 / STEP_US / RESERVED + 24), rel=0.03)


@pytest.mark.slow
def test_a_month_with_a_power_cut_in_a_write_a_day_never_drifts():
    year, chance = Year(), random.Random(2)
    for day in range(30):
        year.deliver(1)
        year.deliver_until_cut(chance.randint(1, 60), day % 2)
        year.cold_boot()
        year.assert_true()
        if day % 15 == 14:
            year.refill()
    assert year.cuts[COLD] == 30
