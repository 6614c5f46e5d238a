# SPDX-License-Identifier: MIT
"""The `sim` target: fakes of MicroPython's modules in virtual time, for the real firmware."""

from pumpbench.targets.sim.imports import install
from pumpbench.targets.sim.target import SimTarget

__all__ = ["SimTarget", "install"]
