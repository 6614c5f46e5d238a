# SPDX-License-Identifier: MIT
"""The command `watch`: a screen of 80 columns and 24 rows that outlives its cable."""

import shutil
import subprocess
import sys
import time
from decimal import Decimal

import pytest
from rich.console import Console

from host_tests.bench.keyboard import Keyboard
from pumpbench import Prescription, Pump
from pumpbench.__main__ import main
from pumpbench.client.pump import Alarm
from pumpbench.client.snapshot import Reservoir, take
from pumpbench.commands.flow import COLUMN_S, MEAN_S, Flow, chart, top_of
from pumpbench.commands.screen import PRIORITIES, gauge, screen
from pumpbench.targets.sim import SimTarget

pytestmark = pytest.mark.slow

PLAN = Prescription(500, ml_d=24)


class Recorded(SimTarget):
    """A simulated board that keeps what is typed to it."""

    def __init__(self):
        super().__init__()
        self.typed = b""

    def write(self, data):
        self.typed += data
        super().write(data)


@pytest.fixture
def line():
    with Recorded() as line:
        yield line


@pytest.fixture
def pump(line):
    """24 mL/d, with an alarm to come: the reservoir is nearly low."""
    pump = Pump(line)
    start(pump)
    return pump


@pytest.fixture
def watcher(board):
    """A watch in a terminal, at a board that delivers."""
    with Pump.open(board.port) as pump:
        start(pump)
    keyboard = Keyboard("watch", "--port", board.port, "--every", "0.2")
    yield keyboard
    keyboard.close()


def start(pump):
    pump.tell("MOT:CAL:PERR 0.2 ML")
    pump.refill("2.01")
    pump.commit(pump.prescribe(PLAN))
    pump.start()


def lines_of(snapshot, flow=None, notice=""):
    console = Console(width=80, height=24, force_terminal=False)
    with console.capture() as captured:
        console.print(screen(snapshot, flow or Flow(), "a port", notice), height=24)
    return captured.get().splitlines()


def colour_of(snapshot, text):
    """The style that the screen gives to a text."""
    console = Console(width=80, height=24)
    lines = console.render_lines(screen(snapshot, Flow(), "a port"), console.options)
    return next(str(s.style) for line in lines for s in line if text in s.text)


