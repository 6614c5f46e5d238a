# SPDX-License-Identifier: MIT
"""Shapes of the records: of what kinds of values each has to be made before it is believed.

Needed at power-up only. A checksum says that a record is as it was written, not that it was
written by this firmware. A shape is a type; a tuple: a list of exactly these shapes; a list: one
that goes on with any number of the last of these; a dict {None: shape}: that, or nothing.
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
_OLD_SETTINGS = (str, ({None: int}, bool))  # how a setup began when they had four places
_OLD_PRESCRIPTION = 2  # places: fields, flex steps
_OLD_PAST = 3  # places: boluses, day, the most that was out then
_OLD_SETUPS = (7, 9, 10)  # places: without a lock and a heartbeat, without a grid, with all


def upgraded(key, value):
    """A value as this firmware writes it, also if an older one wrote it.

    An older delivery knows of no event. An older prescription has no calibration that it was
    committed with. An older day has its portions in one list; a still
    older one (begin, end, ng) of each part of its drug: as one that has just gone out.
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
    """Make two records of one, in values of keys, where older firmware had the second in it.

    The past had the day in it; the prescription what was active before, or none of it.
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
    """An older setup, with a place for each owner; what it has not is as it was by itself."""
    token, clock, resume, line, calibrations, reservoir, lost = setup[:7]
    lock, heartbeat_ms, grid = setup[7:] + [NO_LOCK, 0, _NO_GRID][len(setup) - 7 :]
    if fits(line, _OLD_LINE):
        line = line + [""]
    settings = [token, clock[1], resume, lost]
    return [settings, clock[0], line, calibrations, reservoir, lock, heartbeat_ms, grid]


def fits(value, shape):
    """Whether a value, as JSON brings it, has a shape."""
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
