# SPDX-License-Identifier: MIT
"""Many whole numbers in small blocks: in a heap that is in use a large array finds no place."""

from array import array

from micropython import const

_BITS = const(5)
_LAST = const(31)  # in a block of 32


class Blocks:
    """Whole numbers, to be appended and read by an index below `count`; none is removed.

    typecode: as `array` has it, "H" for 16 bits or "Q" for 64. count: of the numbers.
    """

    def __init__(self, typecode):
        self.count = 0
        self._typecode = typecode
        self._blocks = []

    def append(self, number):
        """Add one at the end."""
        place = self.count & _LAST
        if not place:
            size = 64 if self._typecode == "H" else 256
            self._blocks.append(array(self._typecode, bytes(size)))
        self._blocks[-1][place] = number
        self.count += 1

    def __getitem__(self, index):
        return self._blocks[index >> _BITS][index & _LAST]
