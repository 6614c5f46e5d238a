# SPDX-License-Identifier: MIT
"""`gc` of the chip: the interpreter's heap, in bytes of a board, whose objects are half as large.

A board collects what a call of its chip leaves behind here rarely, as there it leaves nothing.
Of the collections that firmware orders, one in `_RARELY` is made at once; the others are when
somebody asks how much is free.

Until the first one it imports, and what that leaves behind would scatter what stays over the heap:
so long its threshold is that of a board.
"""

import gc as _own

disable = _own.disable
enable = _own.enable
isenabled = _own.isenabled

_LARGER = 2
_MORE = 16  # rubbish
_RARELY = 8

_ordered = 0  # collections, not made yet
_threshold = 0  # as the firmware has set it, while it imports


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
