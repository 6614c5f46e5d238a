# SPDX-License-Identifier: MIT
"""The ports that there are fakes of, by the PORT of a board."""

from typing import NamedTuple

from pumpbench.targets.sim.esp32.world import Esp32World
from pumpbench.targets.sim.world import World


class Port(NamedTuple):
    """modules: of which this port has its own, each `fake_<name>` in the package `fakes`."""

    world: type[World]
    fakes: str
    modules: frozenset[str]


PORTS = {
    "rp2": Port(World, "pumpbench.targets.sim", frozenset({"machine", "rp2"})),
    "esp32": Port(Esp32World, "pumpbench.targets.sim.esp32", frozenset({"machine", "esp32"})),
}
MODULES = frozenset().union(*(port.modules for port in PORTS.values()))
