# SPDX-License-Identifier: MIT
"""The acceptance at a serial port, in real time, with a relay in the pump's power."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from host_tests.bench.relayed import relayed
from host_tests.bench.served import served
from pumpbench.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


def accept(folder, about, *options):
    """Those tests of the acceptance: how pytest ended, and a result by the name of each test."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "host_tests.hil.plugin"]
    ended = subprocess.run(
        [*command, f"--report={folder}", *options, "-k", about, "host_tests/hil"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = (folder / "result.jsonl").read_text().splitlines()
    return ended, {each["name"]: each for each in map(json.loads, lines)}


@pytest.mark.slow
def test_a_pump_at_a_port_is_cut_by_a_relay_and_says_what_went_out(tmp_path):
    port, relay = tmp_path / "pump.tty", tmp_path / "relay.tty"
    with relayed(port, relay):
        options = [f"--rig={port}", f"--power=relay:{relay}"]
        ended, results = accept(tmp_path, "wires or cut or heard or button or well", *options)
    assert ended.returncode == 0, ended.stdout
    (cut,) = (each for name, each in results.items() if "cut_is_told" in name)
    assert cut["outcome"] == "passed"
    assert cut["figures"][1]["what"] == "told at most"
    assert cut["figures"][1]["least"] > 0.1  # 5 s of 2400 mL/d
    page = (tmp_path / "report.html").read_text()
    assert f"relay:{relay}" in page
    first, *others = results.values()
    assert first["name"] == "test_the_wires_of_the_rig_are_there"
    assert first["outcome"] == "skipped"
    for each in others:
        if each["outcome"] == "skipped":
            assert len(each["reason"]) > 20
            assert each["reason"] in first["reason"] or "nobody sees" in each["reason"]


@pytest.mark.slow
def test_a_pump_that_is_unplugged_ends_it_and_what_there_was_is_kept(tmp_path, capsys):
    data = tmp_path / "result.jsonl"
    with served(tmp_path / "pump.tty") as board:

        def unplug():
            until_s = time.monotonic() + 60
            while not data.exists() or not data.read_text():
                assert time.monotonic() < until_s
                time.sleep(0.05)
            time.sleep(2)  # in the midst of a bolus, for which the test waits 15 s
            board.unplug()

        thread = threading.Thread(target=unplug)
        thread.start()
        ended, results = accept(
            tmp_path, "well or bolus_is or log or alarm", f"--rig={board.port}"
        )
        thread.join()
    assert ended.returncode == 2, ended.stdout
    said = f"The line to the pump at {board.port} was cut in: A bolus is exact and the therapy"
    (told,) = [
        line for line in ended.stdout.splitlines() if line.startswith(f"! Interrupted: {said}")
    ]
    assert "4 tests were not tried. The pump goes on as it was told: stop it by hand." in told
    assert "Traceback" not in ended.stdout
    assert "\nE  " not in ended.stdout
    assert [each["outcome"] for each in results.values()] == ["passed", "failed"]
    assert list(results.values())[1]["reason"].startswith(said)
    page = tmp_path / "report.html"
    assert f"<b>Broke off.</b> {said}" in page.read_text()
    page.unlink()
    assert main(["report", str(tmp_path)]) == 1
    assert said in capsys.readouterr().out
    assert f"<b>Broke off.</b> {said}" in page.read_text()


@pytest.mark.slow
def test_no_run_at_all_is_refused():
    command = [sys.executable, "-m", "pytest", "--count=0", "host_tests/hil"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 4
    assert "at least one run, not 0" in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--power=relay:/dev/not-there", "The relay cannot be opened"),
        ("--power=mains:1", "is no power switch"),
        ("--rig=/dev/not-there", "could not open port"),
    ],
)
def test_a_rig_that_is_not_as_it_was_said_to_be_fails_in_a_sentence(tmp_path, option, sentence):
    ended, results = accept(tmp_path, "well", option)
    assert ended.returncode == 1
    (result,) = results.values()
    assert result["outcome"] == "error"
    assert sentence in result["reason"]
    assert sentence in (tmp_path / "report.html").read_text()
