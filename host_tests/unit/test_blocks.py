# SPDX-License-Identifier: MIT
"""Numbers in small blocks read as they were appended."""

import pytest

from pump.blocks import Blocks


@pytest.mark.parametrize("typecode, bits", [("H", 16), ("Q", 64)])
@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 176])
def test_numbers_are_read_by_the_index_at_which_they_were_appended(count, typecode, bits):
    numbers = [(n * 0x9E3779B97F4A7C15) % 2**bits for n in range(count)]
    blocks = Blocks(typecode)
    for number in numbers:
        blocks.append(number)
    assert [blocks[n] for n in range(count)] == numbers
    assert blocks.count == count
