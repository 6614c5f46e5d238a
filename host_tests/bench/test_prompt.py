# SPDX-License-Identifier: MIT
"""A board at its REPL is told as one, with the way back; nothing is typed at other instruments."""

import os
import threading
import tty

import pytest
import serial

from host_tests.bench.conftest import ANSWERS
from pumpbench import NotAPump, Pump
from pumpbench.__main__ import main

pytestmark = pytest.mark.slow

SYNTAX_ERROR = 'Traceback (most recent call last):\r\n  File "<stdin>", line 1\r\nSyntaxError: '


class Echoing:
    """A terminal whose other end echoes what comes; `answer` to CR is what a REPL would say."""

    def __init__(self, greeting="", answer="\r\n" + SYNTAX_ERROR + "invalid syntax\r\n>>> "):
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.port = os.ttyname(self._theirs)
        self.heard = bytearray()
        self._answer = answer.encode()
        os.write(self._ours, greeting.encode())
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                received = os.read(self._ours, 100)
            except OSError:
                return
            self.heard += received
            for byte in received:
                if byte == 13:
                    os.write(self._ours, self._answer)
                elif byte >= 32:
                    os.write(self._ours, bytes([byte]))

    def close(self):
        os.close(self._theirs)


@pytest.fixture
def echoing():
    made = []

    def make(**options):
        made.append(Echoing(**options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_board_at_its_repl_is_told_with_the_way_back(echoing):
    board = echoing()
    with pytest.raises(NotAPump, match=r"is a board at its REPL.*reset.*Ctrl-D") as told:
        Pump.open(board.port, timeout_s=0.3)
    assert board.port in str(told.value)
    assert board.heard == b"\n*CLS\n*IDN?\n\r"


@pytest.mark.parametrize("command", [["status"], ["scpi", "*IDN?"], ["log"], ["console"]])
def test_a_command_says_so_in_one_sentence_and_status_2(command, echoing, monkeypatch, capsys):
    monkeypatch.setattr("pumpbench.commands.command_line.opened.__defaults__", (0.3, 0.0))
    assert main([*command, "--port", echoing().port]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert "at its REPL" in told.err


def test_an_open_block_is_a_repl_too(echoing):
    with pytest.raises(NotAPump, match="at its REPL"):
        Pump.open(echoing(answer="\r\n... ").port, timeout_s=0.3)


def test_an_instrument_that_echoes_gets_a_line_end_and_is_no_repl(echoing):
    other = echoing(answer="\r\nready\r\n")
    with pytest.raises(NotAPump, match="answers") as told:
        Pump.open(other.port, timeout_s=0.3)
    assert "REPL" not in str(told.value)
    assert other.heard == b"\n*CLS\n*IDN?\n\r"


def test_an_instrument_that_says_nothing_gets_nothing_more():
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    with pytest.raises(NotAPump, match="nothing answers"):
        Pump.open(os.ttyname(theirs), timeout_s=0.3)
    assert os.read(ours, 100) == b"\n*CLS\n*IDN?\n"
    os.close(ours)
    os.close(theirs)


@pytest.mark.emulator
def test_an_emulated_board_that_ended_its_firmware_says_so_until_ctrl_d(
    serve_files, fake_pump, capsys
):
    port = str(serve_files({"/main.py": fake_pump})[0])
    assert main(["scpi", "--port", port, "SYST:SERV"]) == 0
    for _ in range(2):  # also to whom comes after
        assert main(["status", "--port", port]) == 2
        told = capsys.readouterr().err
        assert f"At {port} is a board at its REPL" in told
        assert told.count("\n") == 1
    with serial.Serial(port) as line:
        line.write(b"\x04")
    with Pump.open(port) as pump:
        assert ",".join(pump.identity()) == ANSWERS["*IDN?"]
