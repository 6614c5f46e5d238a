# SPDX-License-Identifier: MIT
"""The driver for labgrid, at a port of this machine and at two behind an exporter."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tty
from xml.etree import ElementTree

import pytest

from host_tests.bench.labgrid_bench import coordinated
from host_tests.bench.served import served
from host_tests.bench.socketed import socketed
from pumpbench import Prescription, Pump
from pumpbench.images.image import ROOT

WHY = "labgrid is not installed: pip install -c constraints.txt -e '.[labgrid]'"
labgrid = pytest.importorskip("labgrid", reason=WHY)
from labgrid.driver.exception import ExecutionError  # noqa: E402

pytestmark = pytest.mark.slow
EXAMPLES = ROOT / "bench" / "examples" / "labgrid"
PORTS = ("/dev/ttyACM0", "/dev/ttyACM1")
IDS = ("e660583883724a32", "e6605838834b17c1")
PLACES = ("pump-a", "pump-b")
PAGE = (ROOT / "bench" / "RECIPES.md").read_text()
SECTION = PAGE.split("\n## labgrid\n")[1].split("\n## ")[0]
PLACE_OF = "bench/examples/labgrid/"  # the files
DELIVERY = "delivery_s: 60"
DELIVERY_S = 8
RATE_ML_D = 2400


@pytest.fixture
def environment(tmp_path):
    """environment(old, new): the example's, open, with one text in place of another."""
    opened = []

    def open_it(old, new):
        opened.append(labgrid.Environment(str(changed("env.yaml", old, new, tmp_path))))
        return opened[-1]

    yield open_it
    for each in opened:
        each.cleanup()


def fails(environment, reason):
    """Whether the driver says that, in a sentence, when it is to be activated."""
    with pytest.raises(ExecutionError, match=reason) as failed:
        environment.get_target().get_driver("PumpDriver")
    return failed.value.msg.endswith(".") and "\n" not in failed.value.msg


def deliver(pump):
    """A therapy from a reservoir that is full."""
    pump.tell("MOT:CAL:PERR 0.2 ML;:RES:CAP 20 ML")
    pump.refill(20)
    review = pump.prescribe(Prescription(500, ml_d=24))
    pump.commit(review, accept=review.soft_limits)
    pump.start()
    assert pump.state() == "RUNNING"


def test_the_pump_of_an_environment_is_stopped_when_its_driver_is_deactivated(board, environment):
    target = environment(PORTS[0], board.port).get_target()
    driver = target.get_driver("PumpDriver")
    assert driver.pump.identity().unique_id == IDS[0]
    deliver(driver.pump)
    target.deactivate(driver)
    with pytest.raises(labgrid.binding.StateError):
        _ = driver.pump
    with Pump.open(board.port) as pump:
        assert pump.state() == "STOPPED"
        pump.start()
    target.activate(driver)
    assert driver.pump.state() == "RUNNING"


def test_the_end_of_an_environment_stops_its_pump(board, environment):
    opened = environment(PORTS[0], board.port)
    deliver(opened.get_target().get_driver("PumpDriver").pump)
    opened.cleanup()
    with Pump.open(board.port) as pump:
        assert pump.state() == "STOPPED"


def test_a_pump_behind_a_plain_socket_is_a_network_port_of_labgrid(board, environment):
    with socketed(board.port) as number:
        address = f"host: 127.0.0.1\n        port: {number}\n        protocol: raw"
        old = f"RawSerialPort:\n        port: {PORTS[0]}"
        opened = environment(old, f"NetworkSerialPort:\n        {address}")
        driver = opened.get_target().get_driver("PumpDriver")
        assert driver.pump.identity().unique_id == IDS[0]
        opened.cleanup()


def test_a_pump_that_is_gone_is_said_not_to_be_stopped(board, environment):
    opened = environment("PumpDriver: {}", "PumpDriver: {reopen_s: 0}")
    port = opened.get_target().get_resource("RawSerialPort")
    port.port = board.port
    deliver(opened.get_target().get_driver("PumpDriver").pump)
    board.unplug()
    with pytest.raises(ExecutionError, match=r"The pump at .*pump.tty was not stopped: "):
        opened.cleanup()


def test_a_port_that_is_not_there_is_a_sentence(tmp_path, environment):
    where = str(tmp_path / "nothing")
    reason = f"^The port {re.escape(where)} cannot be opened: No such file or directory"
    assert fails(environment(PORTS[0], where), reason)


def test_another_instrument_is_a_sentence(pump_that_answers, environment):
    port = pump_that_answers({"*IDN?": "ACME,PSU-3,17,1.0"})
    assert fails(environment(PORTS[0], port), r"answers 'ACME,PSU-3,17,1\.0', which is no pump")


