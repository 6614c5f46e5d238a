# SPDX-License-Identifier: MIT
"""Unloads modules that are needed only for a moment, so that a board gets their memory back.

Import such a module where it is used, never at the top of another module.
"""

import sys


def unload(name):
    """Forget a module. Objects made from it may live on; the next import loads it again."""
    module = sys.modules.pop(name, None)
    parent, _, last = name.rpartition(".")
    if module is not None and parent in sys.modules:
        delattr(sys.modules[parent], last)
