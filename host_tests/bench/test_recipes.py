# SPDX-License-Identifier: MIT
"""The recipes for other tools do what their page says."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from host_tests.bench.keyboard import Keyboard
from pumpbench import Pump
from pumpbench.__main__ import main
from pumpbench.deploy import wait_until_up
from pumpbench.image import ROOT, board_files

PAGE = (ROOT / "bench" / "RECIPES.md").read_text()
PORT = "/dev/ttyACM0"


def commands(start):
    """The lines of the page that are typed at a shell and have this in them, as lists of words."""
    lines = [line.strip() for line in PAGE.splitlines() if line.startswith("    .venv/bin/")]
    return [re.findall(r'"[^"]+"|\S+', line) for line in lines if start in line]


def test_miniterm_is_a_terminal_for_it(board):
    (words,) = commands("miniterm")
    assert words[:3] == [".venv/bin/python", "-m", "serial.tools.miniterm"]
    options = [board.port if word == PORT else word for word in words[3:]]
    terminal = Keyboard(*options, module="serial.tools.miniterm")
    try:
        terminal.until("Miniterm on")
        terminal.type("*IDN?\n")
        terminal.until("ITB-Pump,RPI_PICO")
        terminal.type("NONSENSE\nSYST:ERR?\n")
        terminal.until("-113")
        terminal.type("\x1d")
        terminal.assert_ends(0)
    finally:
        terminal.close()


def test_the_visa_session_runs_as_it_stands(board):
    code = PAGE.split("```python\n")[1].split("```")[0]
    assert code.count(PORT) == 1
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(code.replace(PORT, board.port), names := {})
    names["pump"].close()
    names["manager"].close()
    identity, error = told.getvalue().splitlines()
    assert identity.startswith("ITB-Pump,RPI_PICO,")
    assert error == '0,"No error"'
    assert names["verdict"] == "OK"
    assert names["commanded"] == names["emitted"] + names["queued"]


@pytest.mark.emulator
def test_mpremote_reads_files_of_a_pump_in_service_and_brings_it_back(serve_files, capfd):
    port = str(serve_files(board_files("RPI_PICO"))[0])
    wait_until_up(port)
    (serve,) = commands("SYST:SERV")
    assert main(["scpi", "--port", port, serve[-1].strip('"')]) == 0
    for words in commands("mpremote"):
        known = [port if word == PORT else word for word in words[1:]]
        command = [sys.executable, "-m", "mpremote", *known]
        assert subprocess.run(command, check=False, timeout=60).returncode == 0
    assert "log.0" in capfd.readouterr().out
    wait_until_up(port)
    with Pump.open(port, timeout_s=20) as pump:
        assert pump.state() == "STOPPED"


def test_every_path_of_the_page_is_there():
    for link in re.findall(r"\]\((\.\./[^)#]+)\)", PAGE):
        assert (Path(ROOT) / "bench" / link).exists(), link
