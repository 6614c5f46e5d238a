# SPDX-License-Identifier: MIT
"""Emulated benches that have booted: one for each version, which every forked test goes on with.

A boot takes 2.5 simulated seconds and some six real ones. What `prepare` has booted in the parent,
`take` hands to the test in the child: the same board, at the same instant, with the default image
and the lines of a new `Bench` answered. What looks at a boot powers up a board of its own.
"""

from host_tests.support.boards.images import need_image
from host_tests.support.sessions.bench import Bench
from pumpbench.targets.emulator import EmulatorTarget

_ready: dict[str, Bench | TimeoutError] = {}


def prepare(version: str) -> None:
    """Boot a board for the forks to come; if it does not answer, `take` will say so."""
    if version not in _ready:
        try:
            _ready[version] = _boot(version)
        except TimeoutError as error:
            _ready[version] = error


def take(version: str) -> Bench:
    """The one of this process, once; booted here where nothing was prepared."""
    need_image(version)
    bench = _ready.pop(version, None) or _boot(version)
    if isinstance(bench, TimeoutError):
        raise bench
    return bench


def _boot(version):
    return Bench(EmulatorTarget(version=version))
