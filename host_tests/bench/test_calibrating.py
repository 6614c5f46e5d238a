# SPDX-License-Identifier: MIT
"""The command `calibrate`: runs compared, the pump as judge, and nothing without a yes."""

import io
import json
import sys
from decimal import Decimal
from fractions import Fraction

import pytest

from host_tests.bench.keyboard import Keyboard
from host_tests.bench.served import served
from pumpbench import Prescription, Pump
from pumpbench.__main__ import main
from pumpbench.commands import catching
from pumpbench.commands.calibrating import guided
from pumpbench.commands.catching import ByBalance
from pumpbench.commands.command_line import REFUSED
from pumpbench.commands.turning import turn
from pumpbench.gravimetry.dialects import BalanceError
from pumpbench.gravimetry.simulated import SimulatedBalance
from pumpbench.gravimetry.volumes import WATER
from pumpbench.targets.sim import SimTarget

pytestmark = pytest.mark.slow

RUNS = ["--points", "1,2"]
SHORT_RUNS = ["--points", "0.1,0.2"]  # where they take their time


@pytest.fixture
def answers(monkeypatch):
    """Call with what the user types."""
    return lambda *lines: monkeypatch.setattr(
        sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines))
    )


@pytest.fixture
def port(tmp_path):
    with served(tmp_path / "pump.tty") as board:
        yield board.port


def calibration(port):
    with Pump.open(port) as pump:
        return pump.ask("MOT:CAL?"), pump.ask("MOT:CAL:HIST?")


@pytest.mark.slow
def test_a_yes_calibrates_by_the_longest_run(port, answers, capsys):
    answers("", "0.21", "", "0.422", "y")
    assert main(["calibrate", "--port", port, "--points", "2,1"]) == 0
    shown = capsys.readouterr().out
    assert "1 revolutions: 0.210000 mL, 0.210000 mL a revolution" in shown
    assert "2 revolutions: 0.422000 mL, 0.211000 mL a revolution" in shown
    assert "They differ by 0.48 %; a revolution is 0.200000 mL now." in shown
    assert "Calibrated: a revolution is 0.211000 mL." in shown
    assert calibration(port)[0] == "0.211000"


@pytest.mark.slow
@pytest.mark.parametrize("said", [("n",), ("",), ()])
def test_without_a_yes_nothing_is_calibrated(said, port, answers, capsys):
    answers("", "0.021", "", "0.042", *said)
    assert main(["calibrate", "--port", port, *SHORT_RUNS]) == REFUSED
    assert capsys.readouterr().out.endswith("Nothing was changed.\n")
    assert calibration(port) == ("0.200000", "NONE")


@pytest.mark.slow
def test_runs_that_differ_by_more_than_3_per_cent_end_it_even_with_a_yes(port, answers, capsys):
    answers("", "0.02", "", "0.0414")
    assert main(["calibrate", "--port", port, *SHORT_RUNS, "--yes"]) == 2
    told = capsys.readouterr().err
    assert "The runs differ by 3.5 %, more than 3 %" in told
    assert told.count("\n") == 1
    assert calibration(port) == ("0.200000", "NONE")


def test_what_the_pump_refuses_is_shown_in_its_words(answers, capsys):
    answers("", "0.3", "", "0.6")
    assert main(["calibrate", "--port", "sim", *RUNS, "--yes"]) == REFUSED
    told = capsys.readouterr()
    assert "126: Calibration implausible;0.300000 mL a revolution" in told.err
    assert "Calibrated" not in told.out


def test_grams_become_millilitres_by_the_density_and_buoyancy(answers, capsys):
    answers("", "0.2", "", "0.4")
    command = ["calibrate", "--port", "sim", *RUNS, "--yes", "--grams", "--density", "1.01"]
    assert main(command) == 0
    millilitres = 0.2 * (1 - 0.0012 / 8) / (1.01 - 0.0012)
    down = int(millilitres * 1e6) / 1e6  # and never up
    assert f"Calibrated: a revolution is {down:.6f} mL." in capsys.readouterr().out


