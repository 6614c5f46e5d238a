# SPDX-License-Identifier: MIT
"""Ranges of doses, durations and concentrations that hold everywhere. ScpiError -222 outside.

Limits of a prescription or of a pump are not checked here.
"""

from micropython import const

from pump.console.errors import DATA_OUT_OF_RANGE, ScpiError

DAY_MS = const(86_400_000)
_MIN_NG_ML = const(100)  # covers any drug in a bench pump
_MAX_NG_ML = const(10_000_000)
_MAX_DOSE_NG = const(100_000_000)
_MIN_DURATION_MS = const(5_000)


def require_above_0(value):
    if not value:
        raise ScpiError(DATA_OUT_OF_RANGE, "above 0")


def require_concentration(ng_ml):
    if not _MIN_NG_ML <= ng_ml <= _MAX_NG_ML:
        raise ScpiError(DATA_OUT_OF_RANGE, "0.1 to 10000 UG/ML")


def require_dose(dose_ng):
    if not 0 < dose_ng <= _MAX_DOSE_NG:
        raise ScpiError(DATA_OUT_OF_RANGE, "a dose above 0, up to 100 MG")


def require_duration(duration_ms, most_ms=DAY_MS):
    if not _MIN_DURATION_MS <= duration_ms <= most_ms:
        raise ScpiError(DATA_OUT_OF_RANGE, "a duration of 5 S to %d HR" % (most_ms // 3_600_000))
