# SPDX-License-Identifier: MIT
"""A hand at a served board: its power, its buttons; and a board is served by one process."""

import socket
import time
from pathlib import Path

import pytest

from pumpbench import Prescription, Pump
from pumpbench.__main__ import main
from pumpbench.targets.hand import place
from pumpbench.targets.serve import serve

pytestmark = pytest.mark.slow


@pytest.fixture
def delivering(board):
    """The port of a pump that delivers."""
    with Pump.open(board.port) as pump:
        pump.tell("MOT:CAL:PERR 0.2 ML")
        pump.refill(20)
        pump.commit(pump.prescribe(Prescription(500, ml_d=24)))
        pump.start()
    return board.port


def fault(port, *words):
    return main(["fault", "--link", port, *words])


def state_at(port, wanted, within_s=10):
    """The state once it is that one, or at the end of the time."""
    until_s = time.monotonic() + within_s
    with Pump.open(port) as pump:
        while (found := pump.state()) != wanted and time.monotonic() < until_s:
            time.sleep(0.1)
    return found


def test_a_power_cut_leaves_a_pump_that_stands_and_says_so(delivering):
    assert fault(delivering, "power") == 0
    assert state_at(delivering, "STOPPED") == "STOPPED"
    with Pump.open(delivering) as pump:
        assert "Power interrupted" in {alarm.name for alarm in pump.alarms()}
        assert float(pump.ask("SYST:UPT?")) < 20


def test_the_stop_button_stops_and_a_short_press_does_not(delivering):
    assert fault(delivering, "press", "stop", "0.3") == 0
    time.sleep(1)
    assert state_at(delivering, "RUNNING") == "RUNNING"
    assert fault(delivering, "press", "stop") == 0
    assert state_at(delivering, "STOPPED") == "STOPPED"
    with Pump.open(delivering) as pump:
        assert "BUTTON STOP" in {event.text for event in pump.log()}
    time.sleep(1)
    with Pump.open(delivering) as pump:  # it was let go
        assert pump.ask("*TST?") == "0"


@pytest.mark.parametrize("words", [("stall",), ("free",), ("sensor", "stuck"), ("sensor", "well")])
def test_what_happens_to_the_rotor_is_taken(board, words):
    assert fault(board.port, *words) == 0


@pytest.mark.parametrize(
    "words",
    [
        ("explode",),
        ("power", "twice"),
        ("press", "start"),
        ("press", "stop", "-1"),
        ("press", "stop", "nan"),
        ("press", "stop", "soon"),
        ("press",),
        ("sensor",),
        ("sensor", "drunk"),
    ],
)
def test_what_no_hand_can_do_is_one_sentence_and_status_2(board, capsys, words):
    assert fault(board.port, "--", *words) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert state_at(board.port, "STOPPED") == "STOPPED"


def test_no_board_there_is_one_sentence_and_status_2(tmp_path, capsys):
    assert fault(str(tmp_path / "pump.tty"), "power") == 2
    assert "No emulated board is served at" in capsys.readouterr().err


def test_who_says_nothing_or_hangs_up_does_not_hold_the_board(board):
    for said in (b"", b"power"):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(place(Path(board.port))))
            line.sendall(said)
    assert state_at(board.port, "STOPPED") == "STOPPED"


def test_a_second_board_does_not_take_the_console_of_the_first(board):
    with pytest.raises(FileExistsError, match="is the console of a board already"):
        serve("RPI_PICO", Path(board.port))
    assert state_at(board.port, "STOPPED") == "STOPPED"
