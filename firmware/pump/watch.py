# SPDX-License-Identifier: MIT
"""The watch: tells the alarms what is true of the pump. It decides and stops nothing."""

from pump.alarm.conditions import CLOCK_NOT_SET, PROGRAMMING_DROPPED, PROGRAMMING_OPEN
from pump.therapy.prescription import FLEX


class Watch:
    """alarms: the alarm manager. treatment, staging: what is watched."""

    def __init__(self, alarms, treatment, staging):
        self._alarms = alarms
        self._treatment = treatment
        self._staging = staging

    def poll(self, _now_us):
        """Bring the alarms up to date, at every wake."""
        self._alarms.set(CLOCK_NOT_SET, self._needs_wall())
        self._alarms.set(PROGRAMMING_OPEN, self._staging.is_left_open)
        self._alarms.set(PROGRAMMING_DROPPED, self._staging.was_dropped)

    def _needs_wall(self):
        """True while a day pattern is delivered without a wall clock that can be relied on."""
        treatment = self._treatment
        if not treatment.is_regular() or treatment.prescription.mode != FLEX:
            return False
        return not treatment.outlook.wall.is_set
