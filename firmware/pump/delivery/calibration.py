# SPDX-License-Identifier: MIT
"""The calibration of the pump head: picolitres per revolution over steps per revolution.

A rational, never rounded to a volume per step. Immutable: a new calibration is a new object, so a
delivery keeps the one it started with.
"""

from micropython import const

_US_PER_DAY = const(86_400_000_000)
_PL_PER_NL = const(1000)
_AG_PER_NG = const(1_000_000_000)  # pl * ng_ml are attograms


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

    def volume_pl(self, steps):
        """The volume of `steps` in picolitres, rounded down."""
        return steps * self.pl_per_rev // self.steps_per_rev
