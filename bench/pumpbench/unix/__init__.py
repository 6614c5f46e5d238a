# SPDX-License-Identifier: MIT
"""The `unix` target: the firmware on a real MicroPython interpreter, on the fake chip of `sim`."""

from pumpbench.unix.interpreter import InterpreterDied, find_interpreter
from pumpbench.unix.target import HEAP_BYTES, UnixTarget

__all__ = ["HEAP_BYTES", "InterpreterDied", "UnixTarget", "find_interpreter"]
