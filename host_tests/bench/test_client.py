# SPDX-License-Identifier: MIT
"""The SCPI client: what it sends, and what it makes of the answers."""

import os
import tty

import pytest
import serial

from pumpbench.client.lines import Identity, PumpError, SerialLine
from pumpbench.client.pump import Pump
from pumpbench.targets.sim import SimTarget


class Wire:
    """A pump at the other end of a line that knows a few commands."""

    def __init__(self):
        self.errors = []
        self.lines = []
        self.state = "STOPPED"

    def write(self, data: bytes) -> None:
        assert data.endswith(b"\n")
        text = data.decode().strip()
        if text == "*IDN?":
            self.lines.append("ITB-Pump,RPI_PICO,e6614103e7,0.1.0")
        elif text == "SYST:STAT?":
            self.lines.append(self.state)
        elif text == "SYST:ERR?":
            self.lines.append(self.errors.pop(0) if self.errors else '0,"No error"')
        elif text == "THER:STAR":
            self.state = "RUNNING"
        else:
            self.errors.append(f'-113,"Undefined header;{text}"')

    def read_line(self, timeout_s: float) -> str:
        if not self.lines:
            raise TimeoutError
        return self.lines.pop(0)


def test_a_command_the_pump_takes_returns_when_it_is_done():
    pump = Pump(Wire())
    pump.tell("THER:STAR")
    assert pump.state() == "RUNNING"


def test_a_command_the_pump_does_not_take_raises_its_number_and_text():
    with pytest.raises(PumpError, match="-113: Undefined header;NONSENSE") as raised:
        Pump(Wire()).tell("NONSENSE")
    assert raised.value.number == -113


def test_all_errors_are_read_oldest_first_and_then_there_are_none():
    pump = Pump(wire := Wire())
    wire.errors += ['-222,"Data out of range"', '-350,"Queue overflow"']
    assert [error.number for error in pump.errors()] == [-222, -350]
    assert pump.errors() == []


def test_the_identity_comes_in_its_four_parts():
    identity = Identity("ITB-Pump", "RPI_PICO", "e6614103e7", "0.1.0")
    assert Pump(Wire()).identity() == identity


def test_a_query_without_an_answer_times_out():
    with pytest.raises(TimeoutError):
        Pump(Wire()).ask("THER:STAR")


class OldAnswers:
    """A line in which an earlier host's answers come first; a pump of `sim` is behind it."""

    def __init__(self, target, old, missing=0):
        self.target, self.old, self.missing = target, list(old), missing

    def write(self, data: bytes) -> None:
        self.target.write(data)

    def read_line(self, timeout_s: float) -> str:
        if self.old:
            return self.old.pop(0)
        if self.missing:
            self.missing -= 1
            raise TimeoutError
        return self.target.read_line(timeout_s)


def test_what_an_earlier_host_was_answered_is_read_before_the_first_question():
    old = ["RPI_PICO,e6614103e7,0.1.0", "ITB-Pump,RPI_PICO,e6614103e7,0.1.0", "1;1999.0", "1"]
    with SimTarget() as target:
        pump = Pump(OldAnswers(target, old))
        pump.synchronise()
        assert pump.state() == "STOPPED"
        assert pump.ask("*OPC?") == "1"


def test_an_answer_that_comes_after_its_time_is_nobody_elses():
    with SimTarget() as target:
        pump = Pump(OldAnswers(target, [], missing=2))  # to *IDN?, and to what is asked behind it
        with pytest.raises(TimeoutError):
            pump.identity()
        assert pump.state() == "STOPPED"
        assert pump.ask("*OPC?") == "1"


def test_a_line_that_never_ends_to_talk_is_no_pump():
    class Chatter:
        def write(self, data):
            pass

        def read_line(self, timeout_s):
            return "1"

    with pytest.raises(TimeoutError, match="more than 1000 lines"):
        Pump(Chatter()).synchronise()


@pytest.fixture
def cable():
    """A serial cable: the file descriptor of one end, the path of the other."""
    near, far = os.openpty()
    tty.setraw(far)
    yield near, os.ttyname(far)
    os.close(near)
    os.close(far)


def test_lines_of_a_serial_port_come_whole_and_without_their_end(cable):
    near, path = cable
    with SerialLine(path) as line:
        os.write(near, b"one\r\ntwo\nthr")
        assert [line.read_line(1), line.read_line(1)] == ["one", "two"]
        os.write(near, b"ee\n")
        assert line.read_line(1) == "three"
        line.write(b"*IDN?\n")
        assert os.read(near, 100) == b"*IDN?\n"


def test_a_line_that_does_not_end_times_out_and_is_kept(cable):
    near, path = cable
    with SerialLine(path) as line:
        os.write(near, b"half")
        with pytest.raises(TimeoutError):
            line.read_line(0.05)
        os.write(near, b" and half\n")
        assert line.read_line(1) == "half and half"


def test_a_port_that_is_not_there_cannot_be_opened():
    with pytest.raises(serial.SerialException):
        SerialLine("/dev/no-such-port")


@pytest.mark.parametrize("call", [lambda pump: pump.state(), lambda pump: pump.tell("*CLS")])
def test_what_is_interrupted_while_it_is_sent_is_not_taken_for_an_answer_later(call):
    """Ctrl-C comes when the bytes are out, and `write` has not returned."""

    class Interrupted(SimTarget):
        is_hit = False

        def write(self, data):
            super().write(data)
            if self.is_hit:
                self.is_hit = False
                raise KeyboardInterrupt

    with Interrupted() as target:
        pump = Pump(target)
        assert pump.state() == "STOPPED"
        target.is_hit = True
        with pytest.raises(KeyboardInterrupt):
            call(pump)
        pump.stop()
        assert pump.identity().board == "RPI_PICO"
        assert pump.state() == "STOPPED"
