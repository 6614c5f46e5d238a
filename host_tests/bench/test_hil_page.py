# SPDX-License-Identifier: MIT
"""The page of an acceptance: one file, nothing fetched, every reason on it, its data beside it."""

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from pumpbench.hil.checkout import Checkout
from pumpbench.hil.page import Facts, sentence, write_page
from pumpbench.hil.results import Figure, Result

FACTS = Facts(
    target="/dev/ttyACM0",
    identity="ITB-Pump,RPI_PICO,0123456789abcdef,0.1.0",
    firmware="0.1.0",
    image="MicroPython 1.22.0",
    power="uhubctl:1-1/2",
    wires="step pin",
    checkout=Checkout("0123456789ab", True),
    date=datetime(2030, 1, 2, 3, 4, tzinfo=UTC),
)
RESULTS = [
    Result("test_a_stop_stops", 1, "passed", 1.5, [Figure("answered in", 0.1, "s", most=1.0)]),
    Result("test_a_stop_stops", 2, "passed", 1.5, [Figure("answered in", 0.3, "s", most=1.0)]),
    Result("test_it_is_heard", 1, "skipped", 0, reason="no wire <from> the buzzer"),
]
VOID = {"meta", "br"}


class Reader(HTMLParser):
    """The text of a page, its links, and what it would load."""

    def __init__(self, page):
        super().__init__()
        self.text, self.links, self.loaded, self.open = "", {}, [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        attributes = dict(attrs)
        if tag == "a":
            self.links[attributes["href"]] = "download" in attributes
        self.loaded += [value for name, value in attrs if name == "src" or tag == "link"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def page(tmp_path, facts=FACTS, results=RESULTS):
    return write_page(tmp_path / "out" / "report.html", facts, results, "result.jsonl").read_text()


def test_the_page_tells_what_was_accepted_and_with_what(tmp_path):
    text = Reader(page(tmp_path)).text
    for fact in (FACTS.target, FACTS.identity, FACTS.image, FACTS.power, FACTS.wires):
        assert fact in text
    assert "0123456789ab, with changes" in text
    assert "2030-01-02 03:04:00 UTC" in text
    bare = Reader(page(tmp_path, replace(FACTS, checkout=None, identity=""))).text
    assert "no repository" in bare
    assert "nothing answered" in bare


def test_every_test_stands_there_with_its_figure_limit_reason_and_flake_rate(tmp_path):
    text = Reader(page(tmp_path)).text
    assert "A stop stops" in text
    assert "answered in 0.1 to 0.3 s" in text
    assert "at most 1 s" in text
    assert "0 of 2 failed" in text
    assert "not run" in text
    assert "no wire <from> the buzzer" in text
    assert "Pass." in text
    assert "what was skipped has not been accepted" in text


def test_a_failure_is_the_verdict_with_its_reason_and_run(tmp_path):
    late = Result("test_a_stop_stops", 3, "failed", 1.5, reason="1.2 s, limit 1 s")
    text = Reader(page(tmp_path, results=[*RESULTS, late])).text
    assert "A stop stops, run 3: 1.2 s, limit 1 s" in text
    assert "1 of 3 failed" in text
    assert "Pass." not in text


def test_a_run_without_a_test_is_no_pass(tmp_path):
    text = Reader(page(tmp_path, results=[])).text
    assert "No test ran." in text
    assert "Pass." not in text


def test_nothing_is_fetched_and_the_data_can_be_downloaded(tmp_path):
    read = Reader(page(tmp_path))
    assert read.loaded == []
    assert read.links == {"result.jsonl": True}


def test_a_narrow_screen_gets_the_table_as_blocks_that_name_their_columns(tmp_path):
    text = page(tmp_path)
    assert 'name="viewport"' in text
    narrow = text.split("@media (max-width: 40rem)")[1].split("</style>")[0]
    assert "td { display: block" in narrow
    assert "attr(data-name)" in narrow
    assert 'data-name="measured"' in text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("test_a_stop_stops_at_once", "A stop stops at once"),
        ("test_a_rate_is_kept[24]", "A rate is kept: 24"),
    ],
)
def test_a_tests_name_is_read_as_a_sentence(name, text):
    assert sentence(name) == text
