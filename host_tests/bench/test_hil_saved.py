# SPDX-License-Identifier: MIT
"""The folder of an acceptance, and what `report` makes of one that broke off."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from pumpbench.__main__ import main
from pumpbench.hil.checkout import Checkout
from pumpbench.hil.page import Facts
from pumpbench.hil.results import Figure, Result
from pumpbench.hil.saved import Folder, SavedError
from pumpbench.images import image

pytestmark = pytest.mark.slow

PASSED = Result("test_a_stop_stops[24]", 1, "passed", 0.5, [Figure("late", 3, "ms", most=5)])
FAILED = Result("test_power", 1, "failed", 2.0, [], "no power")
CHECKOUTS = [None, Checkout("0123456789ab", True)]


def facts(identity="", checkout=None):
    date = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    return Facts("sim", identity, "0.1.0", "an image", "own", "all", checkout, date)


@pytest.fixture
def folder(tmp_path):
    """One with two results, which broke off."""
    made = Folder(tmp_path / "hil")
    made.begin()
    made.add(PASSED, facts())
    made.add(FAILED, facts("ITB-Pump"))
    return made


@pytest.mark.parametrize("checkout", CHECKOUTS)
def test_what_is_kept_is_read_again(folder, checkout):
    folder.keep(facts("ITB-Pump", checkout))
    assert Folder(folder.path).read() == (facts("ITB-Pump", checkout), [PASSED, FAILED])


def test_a_last_line_that_was_cut_off_costs_no_other(folder):
    data = folder.path / "result.jsonl"
    whole = data.read_text()
    second = whole.index("\n") + 1
    for length in (second, second + 1, len(whole) - 1):
        data.write_text(whole[:length])
        assert Folder(folder.path).read()[1] == [PASSED]


def test_a_page_is_made_of_a_run_that_broke_off(folder, capsys):
    assert not (folder.path / "report.html").exists()
    assert main(["report", str(folder.path)]) == 1
    assert capsys.readouterr().out.endswith("report.html: 1 passed, 1 failed\n")
    page = (folder.path / "report.html").read_text()
    for told in ("A stop stops: 24", "at most 5 ms", "no power", "ITB-Pump", "an image"):
        assert told in page


def test_without_a_failure_the_status_is_0(tmp_path, capsys):
    made = Folder(tmp_path)
    made.begin()
    made.add(PASSED, facts())
    assert main(["report", str(tmp_path)]) == 0
    assert "1 passed" in capsys.readouterr().out


def spoil(name, content):
    return lambda path: (path / name).write_text(content)


MISTAKES = {
    "no facts": (lambda path: (path / "facts.json").unlink(), "is no folder of `make hil`"),
    "facts spoiled": (spoil("facts.json", "{"), "facts.json cannot be read"),
    "facts of another kind": (spoil("facts.json", "{}"), "facts.json cannot be read"),
    "no results": (lambda path: (path / "result.jsonl").unlink(), "has no result.jsonl"),
    "empty": (spoil("result.jsonl", ""), "has no results"),
    "a line spoiled": (spoil("result.jsonl", "x\n"), "result.jsonl, line 1, is no result"),
    "of another kind": (spoil("result.jsonl", "{}\n"), "result.jsonl, line 1, is no result"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_is_no_acceptance_is_one_sentence(folder, mistake, capsys):
    spoiled, sentence = MISTAKES[mistake]
    spoiled(folder.path)
    assert main(["report", str(folder.path)]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
    assert not (folder.path / "report.html").exists()


def test_an_acceptance_begins_with_nothing_of_an_earlier_one(folder):
    folder.write_page(facts(), [PASSED])
    folder.begin()
    with pytest.raises(SavedError):
        folder.read()
    assert not (folder.path / "report.html").exists()


@pytest.mark.slow
def test_the_command_accepts_a_simulated_pump(tmp_path, capfd):
    assert main(["hil", "--folder", str(tmp_path)]) == 0
    assert " passed" in capfd.readouterr().out
    names = {"facts.json", "report.html", "result.jsonl", "result.xml"}
    assert {each.name for each in tmp_path.iterdir()} == names
    found, results = Folder(tmp_path).read()
    assert found.identity.startswith("ITB-Pump,RPI_PICO,")
    assert len(results) > 15


@pytest.mark.slow
def test_an_acceptance_for_machines_is_one_object_with_every_result(tmp_path, capfd):
    assert main(["hil", "--folder", str(tmp_path), "--json"]) == 0
    told = capfd.readouterr()
    found = json.loads(told.out)
    assert found["pump"].startswith("ITB-Pump,RPI_PICO,")
    assert (found["target"], found["broke_off"], found["passed"]) == ("sim", "", True)
    assert found["report"] == str(tmp_path / "report.html")
    assert len(found["tests"]) > 15
    figures = [each for test in found["tests"] for each in test["figures"]]
    assert "at 24 mL/d" in [each["what"] for each in figures]
    assert " passed" in told.err


def test_a_pump_that_is_not_there_is_told_to_machines(tmp_path, capfd):
    where = "/dev/no-such-port"
    assert main(["hil", "--target", where, "--folder", str(tmp_path), "--json"]) == 1
    found = json.loads(capfd.readouterr().out)
    assert (found["passed"], found["pump"]) == (False, "")
    assert where in found["tests"][0]["reason"]


@pytest.mark.slow
def test_an_acceptance_that_is_killed_leaves_what_it_had(tmp_path):
    command = [sys.executable, "-m", "pumpbench", "hil", "--count", "50"]
    running = subprocess.Popen(
        [*command, "--folder", str(tmp_path)], start_new_session=True, stdout=subprocess.DEVNULL
    )
    data = tmp_path / "result.jsonl"
    try:
        until_s = time.monotonic() + 60
        while not data.exists() or data.read_text().count("\n") < 5:
            assert running.poll() is None
            assert time.monotonic() < until_s
            time.sleep(0.05)
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    assert not (tmp_path / "report.html").exists()
    assert main(["report", str(tmp_path)]) == 0
    assert "ITB-Pump" in (tmp_path / "report.html").read_text()


def test_a_pump_that_is_not_there_fails_all_of_it(tmp_path, capfd):
    assert main(["hil", "--target", "/dev/no-such-port", "--folder", str(tmp_path)]) == 1
    assert "/dev/no-such-port" in capfd.readouterr().out


def test_without_the_projects_tests_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(image, "ROOT", tmp_path)
    assert main(["hil"]) == 2
    assert "run it in a clone of the project" in capsys.readouterr().err
