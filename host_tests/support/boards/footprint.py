# SPDX-License-Identifier: MIT
"""How much memory the firmware holds: bytes of its objects on `sim`, free heap on a chip."""

import gc
import sys
from types import FunctionType, ModuleType

from pump.app import App

ASKED = 30  # so often that a collection comes in between


def apps():
    gc.collect()
    return [thing for thing in gc.get_objects() if isinstance(thing, App)]


def with_app(start):
    """(what `start()` returns, the app that runs since): boards of other tests may be there."""
    others = apps()
    started = start()
    (app,) = [app for app in apps() if app not in others]
    return started, app


def size_of(app):
    """The bytes of all that hangs on the firmware; the simulated hardware is no part of it."""
    gc.collect()
    seen, todo, size = set(), [app], 0
    while todo:
        thing = todo.pop()
        if id(thing) in seen or isinstance(thing, (type, ModuleType, FunctionType)):
            continue
        seen.add(id(thing))
        if not type(thing).__module__.startswith("pumpbench"):
            size += sys.getsizeof(thing)
            todo += gc.get_referents(thing)
    return size


def most_free(bench):
    """The free heap of a chip in bytes, as it is after a collection."""
    return max(int(bench.ask("SYST:HEAL?").split(",")[0]) for _ in range(ASKED))
