# SPDX-License-Identifier: MIT
"""The condition bits of the SCPI status registers, kept up to date by a task and after commands.

STATus:OPERation     bit 8, 256  the prescription is being delivered
                     bit 9, 512  the motor jogs
STATus:QUEStionable  bit 9, 512  a fault has stopped the pump
"""

from micropython import const

from pump.state import FAULT

TREATING = const(1 << 8)
JOGGING = const(1 << 9)
FAULTED = const(1 << 9)


class Conditions:
    """status: the registers. control, dispenser: what they tell about."""

    def __init__(self, status, control, dispenser):
        self._status = status
        self._control = control
        self._dispenser = dispenser

    def poll(self, _now_us):
        """Bring the conditions up to date, at every wake."""
        self.refresh()

    def refresh(self):
        """Bring the conditions up to date."""
        is_treating = self._control.is_treating()
        is_jogging = self._dispenser.is_active() and not is_treating
        self._status.operation.update(TREATING, is_treating)
        self._status.operation.update(JOGGING, is_jogging)
        self._status.questionable.update(FAULTED, self._control.state() == FAULT)
