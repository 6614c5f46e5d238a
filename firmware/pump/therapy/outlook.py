# SPDX-License-Identifier: MIT
"""The outlook: what a prescription would deliver from an instant on, boluses apart.

As rows (at_us, schedule, ng_ml), in order, the form in which the window counts it. The wall clock
places a day pattern, the grid the periodic doses; asking changes neither.
"""

from pump.therapy.grid import Grid
from pump.therapy.regimen import regular
from pump.therapy.schedule import Constant
from pump.therapy.wall import Wall


class Outlook:
    """min_nl_d: the slowest rate of the pump."""

    def __init__(self, min_nl_d):
        self.wall = Wall()
        self.grid = Grid()
        self._min_nl_d = min_nl_d

    def row(self, prescription, at_us, wall=None):
        """Its regular therapy from `at_us` on; by another wall clock than the one in use."""
        schedule = regular(
            prescription,
            at_us,
            wall=wall or self.wall,
            grid_us=self.grid.anchor_for(prescription, at_us),
            min_nl_d=self._min_nl_d,
        )
        return at_us, schedule, prescription.concentration_ng_ml

    def bridged(self, prescription, at_us, dose, rate_nl_d):
        """A bridge from `at_us` on, and the regular therapy after it."""
        after = self.row(prescription, at_us + dose.duration_us)
        return (at_us, Constant(rate_nl_d), dose.ng_ml), after
