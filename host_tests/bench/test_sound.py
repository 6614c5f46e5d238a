# SPDX-License-Identifier: MIT
"""Pulses as tones and bursts, measured: a burst as the standard wants it, and each rule broken."""

from dataclasses import replace

import pytest

from host_tests.bench.alarm_signals import C4_NS, C5_NS, D4_NS, E4_NS, G4_NS, Signal, tone
from pumpbench.analysis.sound import bursts, tones
from pumpbench.analysis.standard import (
    flashes,
    harmonics,
    lamp_problems,
    measure,
    problems,
    required,
)

PRIORITIES = ("HIGH", "MEDIUM", "LOW")
S_NS = 1_000_000_000


def burst(priority, **changed):
    found = bursts(tones(Signal(priority, **changed).pulses()))
    assert len(found) == 1
    return found[0]


def after(found, seconds):
    """The burst again, to start `seconds` after its end."""
    later_ns = round(found[-1].end_ns + seconds * S_NS) - found[0].start_ns
    return (replace(found[0], start_ns=found[0].start_ns + later_ns),)


def only(found):
    assert len(found) == 1, found
    return found[0]


def test_a_tone_is_measured_at_its_full_level():
    found = only(tones(tone(S_NS, C5_NS, 0.125, 78, 3)))
    assert (found.start_ns, found.end_ns) == (S_NS, S_NS + 78 * C5_NS)
    assert found.first_ns == S_NS - 12 * C5_NS
    assert found.last_ns == S_NS + 89 * C5_NS + round(0.2 * 0.125 * C5_NS)
    assert found.f0_hz == pytest.approx(1e9 / C5_NS, rel=1e-12)
    assert found.duty == pytest.approx(0.125, abs=1e-6)
    assert (found.rise_ns, found.fall_ns) == (12 * C5_NS, 12 * C5_NS)


def test_a_tone_without_ramps_rises_at_once():
    found = only(tones(tone(S_NS, C5_NS, 0.125, 78, 0)))
    assert (found.rise_ns, found.fall_ns, found.duration_ns) == (0, 0, 78 * C5_NS)


def test_a_ramp_below_a_tenth_of_the_level_does_not_count_as_rise():
    loud = tone(S_NS, C5_NS, 0.125, 50, 0)
    faint = [(rise_ns - 5 * C5_NS, 5_000) for rise_ns, _ in loud[:5]]
    found = only(tones([*faint, *loud]))
    assert (found.first_ns, found.rise_ns) == (S_NS - 5 * C5_NS, 0)


def test_harmonics_of_a_square_wave_are_the_odd_ones():
    square = only(tones(tone(S_NS, C5_NS, 0.5, 50, 0)))
    first, second, third, _, fifth = square.harmonics_db(5)
    assert first == pytest.approx(0, abs=1e-6)
    assert second < -60
    assert third == pytest.approx(-9.542, abs=0.001)
    assert fifth == pytest.approx(-13.979, abs=0.001)
    assert harmonics(square) == 2


def test_rises_more_than_20_ms_apart_are_two_tones():
    assert len(tones([(0, 100_000), (20_000_000, 100_000)])) == 1
    assert len(tones([(0, 100_000), (20_000_001, 100_000)])) == 2


def test_a_single_pulse_has_no_frequency():
    click = only(tones([(5, 100_000)]))
    assert (click.first_ns, click.last_ns, click.f0_hz, click.level) == (5, 100_005, 0, 0)
    assert problems((click,), "LOW")


def test_nothing_is_heard_of_pulses_without_width():
    assert tones([(0, 0), (1_000_000, 0)]) == []


def test_bursts_are_a_second_and_a_half_apart():
    close = Signal("LOW", gaps_ms=[1499.9]).pulses()
    assert [len(found) for found in bursts(tones(close))] == [2]
    apart = Signal("LOW", gaps_ms=[1500.0]).pulses()
    assert [len(found) for found in bursts(tones(apart))] == [1, 1]


@pytest.mark.parametrize("priority", PRIORITIES)
def test_a_burst_as_it_should_be_has_no_problems(priority):
    found = burst(priority)
    wait_s = {"HIGH": 2.5, "MEDIUM": 30, "LOW": 16}[priority]
    rows = measure(found, priority, after(found, wait_s))
    assert [row for row in rows if not row.is_within] == []
    assert problems(found, priority, after(found, wait_s)) == []
    assert all(row.margin >= 0 and row.least <= row.greatest for row in rows)


def test_a_reminder_is_one_tone():
    found = burst("LOW", periods_ns=[E4_NS])
    assert problems(found, "LOW") == []
    assert "spacing" not in [row.what for row in measure(found, "LOW")]


def test_rows_say_what_was_measured_and_how_far_it_is_from_its_limit():
    rows = {row.what: row for row in measure(burst("HIGH"), "HIGH")}
    spacing = rows["spacing"]
    assert (spacing.required, spacing.unit, spacing.is_within) == ("50 to 125 ms", "ms", True)
    assert (spacing.least, spacing.greatest, spacing.margin) == (100, 100, 25)
    assert rows["harmonics"].required == "at least 4"
    assert rows["tones of the burst"].required == "10"
    longs = rows["gap after the 3rd and 8th tone, of 2x + td"]
    assert 99 < longs.least == longs.greatest < 101


def test_an_unknown_priority_is_no_priority():
    with pytest.raises(KeyError):
        required("URGENT")


HIGH_GAPS = (100, 100, 350, 100, 500, 100, 100, 350, 100)


def with_gap(index, gap_ms):
    return [gap_ms if i == index else its for i, its in enumerate(HIGH_GAPS)]


