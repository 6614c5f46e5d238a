# SPDX-License-Identifier: MIT
"""The `sim` target: fakes of MicroPython's modules in virtual time, for the real firmware."""

from pumpbench.sim.imports import install
from pumpbench.sim.target import SimTarget

__all__ = ["SimTarget", "install"]
