# SPDX-License-Identifier: MIT
"""The command `record`: a pump that delivers onto a balance, and whatever may end that."""

import csv
import json
import math
import os
import re
import signal
import subprocess
import time
from fractions import Fraction

import pytest
from rich.console import Console

from host_tests.bench.keyboard import Keyboard
from pumpbench import Prescription, Pump
from pumpbench.__main__ import main
from pumpbench.commands.command_line import REFUSED
from pumpbench.gravimetry import facts
from pumpbench.gravimetry.delivery import weigh
from pumpbench.gravimetry.facts import Code, WeighingError, code_of, read_facts
from pumpbench.gravimetry.simulated import Imperfections, SimulatedBalance
from pumpbench.gravimetry.volumes import WATER
from pumpbench.gravimetry.weighing import trumpet
from pumpbench.plant.pulsation import Pulsation
from pumpbench.targets.sim import SimTarget

pytestmark = pytest.mark.slow

QUIET = Console(quiet=True)


class TargetClock:
    """The time of a simulated board, which passes while somebody sleeps."""

    def __init__(self, target):
        self._target = target

    def now_s(self):
        return self._target.now_ns / 1e9

    def sleep(self, seconds):
        self._target.run(seconds)


@pytest.fixture
def ready(board):
    """A pump behind a port with 24 mL/d prescribed, stopped."""
    with Pump.open(board.port) as pump:
        prepare(pump)
    return board.port


@pytest.fixture
def balance():
    with SimulatedBalance("sics", lambda time_s: 50 + time_s / 3600) as balance:
        yield balance


def prepare(pump, rate_ml_d=24):
    pump.refill(20)
    pump.commit(pump.prescribe(Prescription(500, ml_d=rate_ml_d)))


def command(balance, path, *more, minutes="0.05"):
    settings = ["--kind", "sics", "--minutes", minutes, "--interval", "0.2"]
    return ["record", balance.port, *settings, "--output", str(path), *more]


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def state_at(port):
    with Pump.open(port) as pump:
        return pump.state()


def test_a_recording_without_a_pump_is_a_file_of_readings(balance, tmp_path, capsys):
    path = tmp_path / "blank.csv"
    assert main(command(balance, path, minutes="0.021")) == 0
    count = len(rows_of(path))
    assert 3 <= count <= 7  # none is made up for on a machine that is busy
    assert capsys.readouterr().out == f"{count} readings are in {path}.\n"
    assert not path.with_suffix(".json").exists()


def test_a_recording_is_told_to_machines(balance, tmp_path, capsys):
    path = tmp_path / "blank.csv"
    assert main(command(balance, path, "--json", minutes="0.021")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"readings": len(rows_of(path)), "csv": str(path), "facts": None}


