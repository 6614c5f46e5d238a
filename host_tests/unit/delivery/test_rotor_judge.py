# SPDX-License-Identifier: MIT
"""The rotor judge: no healthy rotor is ever blamed; every fault is found within its volume."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.delivery.rotor import FAULTY, OVERRAN, RECOVERED, SLIPPED, STALLED, RotorJudge

DISTANCE = 400


class Head:
    """A judge, and counts for it. The rotor does `pct` per cent of the steps."""

    def __init__(self, phase=100, distance=DISTANCE):
        self.judge = RotorJudge(distance)
        self.distance = distance
        self.steps = self.found_at = 0
        self.turned = 100 * phase  # hundredths of a step, from some pulse on
        self.pulses = 0
        self.pct = 100
        self.edges = 1
        self.is_plugged = True

    def turn(self, steps, commanded=True):
        """Steps without a look; those that nobody commanded turn the rotor alone."""
        before = self.turned * self.edges // (100 * self.distance)
        self.turned += steps * (self.pct if commanded else 100)
        self.steps += steps if commanded else 0
        if self.is_plugged:
            self.pulses += self.turned * self.edges // (100 * self.distance) - before

    def look(self):
        return self.judge.look(self.steps, self.pulses)

    def until(self, most, stride=7):
        """The first finding within `most` steps, and the steps that it took; None: nothing."""
        begin = self.steps
        while self.steps - begin < most:
            self.turn(stride)
            found = self.look()
            if found is not None:
                return found, self.steps - begin
        return None, most

    def stop(self):
        self.judge.stopped(self.steps, self.pulses)


def healthy(phase=100, steps=20 * DISTANCE):
    """A head whose rotor has followed for a while."""
    head = Head(phase)
    assert head.until(steps) == (None, steps)
    return head


def flags(judge):
    return judge.is_stalled, judge.is_slipping, judge.is_over, judge.is_faulty


@given(
    st.sampled_from((8, 50, 400, 3200)),
    st.integers(0, 3199),
    st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 30), st.integers(0, 3)), max_size=80),
)
def test_a_healthy_rotor_is_never_blamed(distance, phase, looks):
    """Whatever comes between two looks, while pulses are read, and where a delivery ends."""
    head = Head(phase % distance, distance)
    for steps, ahead, rests in looks:
        head.turn(steps)
        begin = head.steps
        head.turn(ahead // 2)
        pulses = head.pulses
        head.turn(ahead - ahead // 2)
        assert head.judge.look(begin, pulses, head.steps - begin) is None
        for _ in range(rests):
            assert head.look() is None
    assert flags(head.judge) == (False,) * 4
    assert head.judge.missed_steps == 0


@given(st.integers(0, 399), st.integers(0, 30), st.integers(1, 400))
def test_a_pulse_that_lags_behind_by_a_look_is_no_fault(phase, lag, stride):
    """Also when the motor stands meanwhile: the last pulse comes at rest."""
    head = Head(phase)
    for n in range(60):
        pulses = head.pulses
        head.turn(stride if n % 3 else lag)
        assert head.judge.look(head.steps, pulses) is None
        assert head.look() is None


@pytest.mark.slow
@given(st.integers(0, 399), st.integers(1, 100), st.integers(0, 399))
def test_a_stall_is_found_within_two_distances_and_a_look(phase, stride, more):
    head = healthy(phase, 20 * DISTANCE + more)
    head.pct = 0
    found, steps = head.until(5 * DISTANCE, stride)
    assert found == STALLED
    assert steps <= 2 * DISTANCE + stride
    head.stop()
    assert steps <= head.judge.missed_steps <= steps + DISTANCE + 7


def test_a_stall_that_goes_on_after_a_restart_is_found_again():
    head = healthy()
    head.pct = 0
    for stalls in (1, 2, 3):
        assert head.until(5 * DISTANCE)[0] == STALLED
        head.stop()
        assert head.look() is None
        assert head.judge.is_stalled
        missed = head.judge.missed_steps
        assert missed > 2 * stalls * DISTANCE
        head.turn(1)
        assert head.look() is None
        assert not head.judge.is_stalled  # the alarm is free to come again


@pytest.mark.slow
@given(st.integers(0, 399), st.integers(0, 399))
def test_a_rotor_that_is_free_again_has_recovered_with_its_first_pulse(phase, more):
    head = healthy(phase, 20 * DISTANCE + more)
    head.pct = 0
    head.until(5 * DISTANCE)
    head.stop()
    missed, head.pct = head.judge.missed_steps, 100
    found, steps = head.until(DISTANCE + 7)
    assert found == RECOVERED
    assert steps <= DISTANCE + 7
    assert head.until(100 * DISTANCE)[0] is None
    assert head.judge.missed_steps == missed
    assert flags(head.judge) == (False,) * 4


FOUND_PCT = (  # per cent of the steps, finding, within so many distances
    (0, STALLED, 3),
    (40, STALLED, 5),
    (60, SLIPPED, 14),
    (80, SLIPPED, 25),
    (85, SLIPPED, 40),
    (88, SLIPPED, 120),
    (112, OVERRAN, 120),
    (115, OVERRAN, 40),
    (120, OVERRAN, 30),
    (200, OVERRAN, 10),
)


@pytest.mark.parametrize(("pct", "finding", "distances"), FOUND_PCT)
def test_a_rotor_that_does_too_little_or_too_much(pct, finding, distances, record_property):
    worst = 0
    for phase in range(0, 400, 23):
        head = healthy(phase, 20 * DISTANCE + 13 * phase)
        head.pct = pct
        found, steps = head.until(distances * DISTANCE)
        assert found == finding, phase
        worst = max(worst, steps)
    record_property("measured", f"rotor at {pct} %: found within {worst / DISTANCE:.1f} pulses")


@pytest.mark.slow
@pytest.mark.parametrize("stride", [7, 190, 800])
@pytest.mark.parametrize("pct", [91, 95, 105, 109])
def test_a_rotor_within_a_tenth_is_not_blamed(pct, stride):
    for phase in range(0, 400, 57):
        head = healthy(phase)
        head.pct = pct
        assert head.until(500 * DISTANCE, stride)[0] is None


def test_what_a_slip_missed_is_counted_on_and_a_rotor_that_grips_again_ends_it():
    head = healthy()
    head.pct = 50
    begin = head.steps
    assert head.until(20 * DISTANCE)[0] == SLIPPED
    assert head.until(20 * DISTANCE)[0] == SLIPPED
    half = (head.steps - begin) // 2
    assert abs(head.judge.missed_steps - half) <= 3 * DISTANCE
    assert head.judge.is_slipping
    head.pct = 100
    assert head.until(40 * DISTANCE)[0] in (None, SLIPPED)  # the rest of a window
    assert head.until(40 * DISTANCE)[0] is None
    assert not head.judge.is_slipping


@pytest.mark.slow
@given(st.integers(0, 399), st.integers(0, 399))
def test_a_rotor_that_turns_by_itself_at_rest_is_found_at_the_second_pulse(phase, more):
    head = healthy(phase, 20 * DISTANCE + more)
    head.look()
    before = head.turned
    found = None
    while found is None:
        head.turn(10, commanded=False)
        found = head.look()
    assert found == OVERRAN
    assert head.turned - before <= 100 * (2 * DISTANCE + 10)
    head.stop()
    head.turn(3 * DISTANCE, commanded=False)
    assert head.look() is None  # told once
    assert head.judge.is_over


def test_a_rotor_that_turns_by_itself_while_it_is_driven_slowly_is_found():
    head = healthy()
    extra, found = 0, None
    while found is None:
        head.turn(1)
        head.turn(50, commanded=False)
        extra += 50
        found = head.look()
    assert found == OVERRAN
    assert extra <= 13 * DISTANCE
    head = healthy()
    head.turn(1)
    head.look()
    head.turn(5 * DISTANCE, commanded=False)  # between two looks
    head.turn(1)
    assert head.look() == OVERRAN


@pytest.mark.slow
@given(st.integers(0, 399), st.integers(1, 400))
def test_a_sensor_without_one_pulse_since_power_up_is_faulty_and_no_stall(phase, stride):
    head = Head(phase)
    head.is_plugged = False
    found, steps = head.until(20 * DISTANCE, stride)
    assert found == FAULTY
    assert steps <= 3 * DISTANCE + stride
    assert head.until(20 * DISTANCE, stride)[0] is None  # told once
    assert flags(head.judge) == (False, False, False, True)
    head.is_plugged = True
    assert head.until(30 * DISTANCE)[0] is None
    assert flags(head.judge) == (False,) * 4
    head.pct = 0
    assert head.until(5 * DISTANCE)[0] == STALLED


@pytest.mark.parametrize("edges", [2, 3, 4])
@pytest.mark.parametrize("phase", [0, 1, 199, 399])
def test_a_sensor_that_counts_double_is_faulty_and_no_over_infusion(edges, phase):
    head = Head(phase)
    head.edges = edges
    found, steps = head.until(20 * DISTANCE)
    assert found == FAULTY
    assert steps <= 10 * DISTANCE + 7
    assert head.until(50 * DISTANCE)[0] is None
    head.pct = 0
    assert head.until(5 * DISTANCE)[0] == STALLED  # a stall is seen all the same


@given(st.integers(0, 399))
def test_a_rotor_that_ran_well_and_then_twice_as_fast_is_no_sensor_that_counts_double(phase):
    head = healthy(phase, 3 * DISTANCE)
    head.edges, head.turned = 2, head.turned % (100 * DISTANCE)
    assert head.until(12 * DISTANCE)[0] == OVERRAN


def test_a_sensor_that_dies_in_mid_delivery_is_a_stall():
    head = healthy()
    head.is_plugged = False
    found, steps = head.until(5 * DISTANCE)
    assert (found, steps <= 2 * DISTANCE + 7) == (STALLED, True)