def test_one_screen_is_printed_and_fits_80_by_24(capsys):
    assert main(["watch", "--port", "sim", "--once"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 24
    assert {len(line) for line in lines} == {80}
    assert "STOPPED" in lines[1]
    assert any("RESET POWER" in line for line in lines)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux: apt install tmux")
def test_a_tmux_of_80_by_24_shows_all_of_it(board, tmp_path):
    with Pump.open(board.port) as pump:
        start(pump)
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    watch = [sys.executable, "-m", "pumpbench", "watch", "--port", board.port, "--every", "0.2"]
    try:
        subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", *watch], check=True)
        until_s = time.monotonic() + 30
        while "RUNNING" not in (shown := printed(*tmux, "capture-pane", "-p")):
            assert time.monotonic() < until_s, shown
            time.sleep(0.2)
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
    lines = shown.splitlines()
    assert len(lines) == 24
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("\u256d")  # nothing has scrolled away, nor is beyond the end
    assert lines[-1].startswith("Ctrl-C ends this screen")
    assert "24" in shown and "mL" in shown


def printed(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_screen_says_what_the_pump_does(pump):
    pump.wait(60)
    found = take(pump)
    text = "\n".join(lines_of(found))
    assert f"{found.steps.emitted} emitted, {found.steps.witness} witness" in text
    assert found.steps.emitted > 200
    assert "RUNNING   therapy RUNNING   up 00:01:00" in text
    assert "12000.000 ug/d   24.000000 mL/d" in text
    assert "of 20.0 mL, low 2.0" in text
    assert "305 Reservoir low, ACTIVE" in text
    assert "STARTED RUNNING" in text


def test_a_dose_under_way_is_shown(pump):
    pump.bolus(20, 600)
    pump.wait(300)
    dose = take(pump).dose
    assert dose.kind == "CLINICIAN"
    assert 9 < dose.delivered_ug < 11
    assert f"{dose.delivered_ug} of 20.000 ug" in "\n".join(lines_of(take(pump)))


def test_it_asks_and_never_commands(pump, line):
    line.typed = b""
    take(pump)
    asked = line.typed.decode().split()
    assert len(asked) > 10
    for text in line.typed.decode().splitlines():
        assert all(part.split()[0].endswith("?") for part in text.split(";")), text
    assert not any("TST" in text for text in asked)  # which would move the step engine


@pytest.mark.parametrize("priority", PRIORITIES)
def test_an_alarm_has_the_colour_of_its_priority(priority, pump):
    found = take(pump)._replace(alarms=[Alarm(399, "Something", priority, "ACTIVE")])
    assert colour_of(found, "399 Something") == PRIORITIES[priority]


@pytest.mark.parametrize(
    ("state", "colour"), [("RUNNING", "green"), ("STOPPED", "yellow"), ("FAULT", "on red")]
)
def test_the_state_has_a_colour_and_nothing_beside_it_has(state, colour, pump):
    found = take(pump)._replace(state=state)
    assert colour in colour_of(found, state)
    assert colour not in colour_of(found, "therapy")


def test_long_lines_and_many_alarms_stay_in_their_places(pump):
    alarms = [Alarm(300 + n, "A name that is rather long", "HIGH", "ACTIVE") for n in range(9)]
    event = take(pump).events[-1]._replace(text="PRES:FLEX:STEP " * 9)
    found = take(pump)._replace(alarms=alarms, events=[event] * 5)
    lines = lines_of(found, notice="Nothing since 12:00:00, trying again: " + "x" * 90)
    assert len(lines) == 24
    assert {len(line) for line in lines} == {80}
    assert "300 A name" in lines[17]
    assert lines[-1].startswith("Nothing since")


def test_the_gauge_is_full_half_low_or_unknown():
    full, half, low, unknown = (
        gauge(Reservoir(volume, Decimal(20), Decimal(2)))
        for volume in (*map(Decimal, (20, 10, 1)), None)
    )
    assert [text.plain.count("█") for text in (full, half, low)] == [29, 14, 2]
    assert full.plain[3] == half.plain[3] == low.plain[3] == "│"
    assert "nobody has said" in unknown.plain


def watched(flow, until_s, ml_d, every_s=1.0):
    at_s = 0.0
    while at_s <= until_s:
        flow.add(at_s, at_s * ml_d / 86400)
        at_s += every_s
    return flow


def test_a_constant_flow_is_a_level_and_before_it_nothing_is_known():
    columns = watched(Flow(), 60, 24).columns(20)
    assert columns[:8] == [None] * 8
    assert columns[8:] == pytest.approx([24] * 12)


def test_a_pause_of_the_watch_is_the_mean_of_what_went_out():
    flow = watched(Flow(), 60, 24)
    flow.add(120, (60 * 24 + 60 * 12) / 86400)
    assert flow.columns(5) == pytest.approx([12] * 5)


def test_a_stop_is_seen_after_the_mean():
    flow = watched(Flow(), 100, 24)
    for at_s in range(101, 101 + MEAN_S + 2 * COLUMN_S):
        flow.add(at_s, 100 * 24 / 86400)
    assert flow.columns(1) == [0]
    assert flow.columns(20)[0] == pytest.approx(24)


def test_another_life_of_the_pump_begins_a_new_chart():
    flow = watched(Flow(), 60, 24)
    flow.add(1, 0.5)
    assert flow.columns(3) == [None] * 3
    flow.add(11, 0.5)
    assert flow.columns(2) == [0, 0]


def test_old_volumes_are_forgotten():
    flow = watched(Flow(), 5000, 24, every_s=10)
    assert flow.columns(500)[0] is None
    assert flow.columns(1) == pytest.approx([24])


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 1), (0.8, 1), (1, 1), (1.1, 2), (4, 5), (24, 50), (5.1, 10), (24000, 50000)],
)
def test_the_axis_ends_at_a_round_number(most, top):
    assert top_of([None, most]) == top


def test_the_chart_has_bars_in_eighths():
    assert chart([None, 0, 1 / 16, 0.5, 0.75, 1], 2) == ["    ▄█", "· ▁███"]


def test_no_board_at_first_is_one_sentence_and_status_2(capsys):
    assert main(["watch", "--port", "/dev/no-such-port"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)


def test_ctrl_c_ends_the_screen_and_the_pump_goes_on(board, watcher):
    watcher.until("RUNNING")
    watcher.until("24.000000 mL/d")
    watcher.type("\x03")
    watcher.until("\x1b[?1049l")  # the screen of before
    assert watcher.process.wait(20) == 0
    with Pump.open(board.port) as pump:
        assert pump.state() == "RUNNING"


@pytest.mark.slow
def test_a_cable_that_is_pulled_is_said_and_found_again(board, watcher):
    watcher.until("RUNNING")
    board.unplug()
    watcher.until("trying again: The line to")
    watcher.until("trying again: The port")
    assert watcher.process.poll() is None
    board.plug()
    watcher.until("STOPPED")
    watcher.until("Ctrl-C ends")
    watcher.type("\x03")
    assert watcher.process.wait(20) == 0
