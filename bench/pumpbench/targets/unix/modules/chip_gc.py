# SPDX-License-Identifier: MIT
"""`gc` of the chip: the interpreter's heap, in bytes of a board, whose objects are half as large.

A board collects what a call of its chip leaves behind here rarely, as there it leaves nothing.
Of the collections that firmware orders, one in `_RARELY` is made at once; the others are when
somebody asks how much is free.
"""

import gc as _own

disable = _own.disable
enable = _own.enable
isenabled = _own.isenabled

_LARGER = 2
_MORE = 16  # rubbish
_RARELY = 8

_ordered = 0  # collections, not made yet


def collect():
    global _ordered
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
    if not amount:
        return _own.threshold()
    return _own.threshold(amount[0] * _MORE if amount[0] > 0 else amount[0])