BROKEN = [
    ("HIGH", "tones of the burst 9, required 10", {"periods_ns": [C5_NS] * 9}),
    ("MEDIUM", "tones of the burst 2, required 3", {"periods_ns": [C5_NS, D4_NS]}),
    ("LOW", "tones of the burst 3", {"periods_ns": [E4_NS] * 3, "gaps_ms": [200] * 2}),
    ("HIGH", "duration of a tone", {"durations_ms": [210] * 10}),
    ("HIGH", "duration of a tone", {"durations_ms": [70] * 10}),
    ("MEDIUM", "duration of a tone", {"durations_ms": [120] * 3}),
    ("LOW", "duration of a tone", {"durations_ms": [260] * 2}),
    ("HIGH", "spacing 130", {"gaps_ms": [130, 130, 410, 130, 500, 130, 130, 410, 130]}),
    ("MEDIUM", "spacing 120", {"gaps_ms": [120, 120]}),
    ("LOW", "spacing 260", {"gaps_ms": [260]}),
    ("HIGH", "spacing off its mean", {"gaps_ms": with_gap(1, 110)}),
    ("MEDIUM", "spacing off its mean -5.26 to 5.26 %", {"gaps_ms": [180, 200]}),
    ("HIGH", "gap after the 3rd and 8th tone", {"gaps_ms": with_gap(2, 375)}),
    ("HIGH", "gap after the 3rd and 8th tone", {"gaps_ms": with_gap(7, 325)}),
    ("HIGH", "gap after the 5th tone 0.34 s", {"gaps_ms": with_gap(4, 340)}),
    ("HIGH", "gap after the 5th tone 1.31 s", {"gaps_ms": with_gap(4, 1310)}),
    ("HIGH", "rise of its duration", {"ramp_parts": [0.0] * 10}),
    ("MEDIUM", "rise of its duration", {"ramp_parts": [0.5] * 3}),
    ("HIGH", "level beside the loudest", {"duties": [0.125] * 9 + [0.03]}),
    ("LOW", "harmonics 2", {"duties": [0.5, 0.125]}),
    ("MEDIUM", "pitch off the melody", {"periods_ns": [C5_NS, D4_NS, round(G4_NS * 1.011)]}),
    ("MEDIUM", "pitch off the melody", {"periods_ns": [C5_NS, G4_NS, D4_NS]}),
    ("LOW", "pitch off the melody", {"periods_ns": [C4_NS]}),
    ("LOW", "frequency", {"periods_ns": [6_700_000]}),
    ("LOW", "frequency", {"periods_ns": [990_000]}),
]  # fmt: skip


@pytest.mark.parametrize("priority, says, changed", BROKEN)
def test_a_rule_that_is_broken_is_a_problem(priority, says, changed):
    found = problems(burst(priority, **changed), priority)
    assert any(f"{priority}: {says}" in text for text in found), found


@pytest.mark.parametrize(
    "priority, seconds",
    [("HIGH", 2.4), ("HIGH", 15.1), ("MEDIUM", 2.4), ("MEDIUM", 30.1), ("LOW", 14.9)],
)
def test_a_next_burst_too_soon_or_too_late_is_a_problem(priority, seconds):
    found = burst(priority)
    assert f"to the next burst {seconds} s" in only(
        problems(found, priority, after(found, seconds))
    )


def test_a_fall_that_reaches_into_the_next_rise_is_a_problem():
    first, *others = burst("HIGH")
    slow = replace(first, fall_ns=90_000_000)
    assert "silence between fall and rise" in only(problems((slow, *others), "HIGH"))


def test_no_tones_at_all_are_a_problem():
    assert problems((), "HIGH") == ["HIGH: tones of the burst 0, required 10"]


def lamp(frequency_hz, lit, count=5):
    period_ns = S_NS / frequency_hz
    times = [round(n * period_ns) for n in range(count + 1)]
    return [
        change
        for t_ns in times
        for change in ((t_ns, True), (t_ns + round(lit * period_ns), False))
    ]


def test_flashes_are_from_going_on_to_going_on_again():
    found = flashes(lamp(2, 0.25))
    assert [tuple(flash) for flash in found] == [(2, 25)] * 5
    assert flashes([(0, True)]) == []


@pytest.mark.parametrize("priority, frequency_hz", [("HIGH", 2), ("MEDIUM", 0.5)])
def test_a_lamp_that_flashes_as_it_should_has_no_problems(priority, frequency_hz):
    assert lamp_problems(lamp(frequency_hz, 0.5), priority) == []


@pytest.mark.parametrize(
    "priority, changes, says",
    [
        ("HIGH", lamp(1.3, 0.5), "flashes 1.3 Hz, required 1.4 to 2.8 Hz"),
        ("HIGH", lamp(3, 0.5), "flashes 3 Hz"),
        ("MEDIUM", lamp(0.3, 0.5), "flashes 0.3 Hz"),
        ("MEDIUM", lamp(1, 0.5), "flashes 1 Hz"),
        ("HIGH", lamp(2, 0.1), "lit part 10 %, required 20 to 60 %"),
        ("MEDIUM", lamp(0.5, 0.7), "lit part 70 %"),
        ("HIGH", [(0, True)], "whole flashes 0, required at least 1"),
        ("LOW", lamp(1, 0.5, 0), "times the lamp went off 1, required 0"),
        ("LOW", [], "times the lamp went on 0, required 1"),
    ],
)
def test_a_lamp_that_does_not_is_a_problem(priority, changes, says):
    assert f"{priority}: {says}" in only(lamp_problems(changes, priority))


def test_a_lamp_of_low_priority_is_steadily_on():
    assert lamp_problems([(0, True)], "LOW") == []
