# SPDX-License-Identifier: MIT
"""BOLus, PRIMe, BRIDge: doses in addition to the regular therapy, one at a time."""

from micropython import const

from pump.console.commands.ranges import (
    DAY_MS,
    require_concentration,
    require_dose,
    require_duration,
)
from pump.console.errors import DATA_OUT_OF_RANGE, ScpiError
from pump.console.params import CONCENTRATION, DOSE, RATE, TIME, VOLUME, decimal, integer_between
from pump.kinds import NAMES
from pump.therapy.dead_volume import catheter_nl
from pump.units import NL_D, ml, seconds, ug

_MIN_NL = const(1_000)
_MAX_NL = const(5_000_000)
_MM_DECIMALS = const(3)
_MAX_DIAMETER_UM = const(5_000)
_MAX_LENGTH_UM = const(2_000_000)


def rows(bolus_orders, progress, boluses):
    """Rows for the tree."""

    def start(dose_ng, duration_ms):
        require_dose(dose_ng)
        require_duration(duration_ms)
        bolus_orders.bolus(dose_ng, duration_ms)

    def trial(dose_ng, duration_ms, observation_ms):
        require_dose(dose_ng)
        require_duration(duration_ms)
        require_duration(observation_ms, 2 * DAY_MS)
        bolus_orders.trial(dose_ng, duration_ms, observation_ms)

    def state():
        kind, programmed_ng, given_ng, left_us = progress.dose() or ("NONE", 0, 0, 0)
        return kind, ug(programmed_ng), ug(given_ng), _seconds(left_us)

    def next_periodic():
        found = progress.next_periodic()
        return "NONE" if found is None else (_seconds(found[0]), ug(found[1]))

    def history(count):
        progress.dose()  # puts a dose that has just ended on record
        return [field for record in boluses.last(count) for field in _fields(record)] or "NONE"

    def patient():
        wait_us, _ = bolus_orders.patient_wait()
        counts = boluses.given, boluses.refused, boluses.locked_out
        return counts + (_seconds(wait_us),)

    yield ("BOLus:STARt", start, DOSE, TIME)
    yield ("BOLus:PATient", bolus_orders.patient)
    yield ("BOLus:TRIal", trial, DOSE, TIME, TIME)
    yield ("BOLus:ABORt", bolus_orders.abort)
    yield ("BOLus:STATe?", state)
    yield ("BOLus:HISTory?", history, integer_between(1, 32))
    yield ("BOLus:PATient?", patient)
    yield ("PRES|PRESCription:PERiodic:NEXT?", next_periodic)
    yield ("PRIMe:STARt", lambda *prime: _prime(bolus_orders, *prime), VOLUME, RATE)
    yield ("PRIMe:CATHeter?", _catheter, decimal(_MM_DECIMALS), decimal(_MM_DECIMALS))
    yield ("PRIMe:ABORt", bolus_orders.abort)
    yield ("BRIDge:STARt", lambda *dose: _bridge(bolus_orders, *dose), CONCENTRATION, VOLUME)


def _prime(bolus_orders, volume_nl, rate):
    unit, amount = rate
    if unit != NL_D:
        raise ScpiError(DATA_OUT_OF_RANGE, "a prime is volume: ML/D, ML/HR, ML/MIN ...")
    bolus_orders.prime(_volume(volume_nl), amount)


def _bridge(bolus_orders, ng_ml, volume_nl):
    require_concentration(ng_ml)
    bolus_orders.bridge(ng_ml, _volume(volume_nl))


def _catheter(diameter_um, length_um):
    if not (0 < diameter_um <= _MAX_DIAMETER_UM and 0 < length_um <= _MAX_LENGTH_UM):
        raise ScpiError(DATA_OUT_OF_RANGE, "diameter up to 5 mm, length up to 2000 mm")
    return ml(catheter_nl(diameter_um, length_um))


def _volume(volume_nl):
    if not _MIN_NL <= volume_nl <= _MAX_NL:
        raise ScpiError(DATA_OUT_OF_RANGE, "0.001 to 5 ML")
    return volume_nl


def _fields(record):
    """id, kind, programmed ug, delivered ug, start in s since power-up, outcome."""
    return (
        record.id,
        NAMES[record.kind],
        ug(record.programmed_ng),
        ug(record.given_ng),
        _seconds(record.start_us),
        record.outcome or "UNDERWAY",
    )


def _seconds(time_us):
    """Seconds with 3 decimals, rounded up: a wait is never shown shorter than it is."""
    return seconds(-(-time_us // 1000))