def test_a_weighed_pump_is_told_to_machines(balance, ready, tmp_path, capsys):
    path = tmp_path / "run.csv"
    assert main(command(balance, path, "--port", ready, "--json", minutes="0.021")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["readings"] == len(rows_of(path))
    assert found["facts"] == str(path.with_suffix(".json"))
    assert state_at(ready) == "STOPPED"


@pytest.mark.slow
def test_a_pump_delivers_while_it_is_weighed_and_its_facts_are_kept(
    balance, ready, tmp_path, capsys
):
    path = tmp_path / "run.csv"
    assert main(command(balance, path, "--port", ready)) == 0
    assert "The pump is stopped." in capsys.readouterr().out
    assert 6 <= len(rows_of(path)) <= 16
    kept = json.loads(path.with_suffix(".json").read_text())
    assert kept["identity"].startswith("ITB-Pump,")
    assert kept["identity"].endswith(kept["firmware_version"])
    assert kept["prescription"].startswith("SIMPLE,500.000,12000.000,24.000000")
    assert (kept["rate_ml_h"], kept["is_rate_constant"]) == (1.0, True)
    before, after = kept["steps_before"], kept["steps_after"]
    assert before == {"commanded": 0, "emitted": 0, "witness": 0, "queued": 0}
    assert 8 <= after["witness"] == after["commanded"] == after["emitted"] <= 24
    assert kept["ended"] == "after its time"
    assert state_at(ready) == "STOPPED"


def test_a_pump_that_delivers_already_is_left_alone(balance, ready, tmp_path, capsys):
    with Pump.open(ready) as pump:
        pump.start()
    path = tmp_path / "run.csv"
    assert main(command(balance, path, "--port", ready)) == 2
    assert "The pump is RUNNING: stop it first" in capsys.readouterr().err
    assert not path.exists()
    assert state_at(ready) == "RUNNING"


@pytest.mark.slow
def test_a_pump_that_alarms_is_not_started(balance, ready, tmp_path, capsys):
    with Pump.open(ready) as pump:
        pump.refill("0.6")
        pump.wait(1.5)
        (alarm,) = pump.alarms()
    path = tmp_path / "run.csv"
    assert main(command(balance, path, "--port", ready)) == 2
    told = capsys.readouterr().err
    assert f"is not started: {alarm.code} {alarm.name}." in told
    assert told.count("\n") == 1
    assert not path.exists()
    assert state_at(ready) == "STOPPED"


def test_a_start_that_the_pump_refuses_is_told_in_its_words(balance, board, tmp_path, capsys):
    path = tmp_path / "run.csv"
    assert main(command(balance, path, "--port", board.port)) == REFUSED
    assert "103: No prescription" in capsys.readouterr().err
    assert rows_of(path) == []


@pytest.mark.slow
def test_ctrl_c_stops_the_pump_and_keeps_what_was_recorded(balance, ready, tmp_path):
    path = tmp_path / "run.csv"
    keyboard = Keyboard(*command(balance, path, "--port", ready, minutes="60"))
    try:
        wait_for(path, 3)
        assert read_facts(path).steps_after is None  # it has begun
        keyboard.type("\x03\x03")
        keyboard.until("The recording was interrupted. ")
        keyboard.assert_ends(2, 20)
    finally:
        keyboard.close()
    assert len(rows_of(path)) >= 3
    assert read_facts(path).ended.startswith("The recording was interrupted.")
    assert state_at(ready) == "STOPPED"


@pytest.mark.slow
def test_a_kill_and_a_closed_terminal_stop_the_pump_too(balance, ready, tmp_path):
    for number in (signal.SIGTERM, signal.SIGHUP):
        path = tmp_path / f"{number}.csv"
        keyboard = Keyboard(*command(balance, path, "--port", ready, minutes="60"))
        try:
            wait_for(path, 2)
            os.kill(keyboard.process.pid, number)
            keyboard.assert_ends(2, 20)
        finally:
            keyboard.close()
        assert state_at(ready) == "STOPPED"


def wait_for(path, count):
    deadline_s = time.monotonic() + 20
    while not path.exists() or len(rows_of(path)) < count:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


@pytest.mark.slow
def test_a_balance_that_falls_silent_stops_the_pump(ready, tmp_path, capsys):
    def weight_g(time_s):
        balance.is_mute = time_s > 1
        return 50.0

    path = tmp_path / "run.csv"
    with SimulatedBalance("sics", weight_g) as balance:
        assert main(command(balance, path, "--port", ready, minutes="60")) == 2
    told = capsys.readouterr().err
    count = len(rows_of(path))
    assert count >= 3
    assert "The balance said nothing for 5 s" in told
    assert f"{count} readings are kept in {path}." in told
    assert told.splitlines()[-1].startswith("The balance said nothing")
    assert read_facts(path).steps_after.witness > 0
    assert state_at(ready) == "STOPPED"


def test_an_unplugged_pump_ends_the_recording_and_is_said_to_go_on(ready, board, tmp_path, capsys):
    def weight_g(time_s):
        if time_s > 1:
            board.unplug()
        return 50.0

    path = tmp_path / "run.csv"
    with SimulatedBalance("sics", weight_g) as balance:
        assert main(command(balance, path, "--port", ready, minutes="60")) == 2
    told = capsys.readouterr().err
    assert "The line to the pump is cut" in told
    assert f"{len(rows_of(path))} readings are kept" in told
    assert "Stop the pump by hand, it may go on" in told
    assert len(rows_of(path)) >= 3
    assert read_facts(path).counted is None


def test_a_pump_that_stops_by_itself_ends_the_recording(balance, tmp_path):
    path = tmp_path / "run.csv"
    with SimTarget() as target, pytest.raises(WeighingError) as raised:
        pump = Pump(target)
        prepare(pump)
        stop_soon(pump)
        weigh(pump, balance.port, "sics", 5, path, interval_s=0.2, screen=QUIET)
    assert "does not deliver any more: STOPPED, no alarm" in str(raised.value)
    assert len(rows_of(path)) == 1


def stop_soon(pump):
    """Have it stop as soon as its rate was asked for, as a button would."""
    ask = pump.ask

    def asked(query):
        answer = ask(query)
        if query == "DEL:RATE?":
            pump.tell("THER:STOP")
        return answer

    pump.ask = asked


def test_a_silent_pump_is_sent_a_stop_before_it_is_waited_for():
    class Deaf(SimTarget):
        is_deaf = False

        def read_line(self, timeout_s=5.0):
            if self.is_deaf:
                raise TimeoutError
            return super().read_line(timeout_s)

    with Deaf() as target:
        pump = Pump(target)
        prepare(pump)
        pump.start()
        target.is_deaf = True
        with pytest.raises(TimeoutError):
            pump.state()
        with pytest.raises(TimeoutError):
            pump.stop()
        target.run(0.5)
        target.is_deaf = False
        assert pump.state() == "STOPPED"


def test_a_recording_is_never_overwritten_but_one_without_a_reading_is(balance, tmp_path, capsys):
    path = tmp_path / "run.csv"
    path.write_text("time_s,grams,is_stable\n")
    assert main(command(balance, path, minutes="0.005")) == 0
    kept = path.read_text()
    assert main(command(balance, path, minutes="0.005")) == 2
    assert "is there already" in capsys.readouterr().err
    assert path.read_text() == kept
    path.unlink()
    path.with_suffix(".json").write_text("{}")
    assert main(command(balance, path, minutes="0.005")) == 2
    assert main(command(balance, path.with_suffix(".json"))) == 2


def deliver_onto_a_balance(target, path, imperfections=None):
    """Two hours at 24 mL/d, read each 15 s of simulated time."""
    pump = Pump(target)
    prepare(pump)
    clock = TargetClock(target)
    beaker = target.plant.beaker

    def weight_g(_time_s):
        return 50 + float(beaker.volume_ml) / WATER.ml_per_g

    with SimulatedBalance("sics", weight_g, imperfections, clock=clock) as balance:
        options = {"interval_s": 15, "screen": QUIET, "clock": clock}
        assert weigh(pump, balance.port, "sics", 7200, path, **options) == 481


@pytest.mark.slow
def test_what_a_simulated_pump_delivers_is_within_its_limits_and_step_for_step(tmp_path):
    path = tmp_path / "run.csv"
    with SimTarget() as target:
        deliver_onto_a_balance(target, path)
    kept = read_facts(path)
    commanded, witness = kept.counted
    assert commanded == witness == pytest.approx(2 * 16000, abs=20)
    curve = trumpet(path, kept.rate_ml_h, tmp_path / "run.html").curve
    assert abs(curve.mean_error_pct) < 0.1
    assert abs(curve.worst_pct) < 2  # of a minute, in which a resolution is 0.6 %


@pytest.mark.slow
def test_a_head_that_gives_3_per_cent_more_and_pulses_is_found_so_on_a_balance(tmp_path, capsys):
    """Three rollers at 24 mL/d, 5 revolutions an hour, are a swing each 4 minutes."""
    path = tmp_path / "run.csv"
    swing, noise_g = 0.1, 0.0001
    with SimTarget() as target:
        beaker = target.plant.beaker
        beaker.pl_per_step *= Fraction(103, 100)
        beaker.pulsation = Pulsation(swing, rollers=3, steps_per_rev=3200)
        real = Imperfections(noise_g=noise_g, evaporation_g_h=0.012, seed=20)
        deliver_onto_a_balance(target, path, real)
        assert target.plant.edges.count == pytest.approx(2 * 16_000, abs=20)
    assert main(["trumpet", str(path), "--evaporation", "0.012", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)

    def slack_pct(minutes):
        """Four standard deviations of two readings, with noise and rounding, and two steps."""
        reading_g = (noise_g**2 + 0.0001**2 / 12) ** 0.5
        return 100 * (4 * reading_g * 2**0.5 + 2 * 0.0000625) / (minutes / 60)

    assert found["rate_ml_h"] == 1.0
    assert found["a_pct"] == pytest.approx(3, abs=slack_pct(60))
    assert [each["minutes"] for each in found["windows"]] == [1, 2, 5, 11, 19, 31]
    for window in found["windows"]:
        share = math.pi * window["minutes"] / 4
        swing_pct = abs(103 * swing * math.sin(share) / share)
        slack = slack_pct(window["minutes"])
        assert window["max_pct"] == pytest.approx(3 + swing_pct, abs=slack)
        assert window["min_pct"] == pytest.approx(3 - swing_pct, abs=slack)
    page = path.with_suffix(".html").read_text()
    shown = re.search(r"<b>\+(\d\.\d\d) %</b><span class=\"soft\">mean error A", page)
    assert shown
    assert float(shown[1]) == pytest.approx(found["a_pct"], abs=0.005)
    steps = found["figures"][0]
    assert (steps["what"], steps["measured"]) == ("Counted less programmed", "+0 steps")


def test_facts_know_the_commit_and_whether_something_was_changed_since(tmp_path):
    def git(*arguments):
        who = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    file = tmp_path / "code.py"
    file.write_text("1\n")
    assert code_of(file) is None
    git("init", "-q")
    assert code_of(file) is None  # of somebody else, as of an environment inside a repository
    git("add", ".")
    git("commit", "-qm", "test: One")
    commit = git("rev-parse", "HEAD")
    assert code_of(file) == Code(commit, is_dirty=False)
    file.write_text("2\n")
    assert code_of(file) == Code(commit, is_dirty=True)


def test_a_counter_that_began_anew_gives_no_steps():
    before = facts.Steps(100, 100, 100, 0)
    one = facts.Facts("", "", "", "", 0.2, 1.0, before, None)
    assert one.counted is None
    one.steps_after = facts.Steps(40, 40, 40, 0)
    assert one.counted is None
    one.steps_after = facts.Steps(140, 140, 139, 0)
    assert one.counted == (40, 39)
