# SPDX-License-Identifier: MIT
"""Edits of the staged prescription: one method for each command that programs a field.

A value that no prescription can have is out of range at once; what is merely wrong together with
the others is for PRESCription:VALidate?. Refused when nothing is staged. Every edit restarts the
time after which the staged copy is dropped.
"""

from micropython import const

from pump.console.errors import DATA_OUT_OF_RANGE, ScpiError
from pump.units import NG_D

_MIN_NG_ML = const(100)  # any drug in a bench pump lies within
_MAX_NG_ML = const(10_000_000)
_MAX_DOSE_NG = const(100_000_000)
_MIN_DURATION_MS = const(5_000)
_DAY_MS = const(86_400_000)
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
        if not _MIN_NG_ML <= ng_ml <= _MAX_NG_ML:
            raise ScpiError(DATA_OUT_OF_RANGE, "0.1 to 10000 UG/ML")
        self._set("concentration_ng_ml", ng_ml)

    def indication(self, name):
        self._set("indication", name)

    def mode(self, name):
        self._set("mode", name)

    def rate(self, rate):
        _need_above_0(rate[1])
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
        _need_above_0(rate[1])
        self._staging.staged().flex.add(days, from_min, rate, to_min)
        self._staging.touched()

    def periodic_dose(self, dose_ng, duration_ms, interval_ms):
        _need_dose(dose_ng)
        _need_duration(duration_ms)
        _need_above_0(interval_ms)
        staged = self._staging.staged()
        staged.periodic_ng = dose_ng
        staged.periodic_duration_ms = duration_ms
        staged.periodic_interval_ms = interval_ms
        self._staging.touched()

    def patient_dose(self, dose_ng, duration_ms):
        _need_dose(dose_ng)
        _need_duration(duration_ms)
        staged = self._staging.staged()
        staged.patient_ng = dose_ng
        staged.patient_duration_ms = duration_ms
        self._staging.touched()

    def patient_lockout(self, lockout_ms):
        if lockout_ms > _DAY_MS:
            raise ScpiError(DATA_OUT_OF_RANGE, "at most 1 D: a lockout longer than a day")
        _need_above_0(lockout_ms)
        self._set("patient_lockout_ms", lockout_ms)

    def patient_maximum(self, count):
        self._set("patient_maximum", count)

    def patient_clear(self):
        staged = self._staging.staged()
        staged.patient_ng = staged.patient_duration_ms = 0
        staged.patient_lockout_ms = staged.patient_maximum = 0
        self._staging.touched()

    def limit_rate(self, rate):
        _need_above_0(rate[1])
        self._set("limit_rate", rate)

    def limit_bolus(self, dose_ng):
        _need_dose(dose_ng)
        self._set("limit_bolus_ng", dose_ng)

    def limit_day(self, dose_ng):
        _need_above_0(dose_ng)
        self._set("limit_day_ng", dose_ng)

    def limit_clear(self):
        staged = self._staging.staged()
        staged.limit_rate = None
        staged.limit_bolus_ng = staged.limit_day_ng = 0
        self._staging.touched()

    def _set(self, field, value):
        setattr(self._staging.staged(), field, value)
        self._staging.touched()


def _need_above_0(value):
    if not value:
        raise ScpiError(DATA_OUT_OF_RANGE, "above 0")


def _need_dose(dose_ng):
    if not 0 < dose_ng <= _MAX_DOSE_NG:
        raise ScpiError(DATA_OUT_OF_RANGE, "a dose above 0, up to 100 MG")


def _need_duration(duration_ms):
    if not _MIN_DURATION_MS <= duration_ms <= _DAY_MS:
        raise ScpiError(DATA_OUT_OF_RANGE, "a duration of 5 S to 24 HR")
