# SPDX-License-Identifier: MIT
"""Results of an acceptance: limits, lines of JSON, flake rates, and those that pytest gives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pumpbench.hil.checkout import checkout_of
from pumpbench.hil.results import Figure, Result, flake_rates, summary

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
from host_tests.hil.conftest import pytest_generate_tests, run
def pytest_addoption(parser):
    parser.addoption("--count", type=int, default=1)
    parser.addoption("--rig", default="sim")
    parser.addoption("--power", default=None)
    parser.addoption("--wires", default=None)
"""
TESTS = """
import pytest
from pumpbench.hil.results import Figure
@pytest.fixture
def broken():
    raise OSError("the port is gone")
def test_flaky(run, record_property):
    record_property("figure", Figure("flow", run, "mL", most=1).as_json())
    assert run != 2, "too much of it"
@pytest.mark.parametrize("ml_d", ["2-4"])
def test_rate(run, ml_d):
    pass
def test_wire(run):
    pytest.skip("no wire")
def test_port(run, broken):
    pass
"""


def accept(folder, *options):
    """pytest with the plugin over TESTS, and the results it wrote."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(TESTS)
    options = [*options, "-p", "no:cacheprovider", "-p", "host_tests.hil.plugin"]
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, f"--rootdir={folder}"]
    ended = subprocess.run(
        [*command, f"--report={folder / 'out'}", *options, str(folder)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    lines = (folder / "out" / "result.jsonl").read_text().splitlines()
    return ended, [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("least", "most", "is_within", "limit"),
    [
        (None, None, True, ""),
        (3, None, True, "at least 3 s"),
        (4, None, False, "at least 4 s"),
        (None, 3, True, "at most 3 s"),
        (None, 2.5, False, "at most 2.5 s"),
        (0, 3, True, "0 to 3 s"),
        (3, 3, True, "3 s"),
    ],
)
def test_a_figure_knows_its_limits_and_says_them(least, most, is_within, limit):
    figure = Figure("answer", 3, "s", least, most)
    assert figure.is_within is is_within
    assert figure.limit == limit
    assert Figure.from_json(figure.as_json()) == figure


def test_a_flake_rate_counts_failures_and_errors_and_tells_skips():
    outcomes = ["passed", "failed", "error", "skipped"]
    results = [Result("a", run, outcome, 0.1) for run, outcome in enumerate(outcomes, 1)]
    rates = flake_rates([*results, Result("b", 1, "skipped", 0)])
    assert [str(rate) for rate in rates] == [
        "4 runs, 2 failed, 1 skipped",
        "1 runs, all skipped",
    ]


def test_a_test_over_its_runs_has_the_worst_outcome_and_the_range_of_its_figures():
    results = [
        Result("a", 1, "passed", 0.1, [Figure("flow", 2, "mL", most=3)]),
        Result("a", 2, "failed", 0.1, [Figure("flow", 5, "mL", most=4)], "too much"),
        Result("a", 3, "skipped", 0.1, reason="no wire"),
    ]
    (test,) = summary(results)
    assert test.outcome == "failed"
    assert test.measured == [("flow", "2 to 5 mL", "at most 4 mL")]
    assert test.reasons == ["too much", "no wire"]


@pytest.mark.slow
def test_each_test_of_each_run_is_a_line_run_by_run_and_one_failure_fails_it_all(tmp_path):
    ended, lines = accept(tmp_path, "--count=3")
    assert ended.returncode == 1
    assert [line["run"] for line in lines] == [1] * 4 + [2] * 4 + [3] * 4
    assert [line["name"] for line in lines[:4]] == [
        "test_flaky",
        "test_rate[2-4]",
        "test_wire",
        "test_port",
    ]
    assert [line["outcome"] for line in lines[4:8]] == ["failed", "passed", "skipped", "error"]
    reasons = [line["reason"] for line in lines[4:8]]
    assert "too much of it" in reasons[0]
    assert reasons[1:3] == ["", "no wire"]
    assert "the port is gone" in reasons[3]
    assert lines[4]["figures"][0] | {"value": 2, "most": 1} == lines[4]["figures"][0]
    printed = ended.stdout
    assert "test_flaky: 3 runs, 1 failed\n" in printed
    assert "test_rate[2-4]: 3 runs, 0 failed\n" in printed
    assert "test_wire: 3 runs, all skipped\n" in printed
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.slow
def test_a_green_run_ends_with_status_0_and_keeps_the_tests_names(tmp_path):
    ended, lines = accept(tmp_path, "-k", "flaky or rate")
    assert ended.returncode == 0, ended.stdout
    assert [line["name"] for line in lines] == ["test_flaky", "test_rate[2-4]"]
    assert "flake rate" not in ended.stdout


def git(folder, *words):
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_checkout_is_told_with_its_changes_and_without_a_repository_there_is_none(tmp_path):
    assert checkout_of(tmp_path) is None
    git(tmp_path, "init")
    assert checkout_of(tmp_path) is None  # no commit
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-m", "One")
    clean = checkout_of(tmp_path)
    assert clean is not None
    assert git(tmp_path, "rev-parse", "HEAD").startswith(clean.commit)
    assert str(clean) == clean.commit
    (tmp_path / "a").write_text("2")
    assert str(checkout_of(tmp_path)) == f"{clean.commit}, with changes"
