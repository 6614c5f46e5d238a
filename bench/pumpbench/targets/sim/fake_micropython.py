# SPDX-License-Identifier: MIT
"""MicroPython's `micropython`."""

from pumpbench.targets.sim import fake_sys as _sys
from pumpbench.targets.sim import world as _world


def const(value):
    return value


def native(function):
    return function


viper = native


def kbd_intr(char: int) -> None:
    _world.current.keyboard_char = char


def schedule(function, argument) -> None:
    w = _world.current
    w.at(w.now_ns, lambda: _sys.call_back(function, argument))


def alloc_emergency_exception_buf(_size: int) -> None:
    pass


def opt_level(_level: int = 0) -> int:
    return 0


def mem_info(*_verbose) -> None:
    pass


def heap_lock() -> int:
    return 0


def heap_unlock() -> int:
    return 0
