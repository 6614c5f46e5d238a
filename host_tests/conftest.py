# SPDX-License-Identifier: MIT
"""Options of the test run, and the boards that tests run on.

A test that takes `bench` runs on every target, with a board of its own that has booted. On `sim`
it boots then; on `emulator`, where a boot takes seconds, each worker boots one board, once, and
every such test runs in a fork of the worker: it goes on with the board as it was then, and what it
does to it is gone with the process (see forked.py and booted.py). With --pdb, or where the system
has no fork, every test boots.
A test that takes `power_up` starts a board from its first instruction on every target, with a
main.py or a flash of its own.
A test marked `no_chip` does not run on the emulator: it is about what the console answers and the
firmware works out, where no pin, no flash and no time of the board has a part. One marked
`not_on_unix` is about the chip, and `unix` has that of `sim`, or about how much memory it has.
One marked `chip_in_soak` runs on the emulator in `make soak` only, but for the parameters named
as `but`; `unix_in_soak` is the same for `unix`.
"""

import argparse
import functools
import gc

import pytest
from hypothesis import settings

from host_tests.support.boards import booted
from host_tests.support.boards.images import has_image, need_image
from host_tests.support.run import forked, hazards, order
from host_tests.support.sessions.bench import Bench
from pumpbench.images.uf2 import DEFAULT_VERSION
from pumpbench.targets.emulator import EmulatorTarget
from pumpbench.targets.sim import SimTarget, install
from pumpbench.targets.unix import UnixTarget, find_interpreter

install()
settings.register_profile("bench", deadline=None, derandomize=True)
settings.load_profile("bench")
gc.set_threshold(10_000, 20, 20)  # boards are big and soon over: look for garbage less often

TARGETS = ("sim", "unix", "emulator")


def pytest_addoption(parser):
    parser.addoption("--target", choices=[*TARGETS, "all"], default="all", help="where to run")
    parser.addoption("--micropython", default=DEFAULT_VERSION, help="image of the emulated board")
    parser.addoption("--days", type=int, default=1, help="length of the long deliveries")
    parser.addoption("--lines", type=int, default=100, help="console lines of the long floods")
    parser.addoption("--write-hazards", action="store_true", help="numbers into HAZARDS.md")
    parser.addoption("--rig", default="sim", help="what `make hil` is about, see Pump.open")
    switches = "none, uhubctl:LOCATION/PORT, relay:SERIAL, labgrid:ENVIRONMENT, own"
    parser.addoption("--power", help=f"its switch: {switches}")
    parser.addoption("--wires", help="serial port of the adapter at its button and buzzer")
    parser.addoption("--count", type=_at_least_one, default=1, help="runs of the acceptance")
    parser.addoption("--seed", type=int, default=1, help="seed of the random campaigns")


def _at_least_one(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"at least one run, not {number}")
    return number


def pytest_generate_tests(metafunc):
    for name in ("bench", "power_up"):
        if name in metafunc.fixturenames:
            chosen = metafunc.config.getoption("--target")
            is_chipless = metafunc.definition.get_closest_marker("no_chip") is not None
            possible = ["sim", "unix"] if is_chipless else list(TARGETS)
            if metafunc.definition.get_closest_marker("not_on_unix") is not None:
                possible.remove("unix")
            targets = [target for target in possible if chosen in (target, "all")]
            marks = {"emulator": [pytest.mark.emulator], "unix": [pytest.mark.unix]}
            params = [pytest.param(t, marks=marks.get(t, ())) for t in targets]
            metafunc.parametrize(name, params, indirect=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Leave to `make soak` what the markers leave to it; order the rest for several workers."""
    _leave_to_soak(items)
    result = yield
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > 1:
        items[:] = order.longest_first(items, workers)
    return result


def pytest_runtest_setup(item):
    """Whatever is marked `emulator` skips, saying what is missing, where there is no image."""
    if item.get_closest_marker("emulator") is not None:
        need_image(item.config.getoption("--micropython"))


def _leave_to_soak(items):
    for item in items:
        for name, target in (("chip_in_soak", "emulator"), ("unix_in_soak", "unix")):
            left = item.get_closest_marker(name)
            if left is not None and _is_on(item, target, left.kwargs.get("but", ())):
                item.add_marker(pytest.mark.long)


def _is_on(item, target, but):
    """Whether a test runs on that target, and with other parameters than those."""
    first, _, rest = item.callspec.id.partition("-") if hasattr(item, "callspec") else ("", "", "")
    return first == target and rest not in but


def emulated(config):
    """Boots an emulated board; skips, saying what is missing, where there is no image for it."""
    version = config.getoption("--micropython")
    need_image(version)
    power_up = functools.partial(EmulatorTarget, version=version)
    power_up.name = EmulatorTarget.name
    return power_up


def interpreted():
    """Boots a board on MicroPython for Unix; skips, saying how to get it, where there is none."""
    try:
        find_interpreter()
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    return UnixTarget


def pytest_runtest_protocol(item, nextitem):
    """Fork for a test that goes on with a booted board."""
    version = item.config.getoption("--micropython")
    if not (_takes_booted(item) and has_image(version) and forked.is_possible(item.config)):
        return None
    booted.prepare(version)
    forked.run(item, nextitem)
    return True


def _takes_booted(item):
    names = getattr(item, "fixturenames", ())
    is_emulated = item.get_closest_marker("emulator") is not None
    return is_emulated and ("bench" in names or "emulated_bench" in names)


@pytest.fixture(autouse=True)
def switched_off():
    """The boards of a test are switched off after it: a waiting one would stay in memory."""
    before = SimTarget.powered()
    yield
    for target in SimTarget.powered() - before:
        target.close()


@pytest.fixture
def emulated_bench(request):
    """A stopped pump on an emulated board, for tests that run on no other target."""
    return booted.take(request.config.getoption("--micropython"))


@pytest.fixture
def bench(request):
    """A stopped pump on the target, ready for commands."""
    if request.param == "emulator":
        return request.getfixturevalue("emulated_bench")
    return Bench(interpreted()() if request.param == "unix" else SimTarget())


@pytest.fixture
def power_up(request):
    """Starts a board on the target: power_up(main=..., ...) -> Target."""
    if request.param == "emulator":
        return emulated(request.config)
    return interpreted() if request.param == "unix" else SimTarget


@pytest.fixture
def days(request):
    return request.config.getoption("--days")


@pytest.fixture
def lines(request):
    return request.config.getoption("--lines")


@pytest.fixture
def seed(request):
    return request.config.getoption("--seed")


def pytest_terminal_summary(terminalreporter, config):
    """Print what tests recorded as `measured`: the numbers behind the claims."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    if config.getoption("--write-hazards"):
        numbers = hazards.Numbers()
        for report in reports:
            if hasattr(report, "when"):
                numbers.add(report)
        numbers.write()
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
