# SPDX-License-Identifier: MIT
"""The figures of the report beside their limits, the marks on its plots, and its data."""

import re
from dataclasses import replace
from fractions import Fraction

import pytest

from host_tests.bench.report_parts import FLEX, LEVELS, STEP_ML, Page, piece, rows_of, written
from pumpbench.analysis.judge import Steps, lateness_us
from pumpbench.analysis.reservoir_log import Level
from pumpbench.demo import figures
from pumpbench.demo.flex_plots import label
from pumpbench.demo.flexday import ABORTED, GIVEN, REFUSED, Event

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the page about three pieces lies that are as they should be."""
    folder = tmp_path_factory.mktemp("report")
    written(folder)
    return folder / "new"


@pytest.fixture(scope="module")
def text(folder):
    """That page."""
    return (folder / "report.html").read_text()


def plot(text, title):
    """The picture below a title of the page."""
    return re.search(rf"<h3>{title}</h3>.*?(<svg.*?</svg>)", text, re.DOTALL)[1]


FLEX_PLOTS = ["Programmed and delivered rate", "Each step against its time"]


@pytest.mark.parametrize("title", FLEX_PLOTS)
def test_a_mark_with_its_label_stands_at_each_bolus_refusal_and_abort(text, title):
    picture = plot(text, title)
    marks = re.findall(r'id="[^"]*-mark-(\d+)-(\w+)"', picture)
    assert marks == [("1", GIVEN), ("2", REFUSED), ("3", GIVEN), ("4", ABORTED)]
    labels = re.findall(r">([^<>]*(?:given|refused|aborted))</text>", picture)
    assert labels == ["20 µg given", "refused", "30 µg given", "aborted"]


@pytest.mark.parametrize("title", FLEX_PLOTS)
def test_a_mark_stands_at_the_hour_of_its_event(text, title):
    picture = plot(text, title)
    at = [
        float(re.search(rf'-mark-{n}-\w+">\s*<path d="M ([\d.]+) ', picture)[1])
        for n in range(1, 5)
    ]
    hours = [event.hour for event in FLEX.events]
    per_hour = (at[3] - at[0]) / (hours[3] - hours[0])
    assert per_hour > 5
    assert at == pytest.approx([at[0] + (hour - hours[0]) * per_hour for hour in hours], abs=0.01)


def test_a_bolus_that_was_not_granted_has_no_dose_at_its_mark():
    assert label(Event(1.0, "BOL:PAT", "", REFUSED)) == "refused"
    assert label(Event(1.0, "BOL:PAT", "", GIVEN, 20)) == "20 µg given"


def test_the_data_lie_beside_the_page_and_it_leads_to_them(folder, text):
    beside = {path.name for path in folder.glob("*.csv")}
    assert beside == {each for each in Page(text).references if each.endswith(".csv")}
    assert len(beside) == 8
    for path in folder.glob("*.csv"):
        assert len(path.read_text().splitlines()) > 1


def test_the_steps_in_the_data_are_those_that_were_judged(folder):
    pieces = [piece(), piece("fast", 5000, 225), piece(count=1000)]
    for n, each in enumerate(pieces, 1):
        steps = rows_of(folder, f"steps-{n}")
        assert len(steps) == int(steps[-1]["step"]) == each.judgement.edges
        assert float(steps[-1]["time_s"]) == pytest.approx(
            float(each.judgement.ideal_us) * each.judgement.edges / 1e6
        )
        assert {float(step["late_us"]) for step in steps} == {0.0}
    assert len(rows_of(folder, "flex-steps")) == FLEX.edges
    late = [float(step["late_us"]) for step in rows_of(folder, "flex-steps")]
    assert min(late) == pytest.approx(FLEX.worst_us)


def test_the_figures_in_the_data_are_those_of_the_page(folder, text):
    found = rows_of(folder, "figures")
    assert {row["verdict"] for row in found} == {"", "PASS"}
    by_name = {row["figure"]: row["measured"] for row in found if row["part"] == "flex day"}
    assert by_name["Edges on the pin"] == by_name["Emitted, steps"] == "800"
    page = text.replace("µs", "us").replace("µg", "ug")
    for row in found:
        assert f"<th>{row['figure']}</th>" in page


def test_the_events_and_the_levels_are_in_the_data(folder):
    events = rows_of(folder, "flex-events")
    assert [(row["outcome"], row["dose_ug"]) for row in events] == [
        ("given", "20"),
        ("refused", "0"),
        ("given", "30"),
        ("aborted", "0"),
    ]
    levels = rows_of(folder, "reservoir")
    assert len(levels) == 2 * len(LEVELS)
    assert float(levels[-1]["answered_ml"]) == pytest.approx(20 - 24 / 16_000)
    delivered = [row for row in rows_of(folder, "flex-rates") if row["what"] == "delivered"]
    assert [float(row["rate_ug_per_h"]) for row in delivered] == [20.0, 44.9, 44.9]


def test_the_lateness_of_a_step_is_that_of_the_judge():
    late = piece("slow", 10, missing=1)
    found = [us for _, us in lateness_us(late.trace, late.judgement)]
    assert max(found) - min(found) == late.judgement.spread_us == 450_000
    assert [t_s for t_s, _ in lateness_us(late.trace, late.judgement)][:2] == [0.45, 0.9]


def test_every_figure_that_has_a_limit_stands_beside_it_and_passes(text):
    assert "FAIL" not in text
    assert '<th>Edges on the pin</th><td>800</td><td>800</td><td><b class="pass">PASS' in text
    assert "within ±63.5" in text
    assert len(re.findall(r'<b class="pass">PASS', text)) > 40


BAD_FLEX = [
    ({"edges": 799}, "Edges on the pin"),
    ({"steps": Steps(800, 801, 800, 0)}, "Emitted, steps"),
    ({"delivered_ml": Fraction(3)}, "Delivered, mL (beaker)"),
    ({"ledger": [("BASAL", "0.049")]}, "All kinds of the ledger, mL"),
    ({"worst_us": 10.1}, "Worst step, µs from its time"),
    ({"levels": [Level(3.0, Fraction(19), 19 - 2 * STEP_ML)]}, "Reservoir, worst answer"),
]


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("wrong", "name"), BAD_FLEX)
def test_a_figure_of_the_flex_day_beyond_its_limit_fails_on_the_page(tmp_path, wrong, name):
    text = written(tmp_path, flex=replace(FLEX, **wrong))
    row = re.search(rf'<tr class="bad"><th>{re.escape(name)}.*', text)
    assert row, wrong
    assert '<b class="fail">FAIL' in row[0]


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_a_figure_of_a_piece_beyond_its_limit_fails_on_the_page_and_in_the_data(tmp_path):
    text = written(tmp_path, missing=1)
    failed = set(re.findall(r'<tr class="bad"><th>(.*?)</th>', text))
    assert failed == {
        "Commanded, steps",
        "Emitted, steps",
        "Worst interval error, µs",
    }
    of_data = {r["figure"] for r in rows_of(tmp_path / "new", "figures") if r["verdict"] == "FAIL"}
    assert of_data == {name.replace("µs", "us") for name in failed}


@pytest.mark.slow
def test_a_pump_that_believes_in_more_than_there_is_makes_it_a_failure(tmp_path):
    levels = [*LEVELS, Level(25, Fraction(8), Fraction(8) - 2 * STEP_ML)]
    text = written(tmp_path, levels=levels)
    assert "Pass." not in text
    assert "at 25.00 h the pump says 8.000000 mL are left, the beaker leaves 7.999875" in text


def test_a_figure_fails_where_there_is_a_sentence_and_nowhere_else():
    fine, late = piece(), piece("late", missing=1)
    wrong = [
        late,
        replace(fine, steps=Steps(26, 26, 26, 1)),
        replace(fine, steps=Steps(26, 27, 26, 0)),
        replace(fine, delivered_ml=Fraction(1)),
        replace(fine, levels=[Level(0.0, Fraction(20), Fraction(19))]),
    ]
    for each in [fine, *wrong]:
        has_failed = any(figure.is_within is False for figure in figures.of_piece(each))
        assert has_failed == bool(each.problems()) == (each is not fine)
