# SPDX-License-Identifier: MIT
"""The pump that is accepted: a board at a port, or a simulated one, always through its console.

`make hil TARGET=/dev/ttyACM0`; TARGET is what `Pump.open` takes, without one: `sim`. A rig may
lack what a simulated board has, a look at the step pin or a power switch: what needs one is
skipped with the reason. On a board it takes three minutes, and leaves another prescription,
another reservoir and a stopped pump. With COUNT there are so many runs, each with the pump opened
anew.
"""

from dataclasses import replace

import pytest

from host_tests.support.acceptance.device import DEVICE, Device, image_of
from host_tests.support.acceptance.plugged import PluggedPump
from host_tests.support.acceptance.rig import Rig
from pumpbench.hil.adapter import NoAdapter
from pumpbench.hil.power import NoSwitch
from pumpbench.hil.results import Figure


def pytest_generate_tests(metafunc):
    count = metafunc.config.getoption("--count")
    if "run" in metafunc.fixturenames and count > 1:
        numbers = range(1, count + 1)
        ids = [f"run{number}" for number in numbers]
        metafunc.parametrize("run", numbers, indirect=True, scope="session", ids=ids)


@pytest.fixture(scope="session")
def run(request):
    """The number of the run."""
    return getattr(request, "param", 1)


@pytest.fixture(autouse=True)
def switched_off():
    """Boards stay on from test to test; `opened` switches them off."""


@pytest.fixture(scope="session")
def opened(request, run):
    option = request.config.getoption
    where = option("--rig")
    pump = PluggedPump.open(where, reopen_s=0)  # a board that resets by itself is to be seen
    device = Device(",".join(pump.identity()), image_of(where))
    request.config.stash[DEVICE] = device
    try:
        rig = Rig(pump, where, power=option("--power"), wires=option("--wires"))
    except (NoSwitch, NoAdapter) as why:
        pump.close()
        pytest.fail(str(why), pytrace=False)
    yield rig
    told = replace(device, power=str(rig.power), wires=str(rig.wires))
    request.config.stash[DEVICE] = told
    rig.close()


@pytest.fixture
def rig(opened):
    """The rig with a pump that is stopped, calibrated, full, and has nothing to say."""
    opened.prepare()
    yield opened
    if not opened.pump.is_cut:
        opened.pump.stop()


@pytest.fixture
def measure(opened, record_property):
    """measure(what, value, unit, least=, most=): on record, and a failure beyond its limits."""

    def measure(what, value, unit="", *, least=None, most=None):
        figure = Figure(what, value, unit, least, most)
        record_property("figure", figure.as_json())
        record_property("measured", f"HIL on {opened.where}: {figure}")
        assert figure.is_within, str(figure)

    return measure
