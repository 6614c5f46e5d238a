# SPDX-License-Identifier: MIT
"""Modules that are needed for a moment: a board gets their memory back.

Import them where they are used, and nothing of them at the top of a module.
"""

import sys


def unload(name):
    """Forget a module. What was made of it may live on; the next import loads it again."""
    module = sys.modules.pop(name, None)
    parent, _, last = name.rpartition(".")
    if module is not None and parent in sys.modules:
        delattr(sys.modules[parent], last)
