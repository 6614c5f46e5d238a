# SPDX-License-Identifier: MIT
"""The command line itself: what it says to a mistake, how soon, and that a shell completes it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import serial

from pumpbench.__main__ import main
from pumpbench.boards import catalog
from pumpbench.commands import making
from pumpbench.targets import serve

ROOT = Path(__file__).parents[2]
MISTAKES = [
    (["status"], "Missing option '--port'."),
    (["stats"], "No such command 'stats'. Did you mean 'status'?"),
    (["log", "--port", "sim", "--csv", "--json"], "--csv or --json, not both"),
    (["log", "--port", "sim", "--first", "x"], "'--first'"),
    (["status", "--port", "sim", "--jason"], "--json"),
    (["scpi", "--port", "sim"], "argument 'line'"),
]
PORTS = [
    ("", "Say which port"),
    ("/dev/no-such-port", "/dev/no-such-port cannot be opened: No such file or directory."),
    ("/dev/null", "/dev/null cannot be opened"),
    ("foo://bench:1", "foo://bench:1 is no address of a port"),
    ("socket://localhost:1", "refused"),
]
ASKING = {
    "status": ["status"],
    "scpi": ["scpi", "*IDN?"],
    "log": ["log"],
    "console": ["console"],
    "program": ["program", str(ROOT / "bench/examples/spasticity.toml")],
    "watch": ["watch"],
}
SLOW = {"matplotlib", "numpy", "pydantic", "rp2040py", "mpremote", "schemdraw", "greenlet", "vcd"}
IMPORTED = "import sys, pumpbench.__main__; print(*(name.split('.')[0] for name in sys.modules))"


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=lambda value: value[0])
def test_a_mistake_in_the_command_is_one_sentence_and_status_2(arguments, said, capsys):
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("command", ASKING)
@pytest.mark.parametrize(("port", "said"), PORTS, ids=lambda value: value[:8])
def test_a_port_with_no_pump_is_one_sentence_and_status_2(command, port, said, capsys):
    assert main([*ASKING[command], "--port", port]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert said in told.err


def test_a_port_that_somebody_else_has_is_said_so(capsys):
    master, slave = os.openpty()
    with serial.Serial(os.ttyname(slave), exclusive=True) as other:
        assert main(["status", "--port", other.name]) == 2
    os.close(master)
    os.close(slave)
    assert "another program has it open" in capsys.readouterr().err


def test_no_command_at_all_lists_the_commands_and_status_2(capsys):
    assert main([]) == 2
    assert "The identity and the state of a pump." in capsys.readouterr().err


def test_every_command_has_a_line_of_help(capsys):
    assert main(["--help"]) == 0
    rows = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert len(rows) >= 13
    assert all(row.rstrip().endswith((".", "...")) for row in rows if row)


def test_no_command_waits_for_what_only_others_need():
    command = [sys.executable, "-c", IMPORTED]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert set(names) & SLOW == set()


def test_the_help_is_there_at_once():
    command = [sys.executable, "-m", "pumpbench", "--help"]
    taken_s = []
    for _ in range(3):
        before = os.times()
        subprocess.run(command, capture_output=True, check=True)
        after = os.times()  # what others do on this machine is not its time
        taken_s.append(after.children_user - before.children_user)
    assert min(taken_s) < 0.6


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("st", ["status"]),
        ("status --port si", ["sim"]),
        ("program x --port sim --acc", ["--accept"]),
        ("program x --port sim --accept hi", ["HIGH"]),
    ],
)
def test_a_shell_completes_commands_options_and_ports(typed, completed, monkeypatch, capsys):
    monkeypatch.setenv("_PUMPBENCH_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"pumpbench {typed}")
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split())))
    with pytest.raises(SystemExit) as end:
        main([])
    assert not end.value.code
    assert [word.upper() for word in capsys.readouterr().out.split()] == [
        word.upper() for word in completed
    ]


def test_the_defaults_of_the_command_line_are_those_of_the_bench():
    assert making.PICO == catalog.DEFAULT_BOARD
    assert making.LINK == serve.LINK
