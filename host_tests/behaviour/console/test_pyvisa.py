# SPDX-License-Identifier: MIT
"""A standard client, PyVISA over a serial port, runs the emulated board as it would a real one."""

import signal
import subprocess
import sys

import pytest
import pyvisa

from host_tests.support.boards.images import need_image
from pumpbench.images import uf2


@pytest.fixture(params=sorted({*uf2.SHA256, *uf2.present()}))
def port(request, tmp_path):
    """The path of an emulated board's serial port, served by a process of its own."""
    need_image(request.param)
    link = tmp_path / "pump.tty"
    command = [sys.executable, "-m", "pumpbench", "emulate"]
    options = ["--micropython", request.param, "--link", str(link)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()  # it says when the port is there
    yield str(link)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert not link.is_symlink()


@pytest.mark.emulator
def test_a_visa_session_stages_commits_starts_reads_the_steps_and_stops(port):
    manager = pyvisa.ResourceManager("@py")
    pump = manager.open_resource(f"ASRL{port}::INSTR", open_timeout=5000)
    pump.read_termination = pump.write_termination = "\n"
    pump.timeout = 120_000  # real milliseconds; a boot of the emulated board takes about 20 s
    assert pump.query("*IDN?").startswith("ITB-Pump,RPI_PICO,")
    for command in ("PRES:NEW", "PRES:CONC 500 UG/ML", "PRES:MODE SIMP", "PRES:RATE 100 ML/HR"):
        pump.write(command)
    verdict, token = pump.query("PRES:VAL?").split(",")
    assert verdict == "OK"
    pump.write(f"PRES:COMM {token}")
    pump.write("THER:STAR")
    steps = 0
    while steps < 100:
        commanded, emitted, witness, queued = map(int, pump.query("DEL:STEP?").split(","))
        assert commanded == emitted + queued
        assert emitted <= witness <= commanded
        steps = emitted
    pump.write("THER:STOP")
    commanded, emitted, witness, queued = map(int, pump.query("DEL:STEP?").split(","))
    assert commanded == emitted == witness
    assert queued == 0
    assert pump.query("SYST:ERR?;STAT?") == '0,"No error";STOPPED'
    pump.close()
    manager.close()
