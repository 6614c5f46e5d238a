# SPDX-License-Identifier: MIT
"""`gc` of the chip: the interpreter's heap, in bytes of a board, whose objects are half as large.

Calls of the chip leave garbage here that they do not leave on a board, so it is collected rarely:
of the collections ordered by firmware, one in `_RARELY` is made at once; the others when the free
memory is queried.

Before the first one the firmware imports modules, whose garbage would scatter long-lived objects
over the heap: until then the threshold is that of a board.
"""

import gc as _own

disable = _own.disable
enable = _own.enable
isenabled = _own.isenabled

_LARGER = 2
_MORE = 16  # rubbish
_RARELY = 8

_ordered = 0  # collections ordered and not made yet
_threshold = 0  # set by the firmware during its imports


def collect():
    global _ordered, _threshold
    if _threshold:
        _own.threshold(_threshold * _MORE)
        _threshold = 0
    _ordered += 1
    if _ordered >= _RARELY:
        _catch_up()


def _catch_up():
    global _ordered
    if _ordered:
        _ordered = 0
        _own.collect()


def mem_free():
    _catch_up()
    return _own.mem_free() // _LARGER


def mem_alloc():
    _catch_up()
    return _own.mem_alloc() // _LARGER


def threshold(*amount):
    global _threshold
    if not amount:
        return _own.threshold()
    _threshold = max(amount[0], 0)
    return _own.threshold(_threshold * _LARGER if _threshold else amount[0])
