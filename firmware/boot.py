# SPDX-License-Identifier: MIT
"""What runs first after every reset: goes to the folder of the program, whose main.py comes next.

/slot names that folder, / where there is none; behind it stands one that is to be tried, once. A
program that is good says so itself, see `pump.hal.program`; else the next reset is the old one's.
The names in here are such as MicroPython has in its ROM: others would stay on the heap.
"""

import os

import micropython

micropython.kbd_intr(-1)  # a byte 0x03 is no reason to stay where no program is
try:
    with open("/slot") as file:
        items = file.read().split()
    if len(items) > 1:
        with open("/slot", "w") as file:
            file.write(items[0])
    try:
        os.chdir(items[-1])
    except OSError:
        os.chdir(items[0])
except (OSError, IndexError, ValueError):
    pass  # no such file, nothing or no text in it, no such folder: what is in / runs
finally:
    micropython.kbd_intr(3)
