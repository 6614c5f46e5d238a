# SPDX-License-Identifier: MIT
"""The ledger: every emitted step belongs to one kind of delivery; their sum is the emitted count.

Pure. Volumes are kept as exact rationals of the calibration in force when the steps went out, so a
later calibration never rewrites them.
"""

from micropython import const

from pump.kinds import NAMES

# 1 pL at 1 ng/mL holds 1e-9 mL of 1 ng/mL: 1e-9 ng, an attogram.
_AG_PER_NG = const(1_000_000_000)


class Ledger:
    """Steps, volume and drug delivered since boot, per kind."""

    def __init__(self, steps_per_rev):
        self._steps_per_rev = steps_per_rev
        self._steps = dict.fromkeys(NAMES, 0)
        self._volume = dict.fromkeys(NAMES, 0)  # picolitres times steps_per_rev
        self._drug = 0  # attograms times steps_per_rev

    def add(self, steps, batch):
        """Book `steps` sent out as `batch`: (kind, pl_per_rev, ng_ml); ng_ml 0 means no drug."""
        kind, pl_per_rev, ng_ml = batch
        self._steps[kind] += steps
        self._volume[kind] += steps * pl_per_rev
        self._drug += steps * pl_per_rev * ng_ml

    def steps(self, kind=None):
        """Steps emitted, of one kind or of all."""
        return sum(self._steps.values()) if kind is None else self._steps[kind]

    def volume_pl(self, kind=None):
        """Volume delivered in picolitres, rounded down, of one kind or of all."""
        volume = sum(self._volume.values()) if kind is None else self._volume[kind]
        return volume // self._steps_per_rev

    def most_pl(self):
        """The most that can have been delivered, in picolitres."""
        return self.volume_pl()

    def drug_ng(self):
        """Drug delivered in nanograms, rounded down."""
        return self._drug // (self._steps_per_rev * _AG_PER_NG)
