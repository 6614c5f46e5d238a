# SPDX-License-Identifier: MIT
"""The report: one file, nothing fetched, its plots readable, its failures told."""

import html
import re
from dataclasses import replace
from fractions import Fraction

import pytest

from host_tests.bench.report_parts import (
    FACTS,
    FLEX,
    S_NS,
    STEP_ML,
    Page,
    alarms,
    flashing,
    piece,
    written,
)
from pumpbench.analysis.judge import Piece, Steps, judge
from pumpbench.demo.figures import exact
from pumpbench.demo.report import flex_rows, rows, write_report
from pumpbench.plant.edges import Edges

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """The page about three pieces that are as they should be."""
    return written(tmp_path_factory.mktemp("report"))


def test_the_page_holds_all_it_needs(text):
    page = Page(text)
    assert page.count["svg"] == 9
    assert not re.findall(r'href="(?!#|report-)', text)
    assert not {"script", "link", "img", "iframe"} & set(page.count)
    assert "://" not in text
    assert "@import" not in text


def test_the_plots_refer_to_their_own_parts_only(text):
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    inside = [each for each in page.references if not each.endswith(".csv")]
    sounds = [each for each in inside if each.startswith("data:audio/wav;base64,")]
    inside = [each for each in inside if each not in sounds]
    assert len(sounds) == 1
    targets = {re.sub(r"^url\(#(.*)\)$|^#", r"\1", reference) for reference in inside}
    assert targets <= set(page.ids)


def test_the_plots_take_the_colours_of_the_page(text):
    plots = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert set(re.findall(r"#[0-9a-f]{6}\b", plots)) <= {"#ffffff"}
    assert "var(--ink)" in plots


def test_it_says_what_ran_and_that_it_is_a_bench_model(text):
    commit = "0123456789ab, with changes"
    for fact in ("RPI_PICO", "1.21.0", "0.1.0", "2030-01-02", commit):
        assert fact in text
    assert "A bench model. Never for use on a person." in text
    assert "Pass." in text
    assert "No board was emulated" not in text


def test_answers_of_the_board_are_text_not_markup(text):
    assert "No &lt;b&gt;error" in text


@pytest.mark.slow
def test_a_missing_step_makes_it_a_failure(tmp_path):
    text = written(tmp_path, missing=1)
    assert "Pass." not in text
    assert "5002 steps commanded, 5002 emitted, 5001 witnessed" in text


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_a_missing_image_is_told(tmp_path):
    text = written(tmp_path, replace(FACTS, missing_image="Put it there."))
    assert "No board was emulated" in text
    assert "Put it there." in text


@pytest.mark.slow
def test_a_delivery_without_steps_is_reported_too(tmp_path):
    empty = judge(Edges(), Fraction(225))
    nothing = Piece(
        "none", "sim", Steps(0, 0, 0, 0), empty, Fraction(0), STEP_ML, [(0.0, 0)], [], Edges()
    )
    path = write_report(tmp_path / "report.html", [nothing] * 3, FLEX, alarms(), FACTS)
    assert "no step arrived" in path.read_text()


def test_the_flex_day_is_told_with_its_times(text):
    assert "<dt>19:20</dt><dd>Enough &lt;b&gt;<code>BOL:ABOR</code></dd>" in text
    assert "<dt>07:30</dt><dd>The patient takes 20 µg" in text
    assert "on the very step" in text


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"found": ["2 steps came, 3 were programmed"]}, "2 steps came, 3 were programmed"),
        ({"steps": Steps(801, 800, 800, 1)}, "the counts are (801, 800, 800, 1), 800 edges"),
        ({"delivered_ml": Fraction(3)}, "the beaker has 3.000000 mL"),
        ({"ledger": [("BASAL", "0.049000")]}, "the ledger has 0.049000 mL"),
    ],
)
def test_a_flex_day_that_does_not_agree_makes_it_a_failure(tmp_path, wrong, sentence):
    text = written(tmp_path, flex=replace(FLEX, **wrong))
    assert "Pass." not in text
    assert "on the very step" not in text
    assert f"flex day, sim: {sentence}" in text


