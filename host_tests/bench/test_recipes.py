# SPDX-License-Identifier: MIT
"""The recipes for other tools do what their page says."""

import contextlib
import io
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pymeasure.instruments import SCPIMixin

from host_tests.bench.keyboard import Keyboard
from pumpbench import Pump
from pumpbench.__main__ import main
from pumpbench.images.image import ROOT, board_files
from pumpbench.install.deploy import wait_until_up

pytestmark = pytest.mark.slow

PAGE = (ROOT / "bench" / "RECIPES.md").read_text()
PORT = "/dev/ttyACM0"
RESERVOIR_UNKNOWN = 314
ERROR_WAITS = "4"  # the status byte


need_screen = pytest.mark.skipif(
    shutil.which("screen") is None, reason="needs screen: apt install screen"
)


def commands(start):
    """The lines of the page that are typed at a shell and have this in them, as lists of words."""
    lines = [line.strip() for line in PAGE.splitlines() if line.startswith("    .venv/bin/")]
    return [re.findall(r'"[^"]+"|\S+', line) for line in lines if start in line]


def use_miniterm(port):
    """What the page types, and who answers at that port."""
    (words,) = commands("miniterm")
    assert words[:3] == [".venv/bin/python", "-m", "serial.tools.miniterm"]
    options = [port if word == PORT else word for word in words[3:]]
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


def test_miniterm_is_a_terminal_for_it(board):
    use_miniterm(board.port)


def use_screen(port):
    """The same with `screen`, whose folder of sockets is in SCREENDIR."""
    assert f"`screen {PORT}`" in PAGE
    terminal = Keyboard(port, program="screen")
    try:
        terminal.type("\r*IDN?\r")  # as Enter sends it
        terminal.until("ITB-Pump,RPI_PICO")
        terminal.type("NONSENSE\rSYST:ERR?\r")
        terminal.until("-113")
        terminal.type("\x01ky")
        terminal.assert_ends(0)
    finally:
        terminal.close()
    with Pump.open(port) as pump:
        assert pump.state() == "STOPPED"


@need_screen
def test_screen_is_a_terminal_for_it(board, screens):
    use_screen(board.port)


def run_section(name, port):
    """(what the code of a section of the page prints, its names), with the board at that port."""
    code = PAGE.split(f"\n## {name}\n")[1].split("```python\n")[1].split("```")[0]
    assert code.count(PORT) == 1
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(code.replace(PORT, port), names := {})
    return told.getvalue().splitlines(), names


def test_the_visa_session_runs_as_it_stands(board):
    (identity, error), names = run_section("PyVISA", board.port)
    names["pump"].close()
    names["manager"].close()
    assert identity.startswith("ITB-Pump,RPI_PICO,")
    assert error == '0,"No error"'
    assert names["verdict"] == "OK"
    assert names["commanded"] == names["emitted"] + names["queued"]


@pytest.fixture
def measured(board):
    """The pump of the page's PyMeasure section, and what its code prints."""
    told, names = run_section("PyMeasure", board.port)
    yield names["pump"], told
    names["pump"].adapter.close()


def deliver(pump):
    """Start a therapy of 24 mL a day from a reservoir that nobody has filled."""
    for command in ("MOT:CAL:PERR 0.2 ML", "PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE 24 ML/D"):
        pump.write(command)
    pump.write("PRES:COMM " + pump.ask("PRES:VAL?").split(",")[1])
    pump.write("THER:STAR")


def test_the_instrument_of_pymeasure_tells_rate_state_and_alarms(measured):
    pump, (first, errors) = measured
    assert first.startswith("ITB-Pump,RPI_PICO,")
    assert first.endswith(" STOPPED 0.0 []")
    assert errors == "[]"
    deliver(pump)
    assert (pump.state, pump.rate_ml_d) == ("RUNNING", 24)
    until = time.monotonic() + 10
    while pump.alarms != [RESERVOIR_UNKNOWN]:
        assert time.monotonic() < until
    with pump:
        pass
    assert pump.isShutdown
    assert pump.state == "RUNNING"
    assert pump.check_errors() == []


def test_everything_that_the_scpi_mixin_of_pymeasure_has_works(measured):
    pump, _ = measured
    members = {name for name in vars(SCPIMixin) if not name.startswith("_")}
    assert members == {
        *("id", "complete", "status", "options"),
        *("clear", "reset", "next_error", "check_errors"),
    }
    assert pump.id.split(",") == pump.ask("*IDN?").strip().split(",")
    assert len(pump.id.split(",")) == 4
    assert (pump.complete, pump.status, pump.options) == ("1", "0", "0")
    assert pump.next_error == [0, '"No error"']
    pump.write("NONSENSE")
    assert pump.status == ERROR_WAITS
    assert pump.check_errors() == [[-113, '"Undefined header;NONSENSE"']]
    assert (pump.status, pump.check_errors()) == ("0", [])
    pump.write("NONSENSE")
    pump.write("THER:STAR 1")
    assert [pump.next_error[0], pump.next_error[0], pump.next_error[0]] == [-113, -108, 0]
    pump.write("NONSENSE")
    pump.clear()
    assert (pump.status, pump.check_errors()) == ("0", [])


def test_an_error_whose_text_has_a_comma_is_one_error_to_pymeasure(measured):
    pump, _ = measured
    pump.write("ALAR:REM 1 S")
    (error,) = pump.check_errors()
    assert error[0] == -222
    assert ",".join(error[1:]) == '"Data out of range;0, or 1 MIN to 1 D"'


def test_a_reset_by_pymeasure_discards_what_is_staged_and_stops_nothing(measured):
    pump, _ = measured
    deliver(pump)
    pump.write("PRES:EDIT")
    assert pump.ask("PRES:STAG?").startswith("SIMPLE,")
    pump.reset()
    assert pump.ask("PRES:STAG?").strip() == "NONE"
    assert (pump.state, pump.rate_ml_d) == ("RUNNING", 24)
    assert pump.check_errors() == []


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
