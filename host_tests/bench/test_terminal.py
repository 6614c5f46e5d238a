# SPDX-License-Identifier: MIT
"""The command `console`: a line, and its answer or error at once; the pump goes on."""

import io
import sys

import pytest

from host_tests.bench.keyboard import Keyboard
from pumpbench import Prescription, Pump
from pumpbench.__main__ import main
from pumpbench.commands.command_line import REFUSED

pytestmark = pytest.mark.slow


@pytest.fixture
def typed(monkeypatch):
    """Call with lines: they come from a file, as `console < lines` has them."""

    def from_file(*lines):
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return main(["console", "--port", "sim"])

    return from_file


@pytest.fixture
def keyboards():
    """Call with a port: a console there."""
    opened = []

    def at(port):
        opened.append(Keyboard("console", "--port", port))
        return opened[-1]

    yield at
    for keyboard in opened:
        keyboard.close()


@pytest.fixture
def keyboard(board, keyboards):
    return keyboards(board.port)


def test_each_line_has_its_answer_and_status_0(typed, capsys):
    assert typed("SYST:VERS?", "", "RES:REF 20 ML", "RES:VOL?;CAP?") == 0
    assert capsys.readouterr().out == "1999.0\n20.000000;20.000000\n"


def test_an_error_is_told_at_once_and_the_next_line_works(typed, capsys):
    assert typed("THER:STAR", "RES:VOL 3", "SYST:VERS?") == REFUSED
    told = capsys.readouterr()
    assert told.out == "1999.0\n"
    first, second = told.err.splitlines()
    assert first == "103: No prescription"
    assert second.startswith("-1")


def test_an_answer_comes_before_the_error_behind_it(typed, capsys):
    assert typed("SYST:VERS?;:THER:STAR") == REFUSED
    told = capsys.readouterr()
    assert (told.out, told.err) == ("1999.0\n", "103: No prescription\n")


def test_a_question_mark_in_a_name_asks_nothing(typed, capsys):
    assert typed('PRES:NEW;DRUG "what?"', "PRES:COMP?") == 0
    assert '"drug: NONE -> what?"' in capsys.readouterr().out


def test_arrow_keys_bring_back_a_line_and_ctrl_d_ends(keyboard):
    keyboard.until("Ctrl-D ends")
    keyboard.until("> ")
    keyboard.type("SYST:VERS?\n")
    keyboard.until("1999.0")
    keyboard.until("> ")
    keyboard.type("\x1b[A\n")
    keyboard.until("1999.0")
    keyboard.until("> ")
    keyboard.type("\x04")
    keyboard.assert_ends(0, 20)


def test_neither_ctrl_c_nor_the_end_stops_a_delivery(board, keyboards):
    with Pump.open(board.port) as pump:
        pump.tell("MOT:CAL:PERR 0.2 ML")
        pump.refill(20)
        pump.commit(pump.prescribe(Prescription(500, ml_d=24)))
    keyboard = keyboards(board.port)
    keyboard.until("> ")
    keyboard.type("THER:STAR;STAT?\n")
    keyboard.until("RUNNING")
    keyboard.until("> ")
    keyboard.interrupt("THER:STOP")
    keyboard.until("> ")
    keyboard.type("\x04")
    keyboard.process.wait(20)
    with Pump.open(board.port) as pump:
        assert pump.state() == "RUNNING"


def test_a_cable_that_is_pulled_is_one_sentence_and_status_2(board, keyboard):
    keyboard.until("> ")
    board.unplug()
    keyboard.type("SYST:VERS?\n")
    keyboard.until("is cut")
    keyboard.assert_ends(2, 20)


def test_no_board_is_one_sentence_and_status_2(capsys):
    assert main(["console", "--port", "/dev/no-such-port"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
