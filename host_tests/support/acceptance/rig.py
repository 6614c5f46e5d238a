# SPDX-License-Identifier: MIT
"""A rig: the pump under test, its wires, and what switches its power."""

import time
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from host_tests.support.acceptance.plugged import PluggedPump
from host_tests.support.acceptance.power_cycle import power_of
from host_tests.support.acceptance.wires import wires_of
from host_tests.support.errors import NOTHING_TO_CONFIRM
from pumpbench import Prescription, Pump, PumpError
from pumpbench.hil.power import NoSwitch
from pumpbench.targets.target import Target

ML_PER_REV = "0.2"
CAPACITY_ML = 20
ROUNDING_ML = 1e-6
_QUICK = ("sim", "unix")


class Rig:
    """pump: open. where: how it was opened. power, wires: what the options say of them."""

    def __init__(self, pump: Pump, where: str, *, power: str | None, wires: str | None):
        self.where = where
        self._hold(pump)
        self.power = power_of(where, self.target is not None, power)
        self.wires = wires_of(pump, self.target, wires)

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

    def close(self):
        """Let go of the pump, of the wires and of the switch."""
        self.wires.close()
        self.power.close()
        self.pump.close()

    def prescribe(self, **fields):
        """Stage and commit a prescription of 500 ug/mL."""
        review = self.pump.prescribe(Prescription(500, **fields))
        self.pump.commit(review, accept=review.soft_limits)

    def uptime_s(self):
        """The pump's own clock."""
        return float(self.pump.ask("SYST:UPT?"))

    def clock_s(self):
        """The clock of the bench, simulated where the board is."""
        return time.monotonic() if self.target is None else self.target.now_ns / 1e9

    def interval_ml(self):
        """(least, most) that went out in the life of the pump; skips where it does not know."""
        least, most = self.pump.ask("DEL:INT?").split(",")
        if most == "NONE":
            pytest.skip("this pump has lost its account: DEL:INT? has no upper bound any more")
        return float(least), float(most)

    def told_since(self, before_ml):
        """(least, most) mL that went out since `interval_ml` was that; the answers are rounded."""
        least, most = (now - then for now, then in zip(self.interval_ml(), before_ml, strict=True))
        return max(0.0, round(least - ROUNDING_ML, 6)), round(most + ROUNDING_ML, 6)

    @contextmanager
    def wall_clock(self):
        """Yields what sets the pump's wall clock, `YYYY-MM-DDTHH:MM:SS`; afterwards it goes right.

        One that was never set cannot be so again: a board then has the time of this computer.
        """
        before, began_s = self.pump.ask("SYST:TIME?").split(",")[0], self.clock_s()
        try:
            yield lambda text: self.pump.tell(f"SYST:TIME {text}")
        finally:
            now = datetime.now()
            if before != "NONE":
                now = datetime.fromisoformat(before) + timedelta(seconds=self.clock_s() - began_s)
            if before != "NONE" or self.target is None:
                self.pump.tell(f"SYST:TIME {now.isoformat(timespec='seconds')}")

    def need_minutes(self, minutes):
        """Skip where so many minutes take as long as that."""
        if self.target is None or self.target.name not in _QUICK:
            pytest.skip(
                f"it takes {minutes} minutes of waiting; make hil TARGET=sim does it at once"
            )

    def host_goes(self, seconds):
        """The host leaves an answer and half a line behind, and is away; `pump` is the new one.

        A port is closed and opened. At a simulated board nobody reads or writes meanwhile.
        """
        self.pump._line.write(b"DEL:STEP?\nPRES:RA")
        if self.target is None:
            self.pump.close()
            time.sleep(seconds)
            pump = PluggedPump.open(self.where, reopen_s=0)
        else:
            self.target.run(seconds)
            pump = PluggedPump(self.target)
            pump.synchronise()
        pump.tell("*CLS")
        self._hold(pump)
        self.wires.move_to(pump, self.target)

    def plant(self):
        """What hangs on the pins of a simulated board; skips where nobody sees them."""
        if self.target is None:
            pytest.skip(f"nobody sees the lamps and the driver's pins of {self.where}")
        return self.target.plant

    def power_cycle(self):
        """Switch the power off and on; s of `clock_s` when it was gone. `pump` is the new one."""
        emitted = self.pump.steps().emitted
        try:
            pump, cut_s = self.power.cycle(self.pump)
        except NoSwitch as why:
            pytest.fail(str(why), pytrace=False)
        self._hold(pump)
        self.wires.move_to(pump, self.target)
        if pump.steps().emitted >= emitted > 0:
            pytest.fail(f"{self.power} says it has cut the power, and the pump kept its count")
        return cut_s

    def _hold(self, pump):
        self.pump = pump
        line = pump._line
        self.target = line if isinstance(line, Target) else None
