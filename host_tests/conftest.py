# SPDX-License-Identifier: MIT
"""Options of the test run, and the boards that tests run on.

A test that takes `bench` runs on every target; on `sim` it powers up a board of its own, on
`emulator`, where a boot takes seconds, it shares one, stopped and with its errors read.
A test that takes `power_up` starts its own board on every target, with a main.py of its own.
"""

import functools
import gc

import pytest
from hypothesis import settings

from host_tests.bench_session import Bench
from host_tests.images import need_image
from pumpbench.emulator import EmulatorTarget
from pumpbench.sim import SimTarget, install
from pumpbench.uf2 import DEFAULT_VERSION

install()
settings.register_profile("bench", deadline=None, derandomize=True)
settings.load_profile("bench")
gc.set_threshold(10_000, 20, 20)  # boards are big and soon over: look for garbage less often

TARGETS = ("sim", "emulator")


def pytest_addoption(parser):
    parser.addoption("--target", choices=[*TARGETS, "all"], default="all", help="where to run")
    parser.addoption("--micropython", default=DEFAULT_VERSION, help="image of the emulated board")
    parser.addoption("--days", type=int, default=2, help="length of the long deliveries")
    parser.addoption("--lines", type=int, default=300, help="console lines of the long floods")
    parser.addoption("--seed", type=int, default=1, help="seed of the random campaigns")


def pytest_generate_tests(metafunc):
    for name in ("bench", "power_up"):
        if name in metafunc.fixturenames:
            chosen = metafunc.config.getoption("--target")
            targets = [target for target in TARGETS if chosen in (target, "all")]
            marks = {"emulator": pytest.mark.emulator}
            params = [pytest.param(t, marks=marks.get(t, ())) for t in targets]
            metafunc.parametrize(name, params, indirect=True)


def emulated(config):
    """Boots an emulated board; skips, saying what is missing, where there is no image for it."""
    version = config.getoption("--micropython")
    need_image(version)
    return functools.partial(EmulatorTarget, version=version)


@pytest.fixture(scope="session")
def emulated_board(request):
    """The emulated board that tests share; booted when the first one asks for it."""
    return emulated(request.config)()


@pytest.fixture
def bench(request):
    """A stopped pump on the target, ready for commands."""
    if request.param == "emulator":
        return Bench(request.getfixturevalue("emulated_board"))
    return Bench(SimTarget())


@pytest.fixture
def power_up(request):
    """Starts a board on the target: power_up(main=..., ...) -> Target."""
    return emulated(request.config) if request.param == "emulator" else SimTarget


@pytest.fixture
def days(request):
    return request.config.getoption("--days")


@pytest.fixture
def lines(request):
    return request.config.getoption("--lines")


@pytest.fixture
def seed(request):
    return request.config.getoption("--seed")


def pytest_terminal_summary(terminalreporter):
    """Print what tests recorded as `measured`: the numbers behind the claims."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    measured = {
        text
        for report in reports
        for name, text in getattr(report, "user_properties", ())
        if name == "measured"
    }
    if measured:
        terminalreporter.section("measured")
        for text in sorted(measured):
            terminalreporter.line(text)
