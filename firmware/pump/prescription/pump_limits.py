# SPDX-License-Identifier: MIT
"""The limits of the pump: its lowest and highest rate, and its smallest volume, a step. Pure."""

from micropython import const

from pump.units import ml_of_pl

_PL_PER_NL = const(1_000)


class PumpLimits:
    """min_nl_d, max_nl_d: nanolitres a day. A step is step_pl_num / step_pl_over picolitres."""

    def __init__(self, min_nl_d, max_nl_d, step_pl_num, step_pl_over):
        self.min_nl_d = min_nl_d
        self.max_nl_d = max_nl_d
        self._step_pl_num = step_pl_num
        self._step_pl_over = step_pl_over

    def steps(self, volume_nl):
        """The number of whole steps in a volume."""
        return volume_nl * _PL_PER_NL * self._step_pl_over // self._step_pl_num

    def drug_ng(self, steps, ng_ml):
        """The drug in a number of steps, in nanograms, rounded down."""
        return steps * self._step_pl_num * ng_ml // (self._step_pl_over * 1_000_000_000)

    def step_text(self):
        """The volume of a step in millilitres, rounded down, as text."""
        return ml_of_pl(self._step_pl_num, self._step_pl_over)
