# SPDX-License-Identifier: MIT
"""The calibration of the pump head: picolitres per revolution over steps per revolution.

A rational, never rounded to a volume per step. Immutable: a new calibration is a new object, so a
delivery keeps the one it started with. `Calibrations` has the one in force and those before. Pure.
"""

from micropython import const

from pump.faults import IMPLAUSIBLE, NO_CALIBRATION_RUN, Refused
from pump.units import ml_of_pl

MIN_PL = const(1_000_000)  # what a revolution of any peristaltic head of this size can be
MAX_PL = const(10_000_000_000)

_US_PER_DAY = const(86_400_000_000)
_PL_PER_NL = const(1000)
_AG_PER_FG = const(1000)
_AG_PER_NG = const(1_000_000_000)  # pl * ng_ml are attograms
_MOST = const(8)  # calibrations remembered
_LEAST_PCT = const(80)  # of the old one, that another one can be: a head does not change more
_MOST_PCT = const(120)


def is_plausible(pl_per_rev, before):
    """Whether a head that moved `before` a revolution can move that by now."""
    return before * _LEAST_PCT <= pl_per_rev * 100 <= before * _MOST_PCT


class Calibration:
    """`pl_per_rev` picolitres leave the head in one revolution of `steps_per_rev` microsteps."""

    def __init__(self, pl_per_rev, steps_per_rev):
        self.pl_per_rev = pl_per_rev
        self.steps_per_rev = steps_per_rev

    def step_in_nl_d_us(self):
        """What one step is worth in nanolitres per day times microseconds, as (amount, over)."""
        return self.pl_per_rev * _US_PER_DAY, _PL_PER_NL * self.steps_per_rev

    def steps_in(self, amount):
        """Whole steps in an amount of nanolitres per day times microseconds."""
        step, over = self.step_in_nl_d_us()
        return amount * over // step

    def drug_ng(self, steps, ng_ml):
        """The drug in `steps` in nanograms, rounded down."""
        return self.volume_pl(steps) * ng_ml // _AG_PER_NG

    def drug_fg(self, steps, ng_ml):
        """The drug in `steps` in femtograms, rounded up."""
        return -(-steps * self.pl_per_rev * ng_ml // (_AG_PER_FG * self.steps_per_rev))

    def volume_pl(self, steps):
        """The volume of `steps` in picolitres, rounded down."""
        return steps * self.pl_per_rev // self.steps_per_rev


class Calibrations:
    """The calibration in force, the last ones, and the run that the next one is measured by.

    pl_per_rev: of the board's data; 0: not calibrated, the volume of a step is not known.
    history: (microseconds of the pump's life, pl_per_rev) of those that were set, newest first.
    """

    def __init__(self, pl_per_rev, steps_per_rev):
        self._pl_per_rev = pl_per_rev
        self._steps_per_rev = steps_per_rev
        self.history = []
        self.forget()

    def current(self):
        """The `Calibration` in force."""
        return Calibration(self._pl_per_rev, self._steps_per_rev)

    def set(self, pl_per_rev, now_us):
        """Another one is in force. Returns the one before, to `take_back`."""
        before = self._pl_per_rev, self.history
        self._pl_per_rev = pl_per_rev
        self.history = [(now_us, pl_per_rev)] + self.history[: _MOST - 1]
        return before

    def take_back(self, before):
        """What `set` has answered is in force again."""
        self._pl_per_rev, self.history = before

    def begin(self, emitted, steps, begun):
        """A run of `steps` has begun: after `emitted` ones, as the delivery numbered `begun`."""
        self._run = emitted + steps, steps, begun

    def forget(self):
        """There is no run to measure by."""
        self._run = 0, 0, 0

    def run_steps(self, emitted, begun):
        """The steps of the last run; refused unless it came to its end and nothing moved since.

        emitted: steps now. begun: the number of the last delivery.
        """
        until, steps, number = self._run
        if not steps or (emitted, begun) != (until, number):
            raise Refused(NO_CALIBRATION_RUN)
        return steps

    def measured_pl(self, volume_nl, steps):
        """A revolution when `steps` gave that volume, rounded down; refused where implausible."""
        volume_pl, old = volume_nl * _PL_PER_NL * self._steps_per_rev, self._pl_per_rev
        low, high = MIN_PL * 100, MAX_PL * 100
        if old:
            low, high = max(low, old * _LEAST_PCT), min(high, old * _MOST_PCT)
        if not low * steps <= volume_pl * 100 <= high * steps:
            ends = ml_of_pl(volume_pl, steps), ml_of_pl(low, 100), ml_of_pl(high, 100)
            raise Refused(IMPLAUSIBLE, "%s mL a revolution; %s to %s" % ends)
        return volume_pl // steps

    def lose(self):
        """Nobody knows what a step is worth: not calibrated."""
        self._pl_per_rev = 0
        self.forget()

    def to_record(self):
        """[pl_per_rev, then each of the history], as JSON can keep it."""
        return [self._pl_per_rev] + [list(row) for row in self.history]

    def from_record(self, record):
        """Be again what `to_record` told; a run is lost."""
        self._pl_per_rev = record[0]
        self.history = [tuple(row) for row in record[1:]]
        self.forget()
