# SPDX-License-Identifier: MIT
"""The `unix` target: the firmware on a real MicroPython interpreter, on the fake chip of `sim`."""

from pumpbench.targets.unix.interpreter import InterpreterDied, ask_version, find_interpreter
from pumpbench.targets.unix.target import UnixTarget

__all__ = ["InterpreterDied", "UnixTarget", "ask_version", "find_interpreter"]
