# SPDX-License-Identifier: MIT
"""REServoir: its capacity, content, refills, and how long it lasts."""

from pump.console.errors import DATA_OUT_OF_RANGE, SETTINGS_CONFLICT, ScpiError
from pump.console.params import VOLUME, optional
from pump.units import fixed, ml, ml_of_pl

_MIN_NL = 1_000_000
_MAX_NL = 500_000_000
_NONE = "NONE"


def rows(staging, reservoir_guard):
    """Rows for the tree."""
    reservoir = reservoir_guard.reservoir

    def resize(capacity_nl):
        if not _MIN_NL <= capacity_nl <= _MAX_NL:
            raise ScpiError(DATA_OUT_OF_RANGE, "1 to 500 ML")
        if reservoir.low_nl > capacity_nl // 2:
            raise ScpiError(SETTINGS_CONFLICT, "REServoir:LOW is above half of it")
        reservoir.resize(capacity_nl, reservoir_guard.most_pl())

    def set_low(low_nl):
        range_nl = reservoir.dead_nl, reservoir.capacity_nl // 2
        if not range_nl[0] <= low_nl <= range_nl[1]:
            ends = ml(range_nl[0]), ml(range_nl[1])
            raise ScpiError(DATA_OUT_OF_RANGE, "%s to %s ML" % ends)
        reservoir.low_nl = low_nl
        reservoir.is_low = False  # judged anew at once, without hysteresis

    def volume():
        volume_pl = reservoir.volume_pl(reservoir_guard.most_pl())
        return _NONE if volume_pl is None else ml_of_pl(volume_pl)

    def last():
        volume_nl, measured_nl, expected_pl = (reservoir.last or (None,) * 3)[:3]
        off = reservoir.discrepancy()
        return (
            _NONE if volume_nl is None else ml(volume_nl),
            _NONE if measured_nl is None else ml(measured_nl),
            _NONE if expected_pl is None else ml_of_pl(expected_pl),
            _NONE if off is None else fixed(off, 1),
        )

    def forecast():
        days = reservoir_guard.forecast(staging.active)
        return [_NONE if count is None else count for count in days]

    yield ("REServoir:CAPacity", resize, VOLUME)
    yield ("REServoir:CAPacity?", lambda: ml(reservoir.capacity_nl))
    yield ("REServoir:VOLume?", volume)
    yield ("REServoir:REFill", reservoir_guard.refill, VOLUME, optional(VOLUME))
    yield ("REServoir:REFill?", last)
    yield ("REServoir:LOW", set_low, VOLUME)
    yield ("REServoir:LOW?", lambda: ml(reservoir.low_nl))
    yield ("REServoir:FORecast?", forecast)
