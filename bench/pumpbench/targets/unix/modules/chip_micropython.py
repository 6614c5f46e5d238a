# SPDX-License-Identifier: MIT
"""`micropython` of the chip: the interpreter's own, except where the console is involved."""

import link
from micropython import *  # noqa: F403
from micropython import const, heap_lock, heap_unlock, mem_info, opt_level

__all__ = ["const", "heap_lock", "heap_unlock", "mem_info", "opt_level"]


def native(function):
    return function


viper = native


def kbd_intr(char):
    link.post("micropython", "kbd_intr", char)


def schedule(function, argument):
    def handler():
        function(argument)

    link.handlers[-1] = handler
    link.call("micropython", "schedule", {"f": -1}, None)


def alloc_emergency_exception_buf(_size):
    pass