def test_the_alarms_are_told_with_their_times_and_their_tables(text):
    assert "<dt>1.0 s</dt><dd>Too much &lt;b&gt;<code>RES:REF</code></dd>" in text
    assert "<dt>10.0 s</dt><dd>Empty</dd>" in text
    assert "ALARM_ON 306" in text
    assert "<th>flashes</th><td>0.6 Hz</td><td>0.4 to 0.8 Hz</td><td>0.2 Hz</td>" in text
    assert '<td>0.2 Hz</td><td><b class="pass">PASS' in text
    assert '<tr class="bad">' not in text
    assert "emulated pin" in text


def test_a_burst_that_an_answer_cut_off_is_not_judged():
    heard = alarms().heard()
    assert [(each.priority, len(each.burst), each.is_cut) for each in heard] == [
        ("MEDIUM", 3, False),
        ("LOW", 2, False),
        ("HIGH", 10, False),
        ("HIGH", 4, True),
    ]
    assert not any(each.following for each in heard)
    assert alarms().problems() == []


def moved(by_s, from_s, to_s):
    """The pulses of a span at another time."""
    return sorted(
        (rise + round(by_s * S_NS) if from_s * S_NS <= rise < to_s * S_NS else rise, width)
        for rise, width in alarms().pulses
    )


WRONG_ALARMS = [
    ({"pulses": []}, "HIGH: no whole burst was heard"),
    ({"pulses": moved(0.01, 11.7, 11.9)}, "HIGH: (?:duration|spacing|tones|gap)"),
    ({"pulses": moved(0.6, 9, 15)}, "HIGH: no tone within 0.5 s of the last step"),
    ({"pulses": moved(0.6, 23, 24.4)}, "HIGH: no tone within 0.5 s of the end of the pause"),
    ({"pulses": moved(-4, 23, 24.5)}, "edges on the buzzer.*s pin in the pause"),
    ({"pulses": moved(3, 24.5, 25)}, "edges on the buzzer.*s pin after the acknowledgement"),
    ({"pulses": moved(-2, 5, 8)}, "LOW: no whole burst was heard"),
    ({"lamp": [*flashing(1, 5, 0.6), *flashing(6, 29, 2)]}, "LOW: times the lamp went off"),
    ({"lamp": [*flashing(1, 5, 0.6), (6 * S_NS, True)]}, "HIGH: whole flashes 0"),
    ({"is_dark": False}, "the lamp is lit although no alarm is left"),
    ({"found": ["ALAR:ACT? answers 0"]}, r"ALAR:ACT\? answers 0"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG_ALARMS)
def test_whatever_is_wrong_with_an_alarm_is_a_sentence(wrong, sentence):
    found = alarms(**wrong).problems()
    assert any(re.search(sentence, each) for each in found), found


@pytest.mark.slow
@pytest.mark.parametrize("pulses", [[], moved(-0.15, 11, 11.2)], ids=["silent", "a tone early"])
def test_an_alarm_that_is_not_as_it_has_to_be_makes_it_a_failure(tmp_path, pulses):
    part = alarms(pulses=pulses)
    text = written(tmp_path, part=part)
    assert "Pass." not in text
    for sentence in part.problems():
        assert f"alarms, emulator: {html.escape(sentence)}" in text.replace("&#39;", "&#x27;")


def test_the_table_of_the_flex_day_has_every_count():
    table = dict(flex_rows(FLEX))
    assert table["Programmed, steps"] == table["Edges on the pin"] == "800"
    assert table["Programmed, ug"] == table["Delivered, ug"] == "25.000"
    assert table["of it PATIENT, mL"] == "0.010000"
    assert "of it JOG, mL" not in table
    assert table["Worst step, us from its time"] == "-1.000"


def test_the_table_is_exact():
    table = dict(rows([piece(), piece(count=16_000)]))
    assert table["Commanded, steps"] == ["26", "16 000"]
    assert table["Delivered, mL (beaker)"] == ["0.0016250", "1.0000000"]
    assert table["Programmed, mL"] == ["0.0016250", "1.0000000"]
    assert table["Worst interval error, us"] == ["0.000", "0.000"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(Fraction(450_000), "450 000"), (Fraction(225_000, 999), "225 25/111"), (7, "7")],
)
def test_a_fraction_is_shown_as_it_is(number, text):
    assert exact(number) == text
