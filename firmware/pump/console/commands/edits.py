# SPDX-License-Identifier: MIT
"""Edits of the staged prescription: one method for each command that programs a field.

A value that no prescription can have raises ScpiError -222 at once; conflicts between fields are
reported by PRESCription:VALidate?. Refused NOTHING_STAGED when nothing is staged. Every edit
restarts the time after which the staged copy is dropped.
"""

from micropython import const

from pump.console.commands.ranges import (
    DAY_MS,
    require_above_0,
    require_concentration,
    require_dose,
    require_duration,
)
from pump.console.errors import DATA_OUT_OF_RANGE, ScpiError
from pump.room import with_room
from pump.units import NG_D

_MAX_DRUG = const(32)  # characters


class Edits:
    """staging: has `staged` and `touched`."""

    def __init__(self, staging):
        self._staging = staging

    def drug(self, name):
        if len(name) > _MAX_DRUG:
            raise ScpiError(DATA_OUT_OF_RANGE, "at most %d characters" % _MAX_DRUG)
        self._set("drug", name)

    def concentration(self, ng_ml):
        require_concentration(ng_ml)
        self._set("concentration_ng_ml", ng_ml)

    def indication(self, name):
        self._set("indication", name)

    def mode(self, name):
        self._set("mode", name)

    def rate(self, rate):
        require_above_0(rate[1])
        unit, amount = rate
        staged = self._staging.staged()
        if unit == NG_D:
            staged.program_dose(amount)
        else:
            staged.program_volume(amount)
        self._staging.touched()

    def flex_clear(self):
        self._staging.staged().flex.clear()
        self._staging.touched()

    def flex_step(self, days, from_min, rate, to_min=None):
        require_above_0(rate[1])
        with_room(self._staging.staged().flex.add, days, from_min, rate, to_min)
        self._staging.touched()

    def periodic_dose(self, dose_ng, duration_ms, interval_ms):
        require_dose(dose_ng)
        require_duration(duration_ms)
        require_above_0(interval_ms)
        staged = self._staging.staged()
        staged.periodic_ng = dose_ng
        staged.periodic_duration_ms = duration_ms
        staged.periodic_interval_ms = interval_ms
        self._staging.touched()

    def patient_dose(self, dose_ng, duration_ms):
        require_dose(dose_ng)
        require_duration(duration_ms)
        staged = self._staging.staged()
        staged.patient_ng = dose_ng
        staged.patient_duration_ms = duration_ms
        self._staging.touched()

    def patient_lockout(self, lockout_ms):
        if lockout_ms > DAY_MS:
            raise ScpiError(DATA_OUT_OF_RANGE, "at most 1 D: a lockout longer than a day")
        require_above_0(lockout_ms)
        self._set("patient_lockout_ms", lockout_ms)

    def patient_maximum(self, count):
        self._set("patient_maximum", count)

    def patient_clear(self):
        staged = self._staging.staged()
        staged.patient_ng = staged.patient_duration_ms = 0
        staged.patient_lockout_ms = staged.patient_maximum = 0
        self._staging.touched()

    def limit_rate(self, rate):
        require_above_0(rate[1])
        self._set("limit_rate", rate)

    def limit_bolus(self, dose_ng):
        require_dose(dose_ng)
        self._set("limit_bolus_ng", dose_ng)

    def limit_day(self, dose_ng):
        require_above_0(dose_ng)
        self._set("limit_day_ng", dose_ng)

    def limit_clear(self):
        staged = self._staging.staged()
        staged.limit_rate = None
        staged.limit_bolus_ng = staged.limit_day_ng = 0
        self._staging.touched()

    def _set(self, field, value):
        setattr(self._staging.staged(), field, value)
        self._staging.touched()
