# SPDX-License-Identifier: MIT
"""The power of a pump, cut by a driver of labgrid."""

import pytest

from host_tests.bench.relayed import relayed
from host_tests.support.acceptance.power_cycle import SwitchedPower
from pumpbench import Pump
from pumpbench.hil.power import NoSwitch, switch_of

WHY = "labgrid is not installed: pip install -c constraints.txt -e '.[labgrid]'"
pytest.importorskip("labgrid", reason=WHY)
pytestmark = pytest.mark.slow

ENVIRONMENT = """
targets:
  main:
    drivers:
      {driver}
"""
DRIVER = """ExternalPowerDriver:
        cmd_on: sh -c 'echo 1 > {relay}'
        cmd_off: sh -c 'echo 0 > {relay}'
"""


@pytest.fixture
def environment(tmp_path):
    """environment(driver): the file of one with that driver."""

    def write(driver):
        path = tmp_path / "env.yaml"
        path.write_text(ENVIRONMENT.format(driver=driver))
        return path

    return write


def test_a_pump_is_cut_and_comes_back(tmp_path, environment):
    port, relay = tmp_path / "pump.tty", tmp_path / "relay.tty"
    path = environment(DRIVER.format(relay=relay))
    with relayed(port, relay):
        power = SwitchedPower(str(port), switch_of(f"labgrid:{path}"), off_s=0.5)
        assert str(power) == f"labgrid:{path}"
        pump = Pump.open(str(port), reopen_s=0)
        try:
            pump.tell("MOT:CAL:PERR 0.2 ML;:MOT:JOG 0.1,60")
            pump.wait(1)
            assert pump.steps().emitted > 0
            pump, _ = power.cycle(pump)
            assert pump.steps().emitted == 0
        finally:
            pump.close()
            power.close()


def test_a_command_that_fails_is_a_switch_that_does_not_obey(environment):
    path = environment("ExternalPowerDriver: {cmd_on: 'true', cmd_off: 'false'}")
    switch = switch_of(f"labgrid:{path}")
    switch.turn(True)
    with pytest.raises(NoSwitch, match=r"labgrid:.*env\.yaml does not switch: .*'false'"):
        switch.turn(False)
    switch.close()


def test_an_environment_without_power_is_a_sentence(environment, tmp_path):
    path = environment("ManualSwitchDriver: {}")
    with pytest.raises(NoSwitch, match=r"has no power of labgrid: .*PowerProtocol"):
        switch_of(f"labgrid:{path}")
    with pytest.raises(NoSwitch, match=r"nothing\.yaml has no power of labgrid: "):
        switch_of(f"labgrid:{tmp_path / 'nothing.yaml'}")
    path.write_text("targets: {other: {}}")
    with pytest.raises(NoSwitch, match="has no target main"):
        switch_of(f"labgrid:{path}")
