# SPDX-License-Identifier: MIT
"""The pump that is accepted: a board at a port, or a simulated one, always through its console.

`make hil TARGET=/dev/ttyACM0`; TARGET is what `Pump.open` takes, without one: `sim`. A rig may
lack what a simulated board has, a look at the step pin or a power switch: what needs one is
skipped with the reason. On a board it takes two minutes, and leaves another prescription, another
reservoir and a stopped pump.
"""

import pytest

from host_tests.hil.rig import Rig
from pumpbench import Pump


@pytest.fixture(scope="session")
def opened(request):
    where = request.config.getoption("--rig")
    with Pump.open(where) as pump:
        yield Rig(pump, where)


@pytest.fixture
def rig(opened):
    """The rig with a pump that is stopped, calibrated, full, and has nothing to say."""
    opened.prepare()
    yield opened
    opened.pump.stop()
