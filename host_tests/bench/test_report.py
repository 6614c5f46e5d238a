# SPDX-License-Identifier: MIT
"""The report: one file, nothing fetched, its plots readable, its failures told."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from html.parser import HTMLParser

import pytest

from pumpbench.edges import Edges
from pumpbench.judge import Piece, Steps, curve, deviations, judge
from pumpbench.report import Facts, exact, rows, write_report

STEP_ML = Fraction(1, 16_000)
FACTS = Facts(
    board="RPI_PICO",
    micropython="1.21.0",
    firmware="ITB-Pump,RPI_PICO,0123456789abcdef,0.1.0",
    date=datetime(2030, 1, 2, 3, 4, tzinfo=UTC),
    missing_image="",
    console=[("SYST:ERR?", '0,"No <b>error"', "Refused?")],
)


class Page(HTMLParser):
    """Ids, references, text and the number of each element of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.references, self.open, self.count = [], [], [], {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1
        attributes = dict(attrs)
        self.ids += [attributes["id"]] if "id" in attributes else []
        for name in ("href", "src", "clip-path"):
            if name in attributes:
                self.references.append(attributes[name])


def piece(title="12 ML/D, 12 s", count=26, period_us=450_000, missing=0):
    edges = Edges()
    edges.add(1_000_000, period_us * 1000, count)
    if missing:
        edges.add(edges.last_ns + period_us * 1000 * (missing + 1))
    judged = judge(edges, Fraction(period_us))
    made = edges.count
    return Piece(
        title=title,
        target="sim",
        steps=Steps(made + missing, made + missing, made, 0),
        judgement=judged,
        delivered_ml=made * STEP_ML,
        step_ml=STEP_ML,
        curve=curve(edges, judged),
        deviations=deviations(edges, judged),
    )


def written(folder, facts=FACTS, **fast):
    pieces = [piece(), piece("fast", 5000, 225, **fast), piece("12 ML/D, 24 h", 192_000)]
    return write_report(folder / "new" / "report.html", pieces, facts).read_text()


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """The page about three pieces that are as they should be."""
    return written(tmp_path_factory.mktemp("report"))


def test_the_page_holds_all_it_needs(text):
    page = Page(text)
    assert page.count["svg"] == 5
    assert not {"script", "link", "img", "iframe"} & set(page.count)
    assert "://" not in text
    assert "@import" not in text


def test_the_plots_refer_to_their_own_parts_only(text):
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    targets = {re.sub(r"^url\(#(.*)\)$|^#", r"\1", reference) for reference in page.references}
    assert targets <= set(page.ids)


def test_the_plots_take_the_colours_of_the_page(text):
    plots = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert set(re.findall(r"#[0-9a-f]{6}\b", plots)) <= {"#ffffff"}
    assert "var(--ink)" in plots


def test_it_says_what_ran_and_that_it_is_a_bench_model(text):
    for fact in ("RPI_PICO", "1.21.0", "0.1.0", "2030-01-02"):
        assert fact in text
    assert "A bench model. Never for use on a person." in text
    assert "Pass." in text
    assert "No board was emulated" not in text


def test_answers_of_the_board_are_text_not_markup(text):
    assert "No &lt;b&gt;error" in text


def test_a_missing_step_makes_it_a_failure(tmp_path):
    text = written(tmp_path, missing=1)
    assert "Pass." not in text
    assert "5002 steps commanded, 5002 emitted, 5001 witnessed" in text


def test_a_missing_image_is_told(tmp_path):
    text = written(tmp_path, replace(FACTS, missing_image="Put it there."))
    assert "No board was emulated" in text
    assert "Put it there." in text


def test_a_delivery_without_steps_is_reported_too(tmp_path):
    empty = judge(Edges(), Fraction(225))
    nothing = Piece("none", "sim", Steps(0, 0, 0, 0), empty, Fraction(0), STEP_ML, [(0.0, 0)], [])
    path = write_report(tmp_path / "report.html", [nothing] * 3, FACTS)
    assert "no step arrived" in path.read_text()


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