def test_a_board_at_its_repl_is_told_to_be_reset(environment):
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.write(ours, b"\r\n>>> ")  # and no answer: it waits for a CR
    try:
        opened = environment(PORTS[0], os.ttyname(theirs))
        assert fails(opened, r"REPL.*: reset it")
    finally:
        os.close(theirs)
        os.close(ours)


def test_a_protocol_that_is_none_is_a_sentence(environment):
    old = f"RawSerialPort:\n        port: {PORTS[0]}"
    new = "NetworkSerialPort: {host: 127.0.0.1, port: 9, protocol: telnet}"
    assert fails(environment(old, new), "raw or rfc2217, not telnet")


def changed(name, old, new, folder):
    """A copy of a file of the example, with one text in place of another."""
    text = (EXAMPLES / name).read_text()
    assert text.count(old) == 1
    copy = folder / name
    copy.write_text(text.replace(old, new))
    return copy


def run_example(copy, folder, place, **env):
    """The example's tests, as the page has them, with a copy of a file: a process that runs."""
    (line,) = (line for line in SECTION.splitlines() if f"--lg-env={PLACE_OF}{copy.name}" in line)
    *settings, python, tests, _ = shlex.split(line)
    assert python == ".venv/bin/pytest"
    assert settings in ([], ["LG_PLACE=pump-a"])
    results = ["-o", "junit_family=xunit1", f"--junitxml={folder / place}.xml"]
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", tests, f"--lg-env={copy}", *results],
        cwd=ROOT,
        env=os.environ | {"LG_PLACE": place, "PYTHONPATH": os.pathsep.join(sys.path)} | env,
        stdout=subprocess.PIPE,
        text=True,
    )


def say_to_client(bench, action, place):
    """What the page has the client do for that: one line of it, for one place."""
    lines = [shlex.split(line) for line in SECTION.splitlines() if "labgrid-client" in line]
    (words,) = (words for words in lines if action in words)
    bench.client(*(word.replace("pump-a", place) for word in words[1:]))


def recorded(folder, place, name):
    """What the run at a place has recorded by that name."""
    (value,) = ElementTree.parse(folder / f"{place}.xml").iterfind(f".//property[@name='{name}']")
    return value.get("value")


def test_the_example_delivers_for_a_minute_of_a_simulated_board(tmp_path):
    run = run_example(changed("env.yaml", PORTS[0], "sim", tmp_path), tmp_path, "here")
    told, _ = run.communicate(timeout=120)
    assert run.returncode == 0, told
    due_ml = RATE_ML_D * 60 / 86_400
    assert due_ml * 0.9 < float(recorded(tmp_path, "here", "ml")) < due_ml * 1.1


def has_ser2net():
    return shutil.which("ser2net", path=f"{os.environ['PATH']}:/usr/sbin") is not None


@pytest.mark.skipif(not has_ser2net(), reason="labgrid's exporter needs ser2net: apt install it")
def test_two_pumps_behind_an_exporter_are_tried_at_once(tmp_path, record_property):
    exporter = tmp_path / "exporter.yaml"
    text = (EXAMPLES / "exporter.yaml").read_text()
    short = changed("remote.yaml", DELIVERY, f"delivery_s: {DELIVERY_S}", tmp_path)
    runs = {}
    with contextlib.ExitStack() as stack:
        for port, unique_id in zip(PORTS, IDS, strict=True):
            link = tmp_path / unique_id
            stack.enter_context(served(link, unique_id))
            assert text.count(port) == 1
            text = text.replace(port, os.path.realpath(link))
        exporter.write_text(text)
        bench = stack.enter_context(coordinated(tmp_path, exporter))
        bench.wait_for(*PLACES)
        for place in PLACES:
            for action in ("create", "add-match", "acquire"):
                say_to_client(bench, action, place)
            runs[place] = run_example(short, tmp_path, place, LG_COORDINATOR=bench.address)
            stack.callback(runs[place].kill)
        told = {place: run.communicate(timeout=120)[0] for place, run in runs.items()}
        for place in PLACES:
            assert runs[place].returncode == 0, told[place]
            say_to_client(bench, "release", place)
    pumps = [recorded(tmp_path, place, "pump") for place in PLACES]
    assert [pump.split(",")[2] for pump in pumps] == list(IDS)
    for place, pump in zip(PLACES, pumps, strict=True):
        volume_ml = recorded(tmp_path, place, "ml")
        record_property("measured", f"labgrid, {place}: {pump}, {volume_ml} mL in {DELIVERY_S} s")


def test_every_file_that_the_page_names_is_there():
    named = set(re.findall(r"bench/examples/labgrid/\S+\.yaml", SECTION))
    assert {path.rpartition("/")[2] for path in named} == {
        path.name for path in EXAMPLES.glob("*.yaml")
    }
    assert all((ROOT / path).is_file() for path in named)
