# SPDX-License-Identifier: MIT
"""The guard against firmware that computes for ever: without a wait, virtual time stands still.

Every few seconds of processor time it checks whether the running world's time has moved. On a host
without such a timer (it is POSIX), such a firmware hangs the test.
"""

import atexit
import signal
import threading

from greenlet import getcurrent

from pumpbench.targets.sim import world as _world
from pumpbench.targets.sim.world import World

LOOK_S = 3.0  # a hang is seen after one to two of these
_seen: tuple[World | None, int] = (None, 0)
if hasattr(signal, "setitimer"):
    atexit.register(signal.setitimer, signal.ITIMER_VIRTUAL, 0)  # at exit its signal would kill


def start_guard(look_s: float = LOOK_S) -> None:
    """Start checking, every `look_s` seconds of processor time."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and hasattr(signal, "setitimer"):
        signal.signal(signal.SIGVTALRM, _look)
        signal.setitimer(signal.ITIMER_VIRTUAL, look_s, look_s)


def _look(_signal: int, _frame: object) -> None:
    global _seen
    world = _world.current
    if not isinstance(world, World) or getcurrent() is world.test:
        _seen = None, 0
        return
    seen, _seen = _seen, (world, world.now_ns)
    if seen == _seen:
        world.hang("the firmware computed for seconds while no simulated time passed")
