# SPDX-License-Identifier: MIT
"""The program of this board: files of the folder it runs in, see boot.py, or frozen.

Where it is frozen into the image there may be files of another one: they are nobody's.
"""

import os

from micropython import const

from pump.hal import files

SUMS = "pump/sums.txt"  # CRC-32 in hex and path of each file of the program, a line each
_SLOT = "/slot"  # names the folder of the program that runs after a reset
_NO_FILE = const(2)  # ENOENT


def is_files():
    """Whether the program is files, not frozen into the image: then this module is none."""
    return files.is_there(__file__)


def sums():
    """The sums of the program's files, in parts; OSError where there are none."""
    if not is_files():
        raise OSError(_NO_FILE)
    return files.parts(SUMS)


def confirm():
    """This program is good: it is what runs after a reset. Writes only where that is new."""
    try:
        with open(_SLOT) as file:
            is_new = file.read() != os.getcwd()
        if is_new:
            with open(_SLOT, "w") as file:
                file.write(os.getcwd())
    except OSError:
        pass  # there is but one program; or the one before it runs next, which was good, too
