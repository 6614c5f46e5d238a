# SPDX-License-Identifier: MIT
"""Files of a board on `sim`: written while it runs, or used by a test in place of the firmware."""

import contextlib

from greenlet import getcurrent

from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.fake_io import open as open_on_board


def write_on_board(target, path, content):
    """Behind the back of the firmware."""
    with target.world.as_current(), open_on_board(path, "wb") as file:
        file.write(content)


@contextlib.contextmanager
def board(flash=None):
    """The firmware's `os` and `open` are those of a board with this flash; yields its flash."""
    world = SimTarget(flash=flash).world
    with world.as_current():
        world.test = getcurrent()
        yield world.flash
