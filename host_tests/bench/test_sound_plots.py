# SPDX-License-Identifier: MIT
"""The plot of bursts: in the page's colours, a bar for each tone, a strip for each lamp."""

import re

import pytest

from host_tests.bench.alarm_signals import Signal
from pumpbench.analysis.sound import bursts, tones
from pumpbench.demo.sound_plots import bursts as plot
from pumpbench.demo.sound_plots import lit
from pumpbench.reports import drawing

S_NS = 1_000_000_000


def drawn(priority="HIGH", **options):
    with drawing.look():
        found = bursts(tones(Signal(priority).pulses()))
        return plot(found, title=priority, start_ns=0, end_ns=6 * S_NS, **options)


def bars(svg):
    return len(re.findall(r'id="[^"]*PolyCollection_\d+"', svg))


def test_each_tone_is_a_bar_and_its_ramps():
    svg = drawn()
    assert bars(svg) == 20
    for text in ("C5 523", "D4 294", "G4 392", "seconds", "Hz"):
        assert f">{text}<" in svg


def test_each_lamp_is_a_strip_of_its_own():
    changes = [(S_NS, True), (2 * S_NS, False)]
    svg = drawn(lamps={"lamp_red": changes, "lamp_yellow": []})
    assert "lamp red" in svg
    assert "lamp yellow" in svg
    assert "var(--target)" in svg


def test_it_is_in_the_colours_of_the_page():
    svg = drawn(lamps={"lamp": [(0, True)]})
    assert not [placeholder for placeholder in drawing.COLOURS if placeholder in svg]
    assert "var(--delivered)" in svg
    assert svg.startswith("<svg")
    assert 'id="bursts-of-high-' in svg


@pytest.mark.parametrize("lamps", [None, {"lamp": []}])
def test_nothing_heard_is_drawn_too(lamps):
    with drawing.look():
        assert plot([], title="silence", start_ns=0, end_ns=S_NS, lamps=lamps)


def test_a_lamp_is_lit_within_the_times_of_the_plot_only():
    changes = [(0, True), (2 * S_NS, False), (3 * S_NS, True), (4 * S_NS, False), (5 * S_NS, True)]
    assert lit(changes, S_NS, 7 * S_NS) == [(0, 1), (2, 1), (4, 2)]
    assert lit(changes, 0, S_NS) == [(0, 1)]
    assert lit([], 0, S_NS) == []
