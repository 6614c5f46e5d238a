# SPDX-License-Identifier: MIT
"""The condition bits of the SCPI status registers, kept up to date by a task and after commands.

STATus:OPERation     bit 8, 256    the prescription is being delivered
                     bit 9, 512    the motor jogs
                     bit 10, 1024  a bolus, bridge, prime or trial dose is being given
                     bit 11, 2048  a trial is under observation
STATus:QUEStionable  bit 9, 512    a fault has stopped the pump
                     bit 10, 1024  an alarm of priority HIGH is shown; each new one is an event
                     bit 11, 2048  one of MEDIUM
                     bit 12, 4096  one of LOW
"""

from micropython import const

from pump.alarm.conditions import PRIORITIES
from pump.state import FAULT, JOG, OBSERVATION

TREATING = const(1 << 8)
JOGGING = const(1 << 9)
GIVING = const(1 << 10)
OBSERVING = const(1 << 11)
FAULTED = const(1 << 9)
ALARMED = const(1 << 10)  # of HIGH; one bit further for each priority below


class Conditions:
    """status: the registers. orders, alarms: the sources of the condition bits."""

    def __init__(self, status, orders, alarms):
        self._status = status
        self._orders = orders
        self._alarms = alarms
        self._version = -1

    def poll(self, _now_us):
        """Bring the conditions up to date, at every wake."""
        self.refresh()

    def refresh(self):
        """Bring the conditions up to date, at once."""
        infusion = self._orders.infusion
        infusion.poll(0)
        operation, questionable = self._status.operation, self._status.questionable
        operation.update(TREATING, infusion.is_regular())
        operation.update(JOGGING, infusion.mode.name == JOG)
        operation.update(GIVING, infusion.is_giving())
        operation.update(OBSERVING, infusion.mode.name == OBSERVATION)
        questionable.update(FAULTED, self._orders.state() == FAULT)
        if self._alarms.version == self._version:
            return
        self._version = self._alarms.version
        new = self._alarms.take_new()
        for rank, priority in enumerate(PRIORITIES):
            questionable.update(ALARMED << rank, self._alarms.has(priority))
            questionable.signal((new & 1 << rank) * ALARMED)
