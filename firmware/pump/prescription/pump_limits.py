# SPDX-License-Identifier: MIT
"""What the pump can do: its slowest and fastest rate, and its smallest volume, one step. Pure."""

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
        """How many whole steps a volume holds."""
        return volume_nl * _PL_PER_NL * self._step_pl_over // self._step_pl_num

    def drug_ng(self, steps, ng_ml):
        """The drug in so many steps, in nanograms, rounded down."""
        return steps * self._step_pl_num * ng_ml // (self._step_pl_over * 1_000_000_000)

    def step_text(self):
        """A step in millilitres, rounded down."""
        return ml_of_pl(self._step_pl_num, self._step_pl_over)
