# SPDX-License-Identifier: MIT
"""Shapes of the records: of what kinds of values each has to be made before it is believed.

Needed at power-up only. A checksum says that a record is as it was written, not that it was
written by this firmware. A shape is a type; a tuple: a list of exactly these shapes; a list: one
that goes on with any number of the last of these; a dict {None: shape}: that, or nothing.
"""

_FG_PER_NG = 1_000_000
_LEAST_FG = 32_000_000  # as in `daily_past`
_PART = (int, int, int)
_DOSE = (int, int, int, int, int, int)  # under way: id, kind, programmed, start, duration, given
_RECORD = (int, int, int, int, int, int, int, str)  # of a bolus that is over
_LEDGER = (int, [int], [int], (int,) * 6, bool)
_PRESCRIPTION = (str, int, str, str) + (int,) * 9 + ({None: (str, int)}, int, int)
_PORTIONS = (int, (int, int), (int, int), [int])
_DAY = (_PORTIONS, (int, {None: int}, {None: int}, int), int)
_REFILL = (int, {None: int}, {None: int}, int)
_RESERVOIR = (int, int, {None: int}, int, (int, int, int), {None: _REFILL})
_LINE = (int, bool, str)
_PERIODIC = {None: (int, int, int)}
_GRID = (_PERIODIC, _PERIODIC, (int, int, {None: int}), bool)
_OLD_SETUP = (str, ({None: int}, bool), str, _LINE, [int, (int, int)], _RESERVOIR, [str])

SHAPES = {
    "alarms": ((int, [(int, int)]), (int, {None: int})),
    "delivery": (int, int, bool, (int, int, int), (int, int), _LEDGER, {None: _DOSE}, int),
    "past": ((int, (int, int, int), [(int, int)], [_RECORD]), _DAY, int),
    "prescription": (_PRESCRIPTION, ([int], [int]), [((int,) * 7, (int,) * 7, int)], int),
    "setup": _OLD_SETUP + ((str, int), int, _GRID),
}
NO_LOCK = ["", 0]
NO_GRID = [None, None, [0, 0, None], False]
_LINE_PLACE = 3
LOCK_PLACE = len(_OLD_SETUP)  # in a setup; behind it, the heartbeat and the grid


def upgraded(key, value):
    """A value as this firmware writes it, also if an older one wrote it.

    An older setup has no lock, no heartbeat, no grid, and no name of the drug in the line. An
    older delivery knows of no event. An older prescription has none before it, and no calibration
    that it was committed with. An older past has (begin, end, ng) of each part of the drug of a
    day: as one that has just gone out.
    """
    if key == "setup" and isinstance(value, list):
        if len(value) == LOCK_PLACE:
            value = value + [NO_LOCK, 0]
        if len(value) == LOCK_PLACE + 2:
            value = value + [NO_GRID]
        if len(value) > _LINE_PLACE and fits(value[_LINE_PLACE], _LINE[:2]):
            value[_LINE_PLACE].append("")
        return value
    if key == "prescription" and isinstance(value, list) and len(value) in (2, 3):
        return value + [[], 0][len(value) - 2 :]
    if key == "delivery" and isinstance(value, list) and len(value) == len(SHAPES[key]) - 1:
        return value + [0]
    if key == "past" and isinstance(value, list) and fits(value[1:], ([_PART], int)):
        drug_fg = sum([part[2] for part in value[1]]) * _FG_PER_NG
        last_us = max([part[1] for part in value[1]] + [0])
        portions = [_LEAST_FG, [0, drug_fg], [0, last_us], []]
        return [value[0], [portions, [0, None, None, 0], 0], value[2]]
    return value


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
