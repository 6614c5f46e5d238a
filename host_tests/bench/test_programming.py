# SPDX-License-Identifier: MIT
"""The command `program`: shown, asked, committed; or refused, and nothing has changed."""

import io
import json
import sys
from pathlib import Path

import pytest

from host_tests.bench.served import served
from pumpbench import Prescription, Pump
from pumpbench.__main__ import main
from pumpbench.commands.command_line import REFUSED

pytestmark = pytest.mark.slow

EXAMPLE = str(Path(__file__).parents[2] / "bench/examples/spasticity.toml")
OTHER = """
drug = "baclofen"
indication = "SPIN"
concentration = "500 ug/mL"
rate = "{}"
"""


@pytest.fixture
def port(tmp_path):
    with served(tmp_path / "pump.tty") as board:
        yield board.port


@pytest.fixture
def pump(port):
    """Call: the pump there, with a prescription of 400 ug/d and nothing staged."""
    with Pump.open(port) as pump:
        review = pump.prescribe(Prescription(500, ug_d=400, drug="baclofen", indication="SPIN"))
        pump.commit(review, review.soft_limits)
    return lambda: Pump.open(port)


@pytest.fixture
def answers(monkeypatch):
    """Call with what the user answers."""
    return lambda *lines: monkeypatch.setattr(
        sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines))
    )


@pytest.fixture
def file(tmp_path):
    """Call with a rate: a file that prescribes it."""

    def at(rate):
        path = tmp_path / "other.toml"
        path.write_text(OTHER.format(rate))
        return str(path)

    return at


def rate_and_staged(pump):
    with pump() as open_pump:
        return open_pump.ask("PRES:ACT?").split(",")[2], open_pump.ask("PRES:STAG?")


def test_the_comparison_is_shown_and_a_yes_commits(pump, port, answers, file, capsys):
    answers("y")
    assert main(["program", file("480 ug/d"), "--port", port]) == 0
    shown = capsys.readouterr().out
    rows = [line.split() for line in shown.splitlines()]
    assert ["*", "rate", "400.000", "ug/d", "480.000", "ug/d"] in rows
    assert ["drug", "baclofen", "baclofen"] in rows
    assert "Committed" in shown
    assert rate_and_staged(pump) == ("480.000", "NONE")


@pytest.mark.parametrize("said", [("n",), ("",), ()])
def test_without_a_yes_nothing_changes_and_nothing_stays_staged(
    said, pump, port, answers, file, capsys
):
    answers(*said)
    assert main(["program", file("480 ug/d"), "--port", port]) == REFUSED
    assert capsys.readouterr().out.endswith("Nothing was changed.\n")
    assert rate_and_staged(pump) == ("400.000", "NONE")


def test_a_soft_limit_is_asked_for_by_name(pump, port, answers, file, capsys):
    answers("n")
    assert main(["program", file("900 ug/d"), "--port", port]) == REFUSED
    shown = capsys.readouterr().out
    assert "Soft limit: HIGH: 900.000 ug a day" in shown
    assert "May HIGH be exceeded?" in shown
    assert rate_and_staged(pump) == ("400.000", "NONE")
    answers("y", "y", "y")
    assert main(["program", file("900 ug/d"), "--port", port]) == 0
    assert rate_and_staged(pump) == ("900.000", "NONE")


def test_yes_alone_accepts_no_soft_limit(pump, port, file, capsys):
    command = ["program", file("900 ug/d"), "--port", port, "--yes"]
    assert main(command) == REFUSED
    assert "--accept INCRease" in capsys.readouterr().err
    assert main([*command, "--accept", "HIGH"]) == REFUSED
    assert rate_and_staged(pump) == ("400.000", "NONE")
    assert main([*command, "--accept", "HIGH", "--accept", "increase"]) == 0
    assert rate_and_staged(pump) == ("900.000", "NONE")


def test_a_soft_limit_that_is_not_exceeded_is_not_accepted_either(pump, port, file, capsys):
    command = ["program", file("480 ug/d"), "--port", port, "--yes", "--accept", "LOW"]
    assert main(command) == REFUSED
    assert "LOW was accepted" in capsys.readouterr().err
    assert rate_and_staged(pump) == ("400.000", "NONE")


def test_every_problem_is_a_line_and_status_1(pump, port, tmp_path, capsys):
    path = tmp_path / "wrong.toml"
    path.write_text(
        OTHER.format("1400000 ug/d") + '[patient]\ndose = "20 ug"\nduration = "30 min"\n'
        'lockout = "6 hr"\nmaximum = 3\n[limits]\nday = "148 ug"\n'
    )
    command = ["program", str(path), "--port", port, "--yes"]
    assert main(command) == REFUSED
    told = capsys.readouterr().err.splitlines()
    assert len(told) >= 2
    assert "1400000.000 ug a day: above LIMit:DAY 148.000" in told
    assert main([*command, "--json"]) == REFUSED
    assert json.loads(capsys.readouterr().out) == {"committed": False, "problems": told}
    assert rate_and_staged(pump) == ("400.000", "NONE")


def test_what_the_console_refuses_is_a_line_and_status_1(pump, port, tmp_path, capsys):
    path = tmp_path / "strong.toml"
    path.write_text(OTHER.format("400 ug/d").replace("500 ug/mL", "50000 ug/mL"))
    assert main(["program", str(path), "--port", port, "--yes"]) == REFUSED
    assert capsys.readouterr().err == "-222: Data out of range;0.1 to 10000 UG/ML\n"
    assert rate_and_staged(pump) == ("400.000", "NONE")


def test_for_machines_nothing_is_asked_and_yes_commits(pump, port, file, capsys):
    command = ["program", file("480 ug/d"), "--port", port, "--json"]
    assert main(command) == REFUSED
    found = json.loads(capsys.readouterr().out)
    assert not found["committed"]
    changed = {"field": "rate", "active": "400.000 ug/d", "staged": "480.000 ug/d"}
    assert changed in found["comparison"]
    assert rate_and_staged(pump) == ("400.000", "NONE")
    assert main([*command, "--yes"]) == 0
    assert json.loads(capsys.readouterr().out)["committed"]
    assert rate_and_staged(pump) == ("480.000", "NONE")


def test_a_file_with_a_mistake_never_reaches_the_pump(capsys, tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(OTHER.format("400 ug"))
    assert main(["program", str(path), "--port", "/dev/no-such-port"]) == 2
    told = capsys.readouterr().err
    assert "rate" in told
    assert "no-such-port" not in told
    assert told.count("\n") == 1


def test_the_example_is_committed_as_it_stands(capsys):
    assert main(["program", EXAMPLE, "--port", "sim", "--yes"]) == 0
    assert "Soft limit" not in capsys.readouterr().out
