# SPDX-License-Identifier: MIT
"""The demonstration from end to end: what it types, what it prints, how it ends."""

import io
import re

import pytest
from rich.console import Console

from host_tests.images import need_image
from pumpbench import demo

SHORT = demo.Lengths(slow_s=2, fast_s=1, day_s=1800)
LONG_ENOUGH = demo.Lengths(slow_s=1, fast_s=1, day_s=600)


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
    for line in lines:
        assert f"\n  {line}" in printed
        assert line in page
    assert re.search(r"\n    ITB-Pump,RPI_PICO,\w+,\S+\n", printed)
    assert "\n    4,4,4,0\n" in printed


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
    assert page.count("<svg") == page.count("</svg>") == 5
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
    assert demo.duration(seconds) == text
