# SPDX-License-Identifier: MIT
"""A rig: the pump under test, and what else there is to look at or to switch."""

import pytest

from pumpbench import Prescription, Pump, PumpError
from pumpbench.target import Target

ML_PER_REV = "0.2"
CAPACITY_ML = 20
NOTHING_TO_CONFIRM = 129


class Rig:
    """pump: open. where: how it was opened."""

    def __init__(self, pump: Pump, where: str):
        self.pump = pump
        self.where = where
        line = pump._line
        self.target = line if isinstance(line, Target) else None

    def prepare(self):
        """Stop, and bring the pump to where every test begins."""
        pump = self.pump
        pump.tell("*CLS;:THER:STOP;:BOL:ABOR;:PRES:DISC")
        try:
            pump.tell("THER:CONF")
        except PumpError as refused:
            assert refused.number == NOTHING_TO_CONFIRM
        pump.tell(f"MOT:CAL:PERR {ML_PER_REV} ML;:RES:CAP {CAPACITY_ML} ML;LOW 2 ML")
        pump.refill(CAPACITY_ML)
        pump.wait(1)
        if pump.alarms():
            pump.acknowledge()

    def prescribe(self, **fields):
        """Stage and commit a prescription of 500 ug/mL."""
        review = self.pump.prescribe(Prescription(500, **fields))
        self.pump.commit(review, accept=review.soft_limits)

    def uptime_s(self):
        """The pump's own clock."""
        return float(self.pump.ask("SYST:UPT?"))

    def plant(self):
        """What hangs on the pins of a simulated board; skips where nobody sees them."""
        if self.target is None:
            pytest.skip(f"nobody looks at the pins of {self.where}: no logic analyser on this rig")
        return self.target.plant

    def power_cycle(self):
        """Switch the power off and on; skips where nothing can. The pump afterwards."""
        if self.target is None:
            pytest.skip(f"nothing switches the power of {self.where}")
        return Pump(type(self.target)(flash=self.target.flash))
