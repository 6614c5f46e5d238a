# SPDX-License-Identifier: MIT
"""`gc` of the chip: the interpreter's heap, in bytes of a board, whose objects are half as large.

A board collects what a call of its chip leaves behind here rarely, as there it leaves nothing.
"""

import gc as _own

collect = _own.collect
disable = _own.disable
enable = _own.enable
isenabled = _own.isenabled

_LARGER = 2
_MORE = 16  # rubbish


def mem_free():
    return _own.mem_free() // _LARGER


def mem_alloc():
    return _own.mem_alloc() // _LARGER


def threshold(*amount):
    if not amount:
        return _own.threshold()
    return _own.threshold(amount[0] * _MORE if amount[0] > 0 else amount[0])
