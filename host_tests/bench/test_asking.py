# SPDX-License-Identifier: MIT
"""The commands that ask a pump: what they print, for people and for machines."""

import csv
import io
import json

import pytest
from serial.tools.list_ports_common import ListPortInfo

from pumpbench.__main__ import main
from pumpbench.client.pump import Event, Pump
from pumpbench.commands.command_line import REFUSED


def printed(capsys, *arguments):
    assert main([*arguments]) == 0
    return capsys.readouterr().out


def test_the_status_of_a_pump_for_people(capsys):
    lines = printed(capsys, "status", "--port", "sim").splitlines()
    found = {line[:14].strip(): line[14:] for line in lines}
    assert found["pump"].startswith("ITB-Pump,RPI_PICO,")
    assert found["state"] == "STOPPED"
    assert found["alarms"] == "none"
    assert found["steps"] == "0 commanded, 0 emitted, 0 witness, 0 queued"
    assert found["self_test"] == "0"


def test_the_status_of_a_pump_for_machines(capsys):
    found = json.loads(printed(capsys, "status", "--port", "sim", "--json"))
    assert found["steps"] == {"commanded": 0, "emitted": 0, "witness": 0, "queued": 0}
    assert found["alarms"] == []
    assert found["reservoir_ml"] is None


def test_a_line_and_its_answer(capsys):
    assert printed(capsys, "scpi", "--port", "sim", "SYST:VERS?") == "1999.0\n"
    assert printed(capsys, "scpi", "--port", "sim", "RES:REF 20 ML") == ""


@pytest.mark.parametrize("line", ["THER:STAR", "RES:FOR?"])
def test_a_line_that_is_refused_is_told_and_status_1(line, capsys):
    assert main(["scpi", "--port", "sim", line]) == REFUSED
    assert capsys.readouterr().err == "103: No prescription\n"


def test_the_log_in_three_forms(capsys):
    shown = printed(capsys, "log", "--port", "sim")
    assert "RESET" in shown
    rows = list(csv.DictReader(io.StringIO(printed(capsys, "log", "--port", "sim", "--csv"))))
    assert tuple(rows[0]) == Event._fields
    assert (rows[0]["number"], rows[0]["name"]) == ("1", "RESET")
    lines = printed(capsys, "log", "--port", "sim", "--json").splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert json.loads(lines[0])["wall"] is None


def test_the_ports_of_this_machine_are_lines(capsys):
    assert printed(capsys, "ports").strip()


def test_the_ports_of_this_machine_for_machines(monkeypatch, capsys):
    port = ListPortInfo("/dev/ttyACM7")
    port.description, port.vid, port.pid, port.serial_number = "Pico", 0x2E8A, 5, "E66"
    monkeypatch.setattr("pumpbench.commands.asking.list_ports.comports", lambda: [port])
    (found,) = json.loads(printed(capsys, "ports", "--json"))
    assert (found["device"], found["description"]) == ("/dev/ttyACM7", "Pico")
    assert (found["vid"], found["pid"], found["serial_number"]) == (0x2E8A, 5, "E66")
    monkeypatch.setattr("pumpbench.commands.asking.list_ports.comports", list)
    assert json.loads(printed(capsys, "ports", "--json")) == []


def test_a_port_that_is_not_there_is_one_sentence_and_status_2(capsys):
    assert main(["status", "--port", "/dev/no-such-port"]) == 2
    assert "/dev/no-such-port" in capsys.readouterr().err


def test_a_pump_that_delivers_does_not_end_its_firmware_and_says_why(board, capsys, monkeypatch):
    monkeypatch.setattr("pumpbench.client.pump._END_S", 1.0)  # for all of which no REPL comes
    with Pump.open(board.port) as pump:
        pump.tell("MOT:JOG 500,10")
    assert main(["scpi", "--port", board.port, "syst:serv"]) == 1
    assert "stop" in capsys.readouterr().err.lower()
    with Pump.open(board.port) as pump:
        assert pump.state() == "RUNNING"
