# SPDX-License-Identifier: MIT
"""What the firmware takes of a board's memory, and how near the next jump of that is."""

import pytest

from pumpbench.targets.emulator import heap

LEAST_LEFT = 41_500
SPARE_NAMES = 100


@pytest.mark.emulator
def test_each_file_of_the_firmware_is_measured_and_names_do_not_take_another_piece_soon():
    found = heap.measure()
    assert found.files[0][0] == "start"
    rooms = {"pump.app", "pump.prescription", "pump.therapy", "(the pump, built)"}
    assert rooms <= {name for name, _ in found.files}
    assert sum(count for _, count in found.files[1:]) + found.left == found.files[0][1]
    assert found.left >= LEAST_LEFT
    # one more piece takes 9 kB: look for names that can be shorter or shared, see `shorten`
    assert found.names + SPARE_NAMES <= found.room
    text = heap.table(found)
    assert f"{found.left:7}  left" in text
    assert f"{found.names}  names, of {found.room}" in text
