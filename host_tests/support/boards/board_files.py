# SPDX-License-Identifier: MIT
"""Files of a board on `sim`, written while it runs."""

from pumpbench.targets.sim.fake_io import open as open_on_board


def write_on_board(target, path, content):
    """Behind the back of the firmware."""
    with target.world.as_current(), open_on_board(path, "wb") as file:
        file.write(content)
