# SPDX-License-Identifier: MIT
"""A list of integers in small blocks, as a fragmented heap has no room for one large array."""

from array import array

from micropython import const

_BITS = const(5)
_LAST = const(31)  # last index in a block of 32 integers, 256 bytes


class Blocks:
    """Integers from 0 to 2**64 - 1, appended and read by index; none is removed."""

    def __init__(self):
        self._blocks = []
        self._count = 0

    def append(self, number):
        """Append one integer."""
        place = self._count & _LAST
        if not place:
            self._blocks.append(array("Q", bytes(8 * (_LAST + 1))))
        self._blocks[-1][place] = number
        self._count += 1

    def __getitem__(self, index):
        if index >= self._count:
            raise IndexError
        return self._blocks[index >> _BITS][index & _LAST]
