# SPDX-License-Identifier: MIT
"""Unloads modules that are needed only for a moment, so that a board gets their memory back.

Import such a module where it is used, never at the top of another module; `unload` it whether or
not the import succeeds: a half loaded one would be found by the next import.
"""

import sys

from pump.hal.files import keep


def unload(name):
    """Forget a module. Objects made from it may live on; the next import loads it again.

    The memory of its file is kept again, see `hal.files`.
    """
    module = sys.modules.pop(name, None)
    parent, _, last = name.rpartition(".")
    if module is not None and hasattr(sys.modules.get(parent), last):
        delattr(sys.modules[parent], last)
    keep()