def test_an_answer_that_is_no_volume_is_asked_for_again(answers, capsys):
    answers("", "0,2", "-1", "nan", "0.2", "", "0.4")
    assert main(["calibrate", "--port", "sim", *RUNS, "--yes"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("is no amount") == 3


def test_for_machines_there_is_one_object_and_all_else_is_beside_it(answers, capsys):
    answers("", "0.21", "", "0.422", "y")
    assert main(["calibrate", "--port", "sim", *RUNS, "--json"]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert found["runs"][1] == {"revolutions": 2, "ml": 0.422, "ml_per_revolution": 0.211}
    assert found["apart_pct"] == pytest.approx(0.476, abs=0.001)
    assert (found["before_ml_per_revolution"], found["ml_per_revolution"]) == (0.2, 0.211)
    assert found["calibrated"] is True
    assert "press Enter" in told.err
    assert "Calibrated: a revolution is 0.211000 mL." in told.err
    answers("", "0.21", "", "0.422", "n")
    assert main(["calibrate", "--port", "sim", *RUNS, "--json"]) == REFUSED
    found = json.loads(capsys.readouterr().out)
    assert (found["ml_per_revolution"], found["calibrated"]) == (0.2, False)


def test_a_bar_shows_how_far_the_motor_is(port):
    keyboard = Keyboard("calibrate", "--port", port, "--points", "3,100", "--yes")
    try:
        keyboard.until("press Enter")
        keyboard.type("\n")
        shown = [0.0]
        while len(set(shown)) < 4:  # it is drawn more often than the pump is asked
            shown.append(float(keyboard.until(" of 3 revolutions").split()[-1]))
        assert shown == sorted(shown)
        assert shown[-1] <= 3
        keyboard.until("What came out")
    finally:
        keyboard.close()


def test_a_board_that_there_is_no_file_of_turns_all_the_same(monkeypatch):
    def no_file(name):
        raise FileNotFoundError(name)

    monkeypatch.setattr("pumpbench.boards.catalog.load_board", no_file)
    with Pump.open("sim") as pump:
        turn(pump, Decimal(1))
        assert pump.steps().emitted == 3200


def test_nobody_who_answers_calibrates_nothing(answers, capsys):
    answers("")
    assert main(["calibrate", "--port", "sim", *RUNS, "--yes"]) == 2
    assert "Calibrated" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--points", "5"], "two or more"),
        (["--points", "1,x"], "two or more"),
        (["--points", "1,-2"], "two or more"),
        (["--balance", "/dev/no-such-port"], "go together"),
        (["--kind", "sics"], "go together"),
        (["--grams", "--density", "9"], "cannot be weighed"),
        (["--balance", "/dev/no-such-port", "--kind", "sics"], "balance's port cannot be opened"),
    ],
)
def test_a_mistake_is_one_sentence_and_turns_nothing(more, sentence, answers, capsys):
    answers()
    assert main(["calibrate", "--port", "sim", *more]) == 2
    told = capsys.readouterr()
    assert sentence in told.err
    assert told.err.count("\n") == 1
    assert "Turning" not in told.out


def test_ctrl_c_in_a_run_stops_the_motor(port):
    keyboard = Keyboard("calibrate", "--port", port, "--points", "100,200", "--yes")
    try:
        keyboard.until("press Enter")
        keyboard.type("\n")
        keyboard.until("Turning 100 revolutions")
        keyboard.type("\x03")
        keyboard.until("nothing was calibrated")
        keyboard.assert_ends(2, 20)
    finally:
        keyboard.close()
    with Pump.open(port) as pump:
        assert pump.state() == "STOPPED"
        assert pump.steps().emitted < 100 * 3200
    assert calibration(port)[1] == "NONE"


def test_a_pump_that_delivers_is_left_alone(port, answers, capsys):
    with Pump.open(port) as pump:
        pump.refill(20)
        pump.commit(pump.prescribe(Prescription(500, ml_d=24)))
        pump.start()
    answers("", "0.2", "", "0.4")
    assert main(["calibrate", "--port", port, *RUNS, "--yes"]) == 2
    assert "The pump is RUNNING: stop it first." in capsys.readouterr().err
    with Pump.open(port) as pump:
        assert pump.state() == "RUNNING"


@pytest.fixture
def pump():
    """A simulated pump whose head gives a tenth more than it was told."""
    with SimTarget() as target:
        target.plant.beaker.pl_per_step *= Fraction(11, 10)
        yield Pump(target), target.plant.beaker


def by_balance(balance, kind):
    return ByBalance(balance.port, kind, Decimal(str(WATER.ml_per_g)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sics", "plain"])
def test_a_balance_weighs_each_run_and_finds_what_the_head_gives(kind, pump, capsys):
    pump, beaker = pump

    def weight_g(_time_s):
        return 50 + float(beaker.volume_ml) / WATER.ml_per_g

    with SimulatedBalance(kind, weight_g) as balance:
        runs = [Decimal(1), Decimal(5)]
        found = guided(pump, runs, by_balance(balance, kind), is_accepted=True)
        assert found.is_done
    assert float(pump.ask("MOT:CAL?")) == pytest.approx(0.22, abs=0.0001)


@pytest.mark.slow
def test_a_balance_that_never_settles_or_shows_nothing_more_calibrates_nothing(pump, monkeypatch):
    pump, _ = pump
    monkeypatch.setattr(catching, "SETTLE_S", 1.5)
    with SimulatedBalance("sics", lambda time_s: 50.0) as balance:
        catch = by_balance(balance, "sics")
        with pytest.raises(BalanceError, match="none came"):
            guided(pump, [Decimal(1)], catch, is_accepted=True)
        balance.is_stable = False
        with pytest.raises(BalanceError, match="did not settle"):
            guided(pump, [Decimal(1)], catch, is_accepted=True)
    assert pump.ask("MOT:CAL:HIST?") == "NONE"
