# SPDX-License-Identifier: MIT
"""A simulated board behind a serial port, in a process of its own and in real time."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pumpbench.targets.sim import fake_machine

UNIQUE_ID = fake_machine.UNIQUE_ID.hex()
_SERVE = """
import signal, sys, threading
from pathlib import Path
from pumpbench.targets.hand import Hand
from pumpbench.targets.serve import Terminal, bridge
from pumpbench.targets.sim import SimTarget, fake_machine
SimTarget.free_bytes = 64
fake_machine.UNIQUE_ID = bytes.fromhex(sys.argv[2])
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
terminal = Terminal(Path(sys.argv[1]))
hand = Hand(Path(sys.argv[1]), lambda flash: SimTarget(flash=flash))
print("up", flush=True)
bridge(SimTarget(), terminal, over.is_set, hand)
hand.close()
terminal.close()
"""


class Served:
    """A board at `port` from `plug` to `unplug`; then it is another one, just powered up."""

    def __init__(self, port: Path, unique_id: str) -> None:
        self.port = str(port)
        self._unique_id = unique_id
        self._process: subprocess.Popen[str] | None = None

    def plug(self) -> None:
        command = [sys.executable, "-c", _SERVE, self.port, self._unique_id]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "up\n"

    def unplug(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=20)
            self._process = None


@contextmanager
def served(port: Path, unique_id: str = UNIQUE_ID) -> Iterator[Served]:
    """A board there. unique_id: of its chip, in hexadecimal."""
    board = Served(port, unique_id)
    board.plug()
    try:
        yield board
    finally:
        board.unplug()
