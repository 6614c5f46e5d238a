# SPDX-License-Identifier: MIT
"""A bench of labgrid on this machine: a coordinator and an exporter, each a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TOOLS = Path(sys.executable).parent
_HOST = "127.0.0.1"
_UP_S = 30.0
_DOWN_S = 10.0


class Coordinated:
    """A bench whose coordinator listens at `address`, with an exporter."""

    def __init__(self, address: str, exporter: subprocess.Popen[str]) -> None:
        self.address = address
        self._exporter = exporter

    def client(self, *words: str) -> str:
        """What labgrid-client prints; CalledProcessError when it fails."""
        command = [str(_TOOLS / "labgrid-client"), *words]
        ended = subprocess.run(
            command,
            env=os.environ | {"LG_COORDINATOR": self.address},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=60,
        )
        return ended.stdout

    def wait_for(self, *groups: str) -> None:
        """Return when the exporter has told the coordinator of these groups."""
        deadline_s = time.monotonic() + _UP_S
        while not all(group in self.client("resources") for group in groups):
            assert self._exporter.poll() is None, "the exporter has ended"
            assert time.monotonic() < deadline_s
            time.sleep(0.1)


@contextmanager
def coordinated(folder: Path, exporter: Path) -> Iterator[Coordinated]:
    """A bench that shares what a file of an exporter says; the coordinator's files in a folder."""
    with _running(folder, "labgrid-coordinator", "--listen", f"{_HOST}:0") as coordinator:
        assert coordinator.stdout is not None
        heard = coordinator.stdout.readline()
        assert heard.startswith("listening on "), heard
        address = heard.split()[-1]
        options = ["--coordinator", address, "--hostname", _HOST, str(exporter)]
        with _running(folder, "labgrid-exporter", *options) as process:
            yield Coordinated(address, process)


@contextmanager
def _running(folder: Path, tool: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A tool of labgrid; at the end it is gone, with all that it has started."""
    with (folder / f"{tool}.log").open("w") as log:
        process = subprocess.Popen(
            [str(_TOOLS / tool), *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=_DOWN_S)
            with contextlib.suppress(ProcessLookupError):  # nobody is left
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=_DOWN_S)
