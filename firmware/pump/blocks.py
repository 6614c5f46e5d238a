# SPDX-License-Identifier: MIT
"""Many integers in small blocks: a fragmented heap has no room for a large array."""

from array import array

from micropython import const

_BITS = const(5)
_LAST = const(31)  # last index in a block of 32 integers


class Blocks:
    """Integers, appended and read by an index below `count`; none is removed.

    typecode: "H" for 16 bits or "Q" for 64, as in `array`. count: of the integers.
    """

    def __init__(self, typecode):
        self.count = 0
        self._typecode = typecode
        self._blocks = []

    def append(self, number):
        """Append one integer."""
        place = self.count & _LAST
        if not place:
            size = 64 if self._typecode == "H" else 256
            self._blocks.append(array(self._typecode, bytes(size)))
        self._blocks[-1][place] = number
        self.count += 1

    def __getitem__(self, index):
        return self._blocks[index >> _BITS][index & _LAST]
