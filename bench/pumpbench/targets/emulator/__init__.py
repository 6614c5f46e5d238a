# SPDX-License-Identifier: MIT
"""A real MicroPython image on an emulated RP2040, with the plant attached to its pins."""

from pumpbench.targets.emulator.target import EmulatorTarget

__all__ = ["EmulatorTarget"]
