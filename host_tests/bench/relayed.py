# SPDX-License-Identifier: MIT
"""A simulated board behind a serial port, its power behind a relay that listens at another.

A process of its own and real time, as a bench has them; the flash outlives each power cut.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SERVE = """
import signal, sys, threading
from pathlib import Path
from pumpbench.targets.serve import Terminal, bridge
from pumpbench.targets.sim import SimTarget
SimTarget.free_bytes = 64
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
relay = Terminal(Path(sys.argv[2]))
told = b""
def is_on():
    global told
    told += relay.read(100)
    *lines, rest = told.split(b"\\n")
    if len(lines) > 1 or lines and lines[0] not in (b"", b"0", b"1"):
        raise ValueError(told)
    if lines:
        told = rest
        is_on.last = lines[0] == b"1"
    return is_on.last
is_on.last = True
flash = None
print("up", flush=True)
while not over.is_set():
    if is_on():
        terminal = Terminal(Path(sys.argv[1]))
        if flash is None:
            print("ready", flush=True)
        target = SimTarget(flash=flash)
        bridge(target, terminal, lambda: over.is_set() or not is_on())
        flash = target.flash
        terminal.close()
    over.wait(0.02)
relay.close()
"""


@contextmanager
def relayed(port: Path, relay: Path) -> Iterator[None]:
    """A board at `port`, and the relay of its power at `relay`."""
    command = [sys.executable, "-c", _SERVE, str(port), str(relay)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    assert process.stdout.readline() == "ready\n"
    try:
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)
