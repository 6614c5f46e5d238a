# SPDX-License-Identifier: MIT
"""The command line itself: what it says to a mistake, how soon, and that a shell completes it."""

import subprocess
import sys
import time

import pytest

from pumpbench import boards, making, serve
from pumpbench.__main__ import main

MISTAKES = [
    (["status"], "Missing option '--port'."),
    (["stats"], "No such command 'stats'. Did you mean 'status'?"),
    (["log", "--port", "sim", "--csv", "--json"], "--csv or --json, not both"),
    (["log", "--port", "sim", "--first", "x"], "'--first'"),
    (["status", "--port", "sim", "--jason"], "--json"),
    (["scpi", "--port", "sim"], "argument 'line'"),
]
SLOW = {"matplotlib", "numpy", "pydantic", "rp2040py", "mpremote", "schemdraw", "greenlet"}
IMPORTED = "import sys, pumpbench.__main__; print(*(name.split('.')[0] for name in sys.modules))"


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=lambda value: value[0])
def test_a_mistake_in_the_command_is_one_sentence_and_status_2(arguments, said, capsys):
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert told.err.count("\n") == 1


def test_no_command_at_all_lists_the_commands_and_status_2(capsys):
    assert main([]) == 2
    assert "Who the pump is, and how it is." in capsys.readouterr().err


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
        start_s = time.monotonic()
        subprocess.run(command, capture_output=True, check=True)
        taken_s.append(time.monotonic() - start_s)
    assert min(taken_s) < 0.6


def test_a_shell_completes_the_commands(monkeypatch, capsys):
    monkeypatch.setenv("_PUMPBENCH_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "pumpbench st")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises(SystemExit) as end:
        main([])
    assert not end.value.code
    assert capsys.readouterr().out.split() == ["status"]


def test_the_defaults_of_the_command_line_are_those_of_the_bench():
    assert making.PICO == boards.DEFAULT_BOARD
    assert making.LINK == serve.LINK
