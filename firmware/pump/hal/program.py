# SPDX-License-Identifier: MIT
"""The program of this board: files in the folder it runs from (see boot.py), or frozen.

Where it is frozen into the image, files of another program may exist: they are ignored.
"""

import os

from micropython import const

from pump.hal import files

SUMS = "pump/sums.txt"  # CRC-32 in hex and path of each file of the program, a line each
_SLOT = "/slot"  # names the folder of the program that runs after a reset
_NO_FILE = const(2)  # ENOENT


def is_files():
    """Whether the program is files, not frozen into the image: a frozen module has no file."""
    return files.is_there(__file__)


def sums():
    """The file of the program's checksums, in parts; OSError where there is none."""
    if not is_files():
        raise OSError(_NO_FILE)
    return files.parts(SUMS)


def confirm():
    """Make this program the one that runs after a reset. Writes only if that is a change."""
    try:
        with open(_SLOT) as file:
            is_new = file.read() != os.getcwd()
        if is_new:
            with open(_SLOT, "w") as file:
                file.write(os.getcwd())
    except OSError:
        pass  # there is only one program; or the previous one runs next, also a good one
