# SPDX-License-Identifier: MIT
"""Emulated boards: one that the test runs itself, and one behind a serial port."""

import os
import signal
import subprocess
import sys
import threading
import tty

import pytest

from host_tests.bench.served import served
from host_tests.support.boards.images import need_image
from pumpbench.demo import flex_plots, plots, sound_plots
from pumpbench.images import image
from pumpbench.images.uf2 import SHA256
from pumpbench.targets.emulator import EmulatorTarget

SERVE = """
import sys
from pathlib import Path
from pumpbench.targets.serve import serve
link, image = map(Path, sys.argv[1:])
serve("RPI_PICO", link, image=image.read_bytes(), on_ready=lambda path: print(path, flush=True))
"""

ANSWERS = {  # of a stopped pump
    "*IDN?": "ITB-Pump,RPI_PICO,0123456789abcdef,0.0.0",
    "SYST:STAT?": "STOPPED",
    "SYST:ERR?": '0,"No error"',
    "*OPC?": "1",
    ":SYST:VERS?": "1999.0",
}

FAKE_PUMP = """
import micropython, select, sys, time
micropython.kbd_intr(-1)
answers = ANSWERS
poll = select.poll()
poll.register(sys.stdin, select.POLLIN)
line = b""
while line != b"SYST:SERV":
    line = b""
    while True:
        poll.poll()
        byte = sys.stdin.buffer.read(1)
        if byte == b"\\n":
            break
        if byte != b"\\r":
            line += byte
    if line == b"THER:STAR":
        answers[b"SYST:STAT?"] = "RUNNING"
    elif line == b"THER:STOP":
        answers[b"SYST:STAT?"] = "STOPPED"
    elif all(part in answers for part in line.split(b";")):
        print(";".join(answers[part] for part in line.split(b";")))
micropython.kbd_intr(3)
"""


@pytest.fixture(params=sorted(SHA256))
def version(request) -> str:
    """Every version of MicroPython that the project was tried with."""
    return request.param


@pytest.fixture
def board(tmp_path):
    """A simulated board behind a port, in real time."""
    with served(tmp_path / "pump.tty") as board:
        yield board


@pytest.fixture
def screens(tmp_path, monkeypatch):
    """A folder of its own for the sockets of `screen`."""
    folder = tmp_path / "screens"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("SCREENDIR", str(folder))


@pytest.fixture
def undrawn(monkeypatch):
    """The plots of a page are empty, which saves seconds: for tests that read its words."""
    for module in (plots, flex_plots, sound_plots):
        monkeypatch.setattr(module, "as_svg", lambda _figure, _name: "<svg></svg>")


@pytest.fixture
def boot():
    """Call with the text of main.py, and a version: a board just powered up."""

    def power_up(main: str, version: str = "1.22.0") -> EmulatorTarget:
        need_image(version)
        return EmulatorTarget(version=version, main=main)

    return power_up


@pytest.fixture(scope="session")
def fake_pump() -> bytes:
    """A main.py that answers as the pump does."""
    answers = {query.encode(): answer for query, answer in ANSWERS.items()}
    return FAKE_PUMP.replace("ANSWERS", repr(answers)).encode()


@pytest.fixture
def pump_that_answers():
    """Call with answers: the port of a pump that has these, and says nothing else."""
    ends = []

    def plug(answers):
        ours, theirs = os.openpty()
        ends.extend((ours, theirs))
        tty.setraw(theirs)
        known = ANSWERS | answers

        def run():
            with os.fdopen(os.dup(ours), "rb", 0) as lines:
                try:
                    for line in iter(lines.readline, b""):
                        asked = line.decode().strip().split(";")
                        if all(query in known for query in asked):
                            os.write(ours, ";".join(known[q] for q in asked).encode() + b"\n")
                except OSError:
                    pass  # the terminal is closed

        threading.Thread(target=run, daemon=True).start()
        return os.ttyname(theirs)

    yield plug
    for end in ends:
        os.close(end)


@pytest.fixture
def serve_files(tmp_path_factory):
    """Call with the files of a board, or the image of its filesystem: boots it for this test.

    Returns (path of its port, its process). A board takes a part of a processor until it ends.
    """
    yield from boards_behind_ports(tmp_path_factory)


@pytest.fixture(scope="module")
def serve_for_all(tmp_path_factory):
    """The same for boards that the tests of a module share."""
    yield from boards_behind_ports(tmp_path_factory)


def boards_behind_ports(tmp_path_factory):
    """What boots them; after it they are ended."""
    processes = []

    def start(files: dict[str, bytes] | bytes):
        need_image()
        folder = tmp_path_factory.mktemp("board")
        content = files if isinstance(files, bytes) else image.pack(files)
        (folder / "image").write_bytes(content)
        link = folder / "pump.tty"
        command = [sys.executable, "-c", SERVE, str(link), str(folder / "image")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout.readline().startswith("/dev/")
        return link, process

    yield start
    for process in processes:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
