# SPDX-License-Identifier: MIT
"""The commands `doses` and `linearity`: figures, verdicts and a page, of recordings in files."""

import json

import numpy as np
import pytest

from host_tests.bench.test_gravimetry_verdict import known, recorded
from pumpbench.__main__ import main
from pumpbench.gravimetry.volumes import WATER

DOSES = ((50, 60), (150, 160), (250, 260))


@pytest.fixture
def dosed(tmp_path):
    """Call with what each dose of 0.05 mL really gave: a recording, and the file of the doses."""

    def make(volumes_ml, basal_ml_h=0.0, lost_g_h=0.0):
        times_s = np.arange(0, 400.5, 0.5)
        grams = 20 + (basal_ml_h / WATER.ml_per_g - lost_g_h) * times_s / 3600
        for (start_s, end_s), ml in zip(DOSES, volumes_ml, strict=True):
            grams += np.interp(times_s, [start_s, end_s], [0, ml / WATER.ml_per_g])
        rows = [f"{at},{g:.5f},1" for at, g in zip(times_s, grams, strict=True)]
        recording, programmed = tmp_path / "bolus.csv", tmp_path / "programmed.csv"
        recording.write_text("\n".join(["time_s,grams,is_stable", *rows, ""]))
        lines = [f"{start_s},{end_s},0.05" for start_s, end_s in DOSES]
        programmed.write_text("\n".join(["start_s,end_s,programmed_ml", *lines, ""]))
        page = str(tmp_path / "out" / "doses.html")
        return ["doses", str(recording), "--programmed", str(programmed), "--output", page]

    return make


@pytest.fixture
def rates(tmp_path):
    """Call with (set, measured) mL/h: the command over a recording of each."""

    def make(*pairs, **options):
        files = []
        for number, (rate, measured) in enumerate(pairs):
            path = recorded(tmp_path / f"{number}.csv", measured, **options)
            known(path, rate_ml_h=rate)
            files.append(str(path))
        return ["linearity", *files, "--output", str(tmp_path / "line.html")]

    return make


def test_each_dose_is_a_line_with_its_verdict_and_all_are_a_histogram(dosed, tmp_path, capsys):
    assert main(dosed([0.05, 0.051, 0.048])) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [float(line.split()[4]) for line in lines[:3]] == pytest.approx([0, 2, -4], abs=0.03)
    assert lines[1].startswith("Dose 2, 50 uL")
    assert all(line.endswith("pass") for line in lines[:3])
    assert lines[3].endswith(str(tmp_path / "out" / "doses.html"))
    page = (tmp_path / "out" / "doses.html").read_text()
    assert page.count("<svg") == 1
    assert page.count('<td class="pass">pass</td>') == 3
    assert "error, % of the programmed dose" in page
    assert "<b>Pass.</b>" in page


def test_a_dose_beyond_its_limit_is_status_1_and_named_on_the_page(dosed, tmp_path, capsys):
    assert main(dosed([0.05, 0.053, 0.05])) == 1
    assert "+6.00 %  limit ±5 %      FAIL" in capsys.readouterr().out
    page = (tmp_path / "out" / "doses.html").read_text()
    assert "<b>Fail.</b>" in page
    assert "Dose 2, 50 uL: +6.00 %, limit ±5 %." in page


def test_doses_for_machines_without_the_basal_rate_and_what_evaporated(dosed, tmp_path, capsys):
    command = [*dosed([0.05, 0.051, 0.048], basal_ml_h=0.9, lost_g_h=0.3), "--json"]
    assert main(command) == 1
    assert json.loads(capsys.readouterr().out)["passed"] is False
    assert main([*command, "--basal", "0.9", "--evaporation", "0.3"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] is True
    errors = [each["error_pct"] for each in found["doses"]]
    assert errors == pytest.approx([0, 2, -4], abs=0.1)
    assert found["doses"][1]["measured_ml"] == pytest.approx(0.051, abs=0.0001)
    blank = recorded(tmp_path / "blank.csv", rate_ml_h=0, lost_g_h=0.3)
    assert main([*command, "--basal", "0.9", "--blank", str(blank)]) == 0
    assert main([*command, "--blank", str(blank), "--evaporation", "1"]) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("start_s,end_s\n1,2\n", "has no column programmed_ml"),
        ("start_s,end_s,programmed_ml\n", "has no doses"),
        ("start_s,end_s,programmed_ml\n50,60,0.05\n50,60,much\n", "line 3, is no dose"),
        ("start_s,end_s,programmed_ml\n50,60\n", "line 2, is no dose"),
        ("start_s,end_s,programmed_ml\n50,60,0.0001\n", "is less than 10 resolutions"),
        ("start_s,end_s,programmed_ml\n900,950,0.05\n", "has no reading in the 10 s before"),
    ],
)
def test_doses_that_cannot_be_weighed_are_a_sentence(dosed, tmp_path, text, sentence, capsys):
    command = dosed([0.05, 0.05, 0.05])
    (tmp_path / "programmed.csv").write_text(text)
    assert main(command) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
    assert not (tmp_path / "out" / "doses.html").exists()


def test_rates_on_a_line_pass_and_the_page_tells_its_slope(rates, tmp_path, capsys):
    assert main(rates((0.5, 0.515), (1.0, 1.03), (2.0, 2.06))) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines[:3]] == ["0.5 mL/h", "1 mL/h", "2 mL/h"]
    page = (tmp_path / "line.html").read_text()
    assert "1.030" in page
    assert "off the line, % of greatest" in page
    assert page.count('<td class="pass">pass</td>') == 3


def test_a_rate_off_the_line_is_status_1_also_for_machines(rates, capsys):
    assert main([*rates((1.0, 1.0), (2.0, 2.3), (3.0, 3.0)), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] is False
    assert found["off_line_pct"] == pytest.approx([-10 / 3, 20 / 3, -10 / 3], abs=0.05)
    assert found["measured_ml_h"] == pytest.approx([1, 2.3, 3], abs=0.01)
    assert found["slope"] == pytest.approx(1, abs=0.01)


def test_a_rate_that_is_said_goes_before_that_of_the_facts(rates, capsys):
    command = rates((7.0, 0.5), (1.0, 1.0), (2.0, 2.0))
    command[1] += "=0.5"
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["set_ml_h"] == [0.5, 1.0, 2.0]


def test_a_linearity_that_cannot_be_told_is_a_sentence(rates, tmp_path, capsys):
    command = rates((0.5, 0.5), (1.0, 1.0), (2.0, 2.0))
    first = tmp_path / "0.csv"
    for wrong, sentence in (
        (["linearity", *command[1:3]], "3 different rates"),
        ([*command, f"{first}=fast"], "'fast' is no rate"),
        ([*command, f"{first}=0"], "has to be above 0"),
        ([*command, str(tmp_path / "none.csv")], f"say the rate that was set, {tmp_path}"),
        ([*command, "--output", str(first)], "call it .html"),
        ([*command, "--method", "15min"], "lasts 120.0 min"),
    ):
        assert main(wrong) == 2
        told = capsys.readouterr().err
        assert sentence in told
        assert told.count("\n") == 1
    assert not (tmp_path / "line.html").exists()
