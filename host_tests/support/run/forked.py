# SPDX-License-Identifier: MIT
"""A test in a process forked for it: it finds what its parent has made ready, and changes none.

What the child reports is logged here, so summaries, `-x`, pytest-xdist and `record_property` see
no difference; a child that dies is a failed test with its status. Fixtures of a wider scope are
set up in the child and torn down there. Warnings of the child are not in the summary.
"""

import os
import pickle
import tempfile
from typing import IO

import pytest
from _pytest.runner import runtestprotocol


def is_possible(config: pytest.Config) -> bool:
    """Whether there are forks here, and no debugger that would lose its terminal in one."""
    return hasattr(os, "fork") and not config.getoption("usepdb")


def run(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """In place of pytest's own protocol for an item."""
    place = {"nodeid": item.nodeid, "location": item.location}
    item.ihook.pytest_runtest_logstart(**place)
    for report in _reports(item):
        item.ihook.pytest_runtest_logreport(report=report)
    item.session._setupstate.teardown_exact(nextitem)  # what earlier tests left to this module
    item.ihook.pytest_runtest_logfinish(**place)


def _reports(item: pytest.Item) -> list[pytest.TestReport]:
    item.config._tmp_path_factory.getbasetemp()  # one for all children
    with tempfile.TemporaryFile() as file:
        child = os.fork()
        if not child:
            _run_and_exit(item, file)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status:
            return [_died(item, status)]
        file.seek(0)
        from_data = item.config.hook.pytest_report_from_serializable
        return [from_data(config=item.config, data=data) for data in pickle.load(file)]


def _run_and_exit(item: pytest.Item, file: IO[bytes]) -> None:
    """The child: it never returns into the run that it is a copy of."""
    status = 1
    try:
        to_data = item.config.hook.pytest_report_to_serializable
        reports = runtestprotocol(item, log=False)
        pickle.dump([to_data(config=item.config, report=report) for report in reports], file)
        file.flush()
        status = 0
    finally:
        os._exit(status)


def _died(item: pytest.Item, status: int) -> pytest.TestReport:
    text = f"the process of the test ended with status {status}; below 0 it is a signal"
    return pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call")
