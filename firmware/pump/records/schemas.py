# SPDX-License-Identifier: MIT
"""Shapes of the records: the types of value that each must consist of before it is accepted.

Needed at power-up only. A checksum proves that a record is as it was written, not that this
firmware wrote it. A shape is a type; a tuple: a list of exactly these shapes; a list: one that may
repeat its last shape any number of times; a dict {None: shape}: that shape, or None.
"""

from pump.kinds import NAMES

_FG_PER_NG = 1_000_000
_LEAST_FG = 32_000_000  # as in `daily_past`
_PART = (int, int, int)
_DOSE = (int, int, int, int, int, int)  # under way: id, kind, programmed, start, duration, given
_RECORD = (int, int, int, int, int, int, int, str)  # of a bolus that is over
_KINDS = (int,) * len(NAMES)
_LEDGER = (int, _KINDS, _KINDS, (int,) * 6, bool)
_PRESCRIPTION = (str, int, str, str) + (int,) * 9 + ({None: (str, int)}, int, int)
_PATTERN = (int, {None: int}, {None: int}, int)
_DAY = ((int, (int, int), (int, int), [[int]]), _PATTERN, int)
_OLD_DAY = ((int, (int, int), (int, int), [int]), _PATTERN, int)  # its portions in one list
_REFILL = (int, {None: int}, {None: int}, int)
_RESERVOIR = (int, int, {None: int}, int, (int, int, int), {None: _REFILL})
_LINE = (int, bool, str)
_PERIODIC = {None: (int, int, int)}
_GRID = (_PERIODIC, _PERIODIC, (int, int, {None: int}), bool)
_SETTINGS = (str, bool, str, [str])
_CALIBRATIONS = [int, (int, int)]

SCHEMAS = {
    "alarms": ((int, [(int, int)]), (int, {None: int})),
    "delivery": (int, int, bool, (int, int, int), (int, int), _LEDGER, {None: _DOSE}, int),
    "past": (int, (int, int, int), [(int, int)], [_RECORD]),
    "day": (_DAY, int),
    "prescription": (_PRESCRIPTION, ([int], [int]), int),
    "titration": [((int,) * 7, (int,) * 7, int)],
    "setup": (
        _SETTINGS,
        {None: int},
        _LINE,
        _CALIBRATIONS,
        _RESERVOIR,
        (str, int),
        int,
        _GRID,
    ),
}
LOCK_PLACE = 5  # in a setup
NO_LOCK = ["", 0]
_NO_GRID = [None, None, [0, 0, None], False]
_OLD_LINE = (int, bool)  # without a name of the drug
_OLD_SETTINGS = (str, ({None: int}, bool))  # beginning of a setup with four such places
_OLD_PRESCRIPTION = 2  # places: fields, flex steps
_OLD_PAST = 3  # places: boluses, day, upper bound of the delivered drug then
_OLD_SETUPS = (7, 9, 10)  # places: without a lock and a heartbeat, without a grid, with all


def upgraded(key, value):
    """A value in the format of this firmware, also if an older firmware wrote it.

    An older delivery has no event number, an older prescription no calibration at its commit. An
    older day has its portions in one list; a still older one has (begin, end, ng) of each part of
    its drug, which is taken as just delivered.
    """
    if not isinstance(value, list):
        return value
    if key == "setup" and len(value) in _OLD_SETUPS and fits(value[:2], _OLD_SETTINGS):
        return _settled(value)
    if key == "prescription" and len(value) == _OLD_PRESCRIPTION:
        return value + [0]
    if key == "delivery" and len(value) == len(SCHEMAS[key]) - 1:
        return value + [0]
    if key == "day" and fits(value, (_OLD_DAY, int)):
        value[0][0][3] = [value[0][0][3]]
    elif key == "day" and fits(value, ([_PART], int)):
        drug_fg = sum([part[2] for part in value[0]]) * _FG_PER_NG
        last_us = max([part[1] for part in value[0]] + [0])
        portions = [_LEAST_FG, [0, drug_fg], [0, last_us], []]
        return [[portions, [0, None, None, 0], 0], value[1]]
    return value


def divide(values):
    """Split, in `values` by key, the records of older firmware that are two records now.

    The past contained the day; the prescription contained the titration, or there was none.
    """
    prescription, past = values["prescription"], values["past"]
    if isinstance(prescription, list):
        if isinstance(prescription[-1], list) and len(prescription) == _OLD_PRESCRIPTION:
            values["titration"] = []
        elif len(prescription) > _OLD_PRESCRIPTION and isinstance(prescription[2], list):
            values["titration"] = prescription.pop(2)
    if isinstance(past, list) and len(past) == _OLD_PAST:
        values["past"], values["day"] = past[0], past[1:]


def _settled(setup):
    """An older setup, with a place for each owner; missing parts get their defaults."""
    token, clock, resume, line, calibrations, reservoir, lost = setup[:7]
    lock, heartbeat_ms, grid = setup[7:] + [NO_LOCK, 0, _NO_GRID][len(setup) - 7 :]
    if fits(line, _OLD_LINE):
        line = line + [""]
    settings = [token, clock[1], resume, lost]
    return [settings, clock[0], line, calibrations, reservoir, lock, heartbeat_ms, grid]


def fits(value, shape):
    """Whether a value, as parsed from JSON, has a shape."""
    if isinstance(shape, dict):
        return value is None or fits(value, shape[None])
    if not isinstance(shape, (tuple, list)):
        return type(value) is shape
    if not isinstance(value, list):
        return False
    if isinstance(shape, list):
        shape = tuple(shape[:-1]) + (shape[-1],) * (len(value) - len(shape) + 1)
    if len(value) != len(shape):
        return False
    for part, expected in zip(value, shape):
        if type(part) is not expected and not fits(part, expected):  # most of it are numbers
            return False
    return True
