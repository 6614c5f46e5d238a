# SPDX-License-Identifier: MIT
"""The command `trumpet`: figures, verdicts and a report of a recording and of its facts."""

import json

import pytest

from pumpbench.__main__ import main
from pumpbench.client.pump import Steps
from pumpbench.gravimetry.facts import Code, Facts, write_facts
from pumpbench.gravimetry.volumes import WATER

pytestmark = pytest.mark.slow

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def recorded(path, rate_ml_h=1.0, seconds=7200, lost_g_h=0.0):
    """A recording of a pump that delivers exactly that."""
    grams_h = rate_ml_h / WATER.ml_per_g - lost_g_h
    rows = [f"{at},{50 + grams_h * at / 3600:.4f},1" for at in range(0, seconds + 1, 30)]
    path.write_text("\n".join(["time_s,grams,is_stable", *rows, ""]))
    return path


def known(path, counted=5000, **changed):
    """The facts of a recording, 5000 steps of it commanded."""
    before = Steps(100, 100, 100, 0)
    fields = {
        "begun_at": "2026-01-02T03:04:05+00:00",
        "identity": "ITB-Pump,RPI_PICO,0123456789abcdef,0.1.0",
        "firmware_version": "0.1.0",
        "prescription": "SIMPLE,500.000,12000.000,24.000000",
        "ml_per_revolution": 0.2,
        "rate_ml_h": 1.0,
        "steps_before": before,
        "code": Code(COMMIT, is_dirty=True),
        "steps_after": Steps(5100, 5100, 100 + counted, 0),
        "ended": "after its time",
    }
    write_facts(path, Facts(**{**fields, **changed}))


@pytest.fixture
def run(tmp_path):
    return recorded(tmp_path / "run.csv")


