# SPDX-License-Identifier: MIT
"""A port that is gone and comes back: what a script sees of it.

The board is simulated, behind a terminal; once unplugged it is another one, just powered up.
"""

import threading
import time

import pytest
import serial

from pumpbench import LineCut, Pump
from pumpbench.client.lines import SerialLine

pytestmark = pytest.mark.slow

AWAY_S = 0.5


@pytest.fixture
def replug(board):
    """Call to unplug the board; it is back half a second later."""
    threads = []

    def away():
        board.unplug()
        threads.append(threading.Timer(AWAY_S, board.plug))
        threads[-1].start()

    yield away
    for thread in threads:
        thread.join()


def test_a_query_is_asked_again_once_the_board_is_back(board, replug):
    with Pump.open(board.port) as pump:
        pump.tell("MOT:CAL:PERR 0.25 ML")
        replug()
        assert pump.ask("SYST:STAT?;*OPC?") == "STOPPED;1"
        assert pump.steps().emitted == 0


def test_a_command_is_not_given_twice(board, replug):
    with Pump.open(board.port) as pump:
        replug()
        with pytest.raises(LineCut, match="in the midst of 'MOT:JOG 10,60'; whether it was done"):
            pump.tell("MOT:JOG 10,60")
        assert pump.state() == "STOPPED"
        assert pump.steps().commanded == 0
        replug()
        with pytest.raises(LineCut, match="in the midst of 'MOT:JOG 10,60;:DEL:STEP\\?'"):
            pump.ask("MOT:JOG 10,60;:DEL:STEP?")
        assert pump.steps().commanded == 0


def test_another_pump_in_its_place_is_told(board, replug):
    with Pump.open(board.port) as pump:
        pump._identity = pump._identity.replace("RPI_PICO", "RPI_PICO2")
        replug()
        with pytest.raises(LineCut, match=r"Another pump answers now: ITB-Pump,RPI_PICO,.*PICO2"):
            pump.state()


def test_a_board_that_does_not_come_back_is_an_error_of_its_port(board):
    with Pump.open(board.port, reopen_s=0.5) as pump:
        board.unplug()
        begin_s = time.monotonic()
        with pytest.raises(serial.SerialException):
            pump.state()
        assert time.monotonic() - begin_s < 5


def test_who_waits_for_nothing_gets_the_error_at_once(board):
    with Pump.open(board.port, reopen_s=0) as pump:
        board.unplug()
        begin_s = time.monotonic()
        with pytest.raises(OSError, match=r".+"):
            pump.state()
        assert time.monotonic() - begin_s < 3
        board.plug()
        with pytest.raises(OSError, match=r".+"):
            pump.state()


def test_an_address_is_opened_again_by_its_name():
    line = SerialLine("loop://")
    line.write(b"one\n")
    assert line.read_line(1) == "one"
    line.reopen()
    line.write(b"two\n")
    assert line.read_line(1) == "two"
    line.close()
