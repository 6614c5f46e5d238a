# SPDX-License-Identifier: MIT
"""The calibration of the pump head: picolitres per revolution over steps per revolution.

A rational, never rounded to a volume per step. Immutable: a new calibration is a new object, so a
delivery keeps the one it started with. `Calibrations` holds the current one and the history. Pure.
"""

from micropython import const

from pump.faults import IMPLAUSIBLE, NO_CALIBRATION_RUN, Refused
from pump.units import ml_of_pl

MIN_PL = const(1_000_000)  # range of a revolution, for any peristaltic head of this size
MAX_PL = const(10_000_000_000)

_US_PER_DAY = const(86_400_000_000)
_PL_PER_NL = const(1000)
_AG_PER_FG = const(1000)
_AG_PER_NG = const(1_000_000_000)  # pl * ng_ml are attograms
_MOST = const(8)  # calibrations remembered
_LEAST_PCT = const(80)  # range of a new one, of the old one: a head does not change more
_MOST_PCT = const(120)


def is_plausible(pl_per_rev, before):
    """Whether `pl_per_rev` is within 80 to 120 % of `before`, the earlier calibration."""
    return before * _LEAST_PCT <= pl_per_rev * 100 <= before * _MOST_PCT


class Calibration:
    """`pl_per_rev` picolitres leave the head in one revolution of `steps_per_rev` microsteps."""

    def __init__(self, pl_per_rev, steps_per_rev):
        self.pl_per_rev = pl_per_rev
        self.steps_per_rev = steps_per_rev

    def step_in_nl_d_us(self):
        """The volume of one step in nL/d times us, as the fraction (amount, over)."""
        return self.pl_per_rev * _US_PER_DAY, _PL_PER_NL * self.steps_per_rev

    def steps_in(self, amount):
        """Whole steps in `amount`, in nL/d times us."""
        step, over = self.step_in_nl_d_us()
        return amount * over // step

    def drug_ng(self, steps, ng_ml):
        """The drug in `steps` at concentration `ng_ml`, in nanograms, rounded down."""
        return self.volume_pl(steps) * ng_ml // _AG_PER_NG

    def drug_fg(self, steps, ng_ml):
        """The drug in `steps` at concentration `ng_ml`, in femtograms, rounded up."""
        return -(-steps * self.pl_per_rev * ng_ml // (_AG_PER_FG * self.steps_per_rev))

    def volume_pl(self, steps):
        """The volume of `steps` in picolitres, rounded down."""
        return steps * self.pl_per_rev // self.steps_per_rev


class Calibrations:
    """The current calibration, the last ones, and the run to measure the next one by.

    pl_per_rev: of the board's data; 0: not calibrated, the volume of a step is unknown. history:
    (microseconds of the pump's life, pl_per_rev) of those that were set, newest first.
    """

    def __init__(self, pl_per_rev, steps_per_rev):
        self._pl_per_rev = pl_per_rev
        self._steps_per_rev = steps_per_rev
        self.history = []
        self.forget()

    def current(self):
        """The current `Calibration`."""
        return Calibration(self._pl_per_rev, self._steps_per_rev)

    def set(self, pl_per_rev, now_us):
        """Make another calibration current. Returns the state before, for `take_back`."""
        before = self._pl_per_rev, self.history
        self._pl_per_rev = pl_per_rev
        self.history = [(now_us, pl_per_rev)] + self.history[: _MOST - 1]
        return before

    def take_back(self, before):
        """Undo a `set`, given its result."""
        self._pl_per_rev, self.history = before

    def begin(self, emitted, steps, begun):
        """A calibration run has begun: `steps` from `emitted` on, as delivery number `begun`."""
        self._run = emitted + steps, steps, begun

    def forget(self):
        """Forget the calibration run."""
        self._run = 0, 0, 0

    def run_steps(self, emitted, begun):
        """The steps of the last run. Refused NO_CALIBRATION_RUN unless it is complete.

        Also refused when anything has moved since. emitted: steps emitted now. begun: the number
        of the last delivery.
        """
        until, steps, number = self._run
        if not steps or (emitted, begun) != (until, number):
            raise Refused(NO_CALIBRATION_RUN)
        return steps

    def measured_pl(self, volume_nl, steps):
        """Picolitres per revolution if `steps` gave `volume_nl`. Refused IMPLAUSIBLE."""
        volume_pl, old = volume_nl * _PL_PER_NL * self._steps_per_rev, self._pl_per_rev
        low, high = MIN_PL * 100, MAX_PL * 100
        if old:
            low, high = max(low, old * _LEAST_PCT), min(high, old * _MOST_PCT)
        if not low * steps <= volume_pl * 100 <= high * steps:
            ends = ml_of_pl(volume_pl, steps), ml_of_pl(low, 100), ml_of_pl(high, 100)
            raise Refused(IMPLAUSIBLE, "%s mL a revolution; %s to %s" % ends)
        return volume_pl // steps

    def lose(self):
        """The record is lost: not calibrated."""
        self._pl_per_rev = 0
        self.forget()

    def to_record(self):
        """[pl_per_rev, then [us, pl_per_rev] of each in the history], for JSON."""
        return [self._pl_per_rev] + [list(row) for row in self.history]

    def from_record(self, record):
        """Restore the state that `to_record` returned; a run is forgotten."""
        self._pl_per_rev = record[0]
        self.history = [tuple(row) for row in record[1:]]
        self.forget()