def test_each_figure_is_a_line_with_its_verdict(run, capsys):
    assert main(["trumpet", str(run), "--rate", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Mean error A")
    assert lines[0].endswith("+0.01 %  limit ±5 %      pass")
    judged = [line for line in lines if line.startswith("Ep(")]
    assert len(judged) == 12
    assert all(line.endswith("pass") for line in judged)
    assert lines[-1] == f"Report: {run.with_suffix('.html')}"
    assert "No steps were counted" in run.with_suffix(".html").read_text()


def test_rate_and_steps_come_from_the_facts_and_the_report_shows_them(run, tmp_path, capsys):
    known(run)
    page = tmp_path / "out" / "report.html"
    assert main(["trumpet", str(run), "--output", str(page)]) == 0
    assert "Counted less programmed" in capsys.readouterr().out.splitlines()[0]
    text = page.read_text()
    assert "5 000 steps were programmed,\n5 000 were counted" in text
    for shown in (
        "ITB-Pump,RPI_PICO,0123456789abcdef,0.1.0",
        "<dd>0.1.0</dd>",
        f"{COMMIT}, with changes that are in no commit",
        "2026-01-02T03:04:05+00:00",
        "SIMPLE,500.000",
        "0.2 mL a revolution",
    ):
        assert shown in text


def test_an_unchanged_tree_and_none_at_all_are_told_apart(run, capsys):
    known(run, code=Code(COMMIT, is_dirty=False))
    assert main(["trumpet", str(run)]) == 0
    assert f"{COMMIT}, unchanged" in run.with_suffix(".html").read_text()
    known(run, code=None)
    assert main(["trumpet", str(run)]) == 0
    assert "there was no repository" in run.with_suffix(".html").read_text()


@pytest.mark.parametrize(
    ("rate", "counted", "failed"),
    [
        (1.2, 5000, {"Mean error A", "Ep(max), 1 min", "Ep(min), 31 min"}),
        (1.0, 4998, {"Counted less programmed"}),
    ],
)
def test_a_limit_that_is_failed_is_status_1(tmp_path, rate, counted, failed, capsys):
    run = recorded(tmp_path / "run.csv", rate)
    known(run, counted)
    assert main(["trumpet", str(run)]) == 1
    lines = capsys.readouterr().out.splitlines()
    names = {line[:24].strip() for line in lines if line.endswith("FAIL")}
    assert failed <= names
    assert ("Mean error A" in names) == (rate != 1.0)
    assert "<b>Fail.</b>" in run.with_suffix(".html").read_text()


def test_the_rate_that_is_said_goes_before_that_of_the_facts(run, capsys):
    known(run, rate_ml_h=2.0)
    assert main(["trumpet", str(run)]) == 1
    assert main(["trumpet", str(run), "--rate", "1"]) == 0


def test_what_evaporated_is_added_back_by_a_blank_or_a_number(tmp_path, capsys):
    run = recorded(tmp_path / "run.csv", lost_g_h=0.1)
    blank = recorded(tmp_path / "blank.csv", rate_ml_h=0, lost_g_h=0.1)
    command = ["trumpet", str(run), "--rate", "1", "--json"]
    assert main(command) == 1
    assert json.loads(capsys.readouterr().out)["a_pct"] == pytest.approx(-10, abs=0.2)
    for more in (["--blank", str(blank)], ["--evaporation", "0.1"]):
        assert main([*command, *more]) == 0
        assert json.loads(capsys.readouterr().out)["a_pct"] == pytest.approx(0, abs=0.01)
    assert main([*command, "--blank", str(blank), "--evaporation", "0.1"]) == 2


def test_for_machines_there_is_one_object(run, capsys):
    known(run)
    assert main(["trumpet", str(run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["passed"]
    assert [each["minutes"] for each in found["windows"]] == [1, 2, 5, 11, 19, 31]
    assert found["facts"]["Firmware"] == "0.1.0"
    assert found["report"] == str(run.with_suffix(".html"))


def test_a_window_too_short_for_the_balance_is_not_judged(run, capsys):
    assert main(["trumpet", str(run), "--rate", "1", "--resolution", "0.002"]) == 0
    assert "Not judged, 1 min: 16.6 mg are less than 10 resolutions" in capsys.readouterr().out


def test_a_short_recording_is_a_sentence_and_no_report(tmp_path, capsys):
    run = recorded(tmp_path / "run.csv", seconds=600)
    assert main(["trumpet", str(run), "--rate", "1"]) == 2
    told = capsys.readouterr().err
    assert "lasts 10.0 min" in told
    assert told.count("\n") == 1
    assert not run.with_suffix(".html").exists()


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (None, "say the rate that was set"),
        ("{", "has not the facts of a recording"),
        ('{"a": 1}', "has not the facts of a recording"),
        ("[]", "has not the facts of a recording"),
    ],
)
def test_without_facts_the_rate_has_to_be_said(run, facts, sentence, capsys):
    if facts:
        run.with_suffix(".json").write_text(facts)
    assert main(["trumpet", str(run)]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def test_a_rate_that_changed_is_not_taken_from_the_facts(run, capsys):
    known(run, is_rate_constant=False)
    assert main(["trumpet", str(run)]) == 2
    assert "rate changed" in capsys.readouterr().err
    assert main(["trumpet", str(run), "--rate", "1"]) == 0


def test_no_rate_below_zero_and_no_file_that_is_missing(run, tmp_path, capsys):
    assert main(["trumpet", str(run), "--rate", "0"]) == 2
    assert "has to be above 0" in capsys.readouterr().err
    assert main(["trumpet", str(tmp_path / "none.csv"), "--rate", "1"]) == 2
    assert "none.csv" in capsys.readouterr().err


def test_a_report_never_overwrites_a_recording(run, tmp_path, capsys):
    kept = run.read_text()
    command = ["trumpet", str(run), "--rate", "1", "--output"]
    assert main([*command, str(run)]) == 2
    other = recorded(tmp_path / "other.csv", 2.0)
    assert main([*command, str(tmp_path / "other.html")]) == 2
    assert "is another recording" in capsys.readouterr().err
    assert run.read_text() == kept != other.read_text()
    assert main([*command, str(tmp_path / "third.html")]) == 0
    assert main([*command, str(tmp_path / "third.html")]) == 0  # the same again
