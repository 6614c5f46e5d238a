# SPDX-License-Identifier: MIT
"""The emulated board as a serial port: what opens a real board's port opens it."""

import signal
import subprocess
import sys
import time

import pytest
import pyvisa
import serial

from pumpbench.__main__ import main
from pumpbench.client.lines import SerialLine
from pumpbench.client.pump import Pump
from pumpbench.targets.serve import Terminal

IDENTITY = "ITB-Pump,RPI_PICO,0123456789abcdef,0.0.0"


@pytest.fixture(scope="module")
def port(serve_for_all, fake_pump):
    return serve_for_all({"/main.py": fake_pump})[0]


@pytest.mark.emulator
def test_pyserial_talks_to_it_and_may_come_back(port):
    for _ in range(2):
        with SerialLine(str(port)) as line:
            assert Pump(line).identity().board == "RPI_PICO"


@pytest.mark.emulator
def test_pyvisa_talks_to_it(port):
    manager = pyvisa.ResourceManager("@py")
    pump = manager.open_resource(
        f"ASRL{port}::INSTR", read_termination="\r\n", write_termination="\n", timeout=5000
    )
    assert pump.query("*IDN?") == IDENTITY
    pump.close()
    manager.close()


@pytest.mark.emulator
def test_bytes_pass_unchanged(port):
    with SerialLine(str(port)) as line:
        line.write(b"\x03\x04\x11\x13\x1a\n*IDN?\n")  # what a cooked terminal would act upon
        assert line.read_line() == IDENTITY


@pytest.mark.emulator
def test_simulated_time_does_not_overtake_real_time(serve_files):
    clock = "import time\nwhile True:\n    print(time.ticks_ms())\n    time.sleep_ms(5)\n"
    link, _ = serve_files({"/main.py": clock.encode()})
    with SerialLine(str(link)) as line:
        line.read_line()
        start_ms, start_s = int(line.read_line()), time.monotonic()
        while time.monotonic() < start_s + 1:
            board_ms = int(line.read_line()) - start_ms
        assert board_ms <= (time.monotonic() - start_s) * 1000 + 100


@pytest.mark.emulator
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_takes_the_link_away(serve_files, number):
    link, process = serve_files({"/main.py": b""})
    assert link.is_symlink()
    process.send_signal(number)
    assert process.wait(5) == 0
    assert not link.is_symlink()


@pytest.mark.emulator
def test_mpremote_gets_the_repl_of_a_board_without_firmware(serve_files):
    link, _ = serve_files({"/main.py": b""})
    command = [sys.executable, "-m", "mpremote", "connect", str(link), "eval", "6*7"]
    assert subprocess.run(command, capture_output=True, text=True, timeout=30).stdout == "42\n"


def test_what_is_printed_while_nobody_listens_is_lost(tmp_path):
    terminal = Terminal(tmp_path / "pump.tty")
    assert terminal.write(b"old\n") == 4
    with serial.Serial(str(tmp_path / "pump.tty"), timeout=1) as port:
        terminal.write(b"new\n")
        assert port.readline() == b"new\n"
    terminal.close()


def test_a_stale_link_is_replaced(tmp_path):
    link = tmp_path / "pump.tty"
    link.symlink_to("/dev/pts/no-such")
    terminal = Terminal(link)
    assert link.is_char_device()
    terminal.close()
    assert not link.is_symlink()


def test_a_file_where_the_link_should_be_is_left_alone(tmp_path, capsys):
    link = tmp_path / "pump.tty"
    link.write_text("mine")
    with pytest.raises(FileExistsError):
        Terminal(link)
    assert link.read_text() == "mine"


def test_an_unknown_version_is_one_sentence_and_status_2(capsys, tmp_path):
    link = tmp_path / "pump.tty"
    assert main(["emulate", "--micropython", "1.2.3", "--link", str(link)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
