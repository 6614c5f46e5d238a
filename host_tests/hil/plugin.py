# SPDX-License-Identifier: MIT
"""pytest's results as those of an acceptance: JSON lines while it runs, page and rates at the end.

`pytest -p host_tests.hil.plugin --report=FOLDER`, as `make hil` calls it.
"""

from datetime import datetime
from pathlib import Path

import pytest

from host_tests.support.acceptance.device import DEVICE, Device
from host_tests.support.acceptance.plugged import Unplugged
from pumpbench.hil.checkout import checkout_of
from pumpbench.hil.page import Facts, sentence
from pumpbench.hil.results import ERROR, FAILED, SKIPPED, Figure, Result, flake_rates
from pumpbench.hil.saved import DATA, PAGE, Folder


def pytest_addoption(parser):
    parser.addoption("--report", default="build/hil", help="folder of the results")


def pytest_configure(config):
    config.pluginmanager.register(Recorder(config), "acceptance")


class Recorder:
    """Collects the reports of each test and makes one result of them."""

    def __init__(self, config):
        self._config = config
        self._folder = Folder(Path(config.getoption("--report")))
        self._checkout = checkout_of(config.rootpath)
        self._begun = datetime.now().astimezone()
        self._reports = []
        self._broke_off = ""
        self.results = []

    def pytest_sessionstart(self):
        self._folder.begin()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        for item in items:
            item.user_properties += [("run", run_of(item)), ("test", name_of(item))]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        """End the session where the pump was unplugged: no test after it can tell anything."""
        report = yield
        if call.excinfo is not None and call.excinfo.errisinstance(Unplugged):
            where, session = self._config.getoption("--rig"), item.session
            left = session.testscollected - len(self.results) - 1
            self._broke_off = self._broke_off or (
                f"The line to the pump at {where} was cut in: {sentence(name_of(item))}."
                f" {left} tests were not tried. The pump goes on as it was told: stop it by hand."
            )
            report.longrepr = session.shouldstop = self._broke_off
        return report

    def pytest_runtest_logreport(self, report):
        self._reports.append(report)

    def pytest_runtest_logfinish(self):
        result = result_of(self._reports)
        self._reports = []
        self.results.append(result)
        self._folder.add(result, self._facts())

    def pytest_sessionfinish(self):
        self._folder.keep(self._facts())
        self._folder.write_page(self._facts(), self.results)

    def pytest_terminal_summary(self, terminalreporter):
        if self._config.getoption("--count") > 1:
            terminalreporter.section("flake rate")
            for rate in flake_rates(self.results):
                terminalreporter.line(f"{rate.name}: {rate}")
        terminalreporter.line(f"{self._folder.path / PAGE}, {self._folder.path / DATA}")

    def _facts(self):
        """What the page says about the rig and the pump, as far as it is known."""
        device = self._config.stash.get(DEVICE, Device())
        return Facts(
            target=self._config.getoption("--rig"),
            identity=device.identity,
            firmware=device.identity.rpartition(",")[2],
            image=device.image,
            power=device.power,
            wires=device.wires,
            checkout=self._checkout,
            date=self._begun,
            broke_off=self._broke_off,
        )


def run_of(item):
    """The number of the run that a test is part of."""
    return item.callspec.params.get("run", 1) if hasattr(item, "callspec") else 1


def name_of(item):
    """The name of a test, the same in every run."""
    if not hasattr(item, "callspec"):
        return item.name
    others = [part for part in item.callspec.id.split("-") if part != f"run{run_of(item)}"]
    return f"{item.originalname}[{'-'.join(others)}]" if others else item.originalname


def result_of(reports):
    """One result of what set-up, call and tear-down of a test came to."""
    properties = reports[-1].user_properties
    told = dict(properties)
    deciding = next((each for each in reports if not each.passed), reports[-1])
    outcome = deciding.outcome
    if outcome == FAILED and deciding.when != "call":
        outcome = ERROR
    return Result(
        name=told["test"],
        run=told["run"],
        outcome=outcome,
        seconds=round(sum(each.duration for each in reports), 3),
        figures=[Figure.from_json(text) for name, text in properties if name == "figure"],
        reason=reason_of(deciding),
    )


def reason_of(report):
    """Why a test was skipped or failed, in a line; nothing where it passed."""
    if report.outcome == SKIPPED:
        return report.longrepr[2].removeprefix("Skipped: ")
    if report.outcome != FAILED:
        return ""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    return text.strip().splitlines()[0]
