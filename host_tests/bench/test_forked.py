# SPDX-License-Identifier: MIT
"""Tests in processes forked for them: what they report arrives, what they change does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CONFTEST = """
import pytest
from host_tests.support.run import forked

@pytest.fixture(scope="module")
def wide():
    print("opened")
    yield
    print("closed")

def pytest_runtest_protocol(item, nextitem):
    if "here" in item.name or not forked.is_possible(item.config):
        return None
    forked.run(item, nextitem)
    return True

def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.stats["passed"]:
        for name, number in report.user_properties:
            terminalreporter.line(f"recorded: {name} {number + 40}")
"""

TESTS = """
import os, signal
import pytest

seen = []

def test_here_first(wide):
    seen.append("here")

@pytest.mark.parametrize("n", range(2))
def test_changes_nothing_for_others(n, tmp_path, record_property):
    assert seen == ["here"]
    seen.append(n)
    (tmp_path / "file").touch()
    record_property("number", n)

def test_fails(wide):
    print("its last words")
    assert seen == [1]

def test_skips():
    pytest.skip("a reason")

def test_dies():
    os.kill(os.getpid(), signal.SIGKILL)

def test_here_last(wide):
    assert seen == ["here"]
"""
OTHER = "def test_here_too():\n    pass\n\ndef test_forked_last():\n    pass\n"


@pytest.fixture
def run(tmp_path):
    """Runs pytest with these options over the tests above; returns what it prints."""
    files = {"conftest": CONFTEST, "test_one": TESTS, "test_two": OTHER}
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    def run(*options):
        command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", *options]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'bench'}"}
        environment = {k: v for k, v in environment.items() if not k.startswith("PYTEST_")}
        result = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
        )
        return result.stdout + result.stderr

    return run


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")
@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one process", "a worker"])
def test_what_forked_tests_report_arrives_and_what_they_change_does_not(run, options):
    output = run(*options)
    assert " 2 failed, 6 passed, 1 skipped in" in output
    assert "assert ['here'] == [1]" in output
    assert "its last words" in output
    assert "a reason" in output
    assert "ended with status -9" in output
    assert "recorded: number 40\nrecorded: number 41\n" in output


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")
def test_the_first_failure_ends_the_run_where_that_is_asked_for(run):
    output = run("-x")
    assert " 1 failed, 3 passed in" in output


@pytest.mark.slow
def test_with_a_debugger_nothing_is_forked(run):
    assert "assert ['here', 0] == ['here']" in run("--pdb", "-k", "first or changes")
