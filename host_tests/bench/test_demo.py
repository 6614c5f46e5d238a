# SPDX-License-Identifier: MIT
"""The demonstration from end to end: what it types, what it prints, how it ends."""

import io
import re

import pytest
from rich.console import Console

from host_tests.images import need_image
from pumpbench import demo
from pumpbench.client import PumpError
from pumpbench.flexday import clock, soft_limits
from pumpbench.session import duration, folded

SHORT = demo.Lengths(slow_s=2, fast_s=1, day_s=1800)
LONG_ENOUGH = demo.Lengths(slow_s=1, fast_s=1, day_s=600, flex_h=0.5)


@pytest.fixture(scope="module")
def on_sim(tmp_path_factory):
    """A demonstration without the image: (status, what it printed, the page)."""
    folder = tmp_path_factory.mktemp("demo")
    screen = Console(file=io.StringIO(), width=80)
    path = folder / "report.html"
    status = demo.run(path, uf2_folder=folder, lengths=SHORT, screen=screen)
    return status, screen.file.getvalue(), path.read_text()


def test_all_counts_agree_and_every_step_is_on_time(on_sim):
    status, printed, _ = on_sim
    assert "Pass." in printed, printed
    assert status == 0


def test_a_missing_image_is_told_and_everything_runs_on_sim(on_sim):
    _, printed, page = on_sim
    sentence = re.search(r"Put RPI_PICO-\S+\.uf2 .* try again\.", printed)
    assert sentence
    assert "No board was emulated" in page
    assert "emulator" not in printed


def test_the_reader_sees_the_lines_and_the_answers(on_sim):
    _, printed, page = on_sim
    lines = ["*IDN?", "PRES:NEW", "PRES:CONC 500 UG/ML", "PRES:RATE 12 ML/D", "PRES:VAL?"]
    lines += ["PRES:COMM", "THER:STAR", "DEL:STEP?", "DEL:TOT?", "THER:STOP"]
    lines += ["SYST:TIME", "PRES:FLEX:STEP", "BOL:STAR 30 UG,1 HR", "BOL:PAT", "BOL:ABOR"]
    for line in lines:
        assert f"\n  {line}" in printed
        assert line in page
    assert re.search(r"\n    ITB-Pump,RPI_PICO,\w+,\S+\n", printed)
    assert "\n    4,4,4,0\n" in printed


def test_the_flex_day_ends_on_the_programmed_step_with_every_bolus_of_it(on_sim):
    _, printed, page = on_sim
    counts = [
        re.search(rf"{name} +│ +([\d ]+) │\n", printed)[1]
        for name in ("Programmed, steps", "Commanded, steps", "Emitted, steps", "Edges on the pin")
    ]
    # 825 ug of basal, and 30 + 20 + 20 + 10 of boluses, 1/32 of a ug a step
    assert abs(int(counts[0].replace(" ", "")) - 905 * 32) <= 3
    assert counts[0] == counts[1] == counts[2] == counts[3]
    assert re.search(r"of it PATIENT, mL +│ +0\.080000 │", printed)
    assert "on the very step" in page


def test_the_flex_day_names_the_soft_limit_and_is_refused_the_bolus_in_the_lockout(on_sim):
    _, printed, page = on_sim
    assert re.search(r"\n  PRES:COMM [0-9A-F]{8},HIGH\n", printed)
    assert "110: Locked out" in printed
    assert re.search(r"ABORTED,", page)


def test_without_a_terminal_there_are_plain_lines(on_sim):
    _, printed, _ = on_sim
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", printed)
    assert len(re.findall(r"^ +\d+ %  .* steps  \d+\.\d{7} mL$", printed, re.MULTILINE)) == 15
    assert max(len(line) for line in printed.splitlines() if "https" not in line) <= 80


def test_on_a_terminal_there_is_a_bar(tmp_path):
    screen = Console(file=io.StringIO(), width=100, force_terminal=True)
    demo.run(tmp_path / "r.html", uf2_folder=tmp_path, lengths=LONG_ENOUGH, screen=screen)
    assert "━" in screen.file.getvalue()
    assert " %" not in screen.file.getvalue()


def test_the_page_fetches_nothing_and_has_the_plots(on_sim):
    _, printed, page = on_sim
    assert page.count("<svg") == page.count("</svg>") == 7
    assert not re.search(r"(?:src|href|url)[=(]\W*https?:", page)
    assert set(re.findall(r"https?://[^/]+", page)) <= {"https://micropython.org"}
    assert re.search(r"^Report: .*report\.html$", printed, re.MULTILINE)


def test_a_pump_that_loses_a_step_fails_the_demonstration(tmp_path, monkeypatch):
    class Slipping(demo.SimTarget):
        """A board whose driver does not see the third edge."""

        def __init__(self):
            super().__init__()
            step, self._calls = self.plant.step, 0

            def slip(first_ns, period_ns=0, count=1):
                self._calls += 1
                if self._calls != 3:
                    step(first_ns, period_ns, count)

            self.plant.step = slip

    monkeypatch.setattr(demo, "SimTarget", Slipping)
    screen = Console(file=io.StringIO(), width=80)
    path = tmp_path / "report.html"
    assert demo.run(path, uf2_folder=tmp_path, lengths=LONG_ENOUGH, screen=screen) == 1
    assert "Fail." in screen.file.getvalue()
    assert "Fail." in path.read_text()


@pytest.mark.emulator
def test_the_emulated_board_delivers_a_second_of_each(tmp_path):
    need_image()
    screen = Console(file=io.StringIO(), width=80)
    path = tmp_path / "report.html"
    status = demo.run(path, lengths=LONG_ENOUGH, screen=screen)
    assert status == 0, screen.file.getvalue()
    assert "emulator" in path.read_text()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(12, "12 s"), (1200, "20 min"), (86_400, "24 h"), (15_120, "4 h 12 min")],
)
def test_a_duration_is_in_the_unit_that_is_whole(seconds, text):
    assert duration(seconds) == text


def test_a_long_answer_is_broken_at_commas_and_spaces():
    answer = '4,CLINICIAN,30.000,"a sentence, with words"'
    lines = folded(answer, 20)
    assert lines == ["4,CLINICIAN,30.000,", '"a sentence, with ', 'words"']
    assert "".join(lines) == answer
    assert folded("x" * 30 + ",y", 20) == ["x" * 30 + ",", "y"]
    assert folded("", 20) == [""]


def test_the_soft_limits_of_a_verdict_are_its_names_not_its_notes():
    verdict = (
        'OK,00C0FFEE,"HIGH: 825.000 ug a day, usual are less","INTerval: 1 MIN","up to 4: a day"'
    )
    assert soft_limits(verdict) == ("00C0FFEE", ["HIGH", "INTerval"])
    assert soft_limits("OK,00C0FFEE") == ("00C0FFEE", [])
    with pytest.raises(PumpError, match="no mode"):
        soft_limits('"no mode","no rate"')


def test_an_hour_of_the_day_is_read_as_on_a_clock():
    assert [clock(hour) for hour in (0, 7.5, 19 + 1 / 3, 24)] == [
        "00:00",
        "07:30",
        "19:20",
        "24:00",
    ]
