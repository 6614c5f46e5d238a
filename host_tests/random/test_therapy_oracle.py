# SPDX-License-Identifier: MIT
"""The therapy oracle against cases worked out by hand: a judge must be right before it judges."""

from fractions import Fraction

import pytest

from host_tests.support.oracle import verdict as verdict
from host_tests.support.oracle.content import DAY_US, MINUTE_US, Prescription, Rate
from host_tests.support.oracle.course import Course, Dose
from host_tests.support.oracle.day import Allowance, Extra, Sum, Window
from host_tests.support.oracle.edges import Edges, day_ng
from host_tests.support.oracle.pump import Span
from host_tests.support.oracle.sources import Constant, Periodic, Week, regular

HOUR_US = 60 * MINUTE_US
S_US = 1_000_000
STEPS_A_SECOND = 5_400_000  # nl a day: 62.5 nl a second, one step


def sharp(t_us):
    return Span(Fraction(t_us), Fraction(t_us))


def prescribed(mode, ml_d, **more):
    p = Prescription()
    p.ng_ml, p.mode, p.rate = 500_000, mode, Rate(int(ml_d * 10**6), False)
    vars(p).update(more)
    return p


def at_a_step_a_second(begin=None):
    course = Course()
    course.follow(begin or sharp(0), Constant(STEPS_A_SECOND, 500_000))
    return course


def test_a_step_on_every_whole_second_is_right_at_a_step_a_second():
    course = at_a_step_a_second()
    course.step(S_US, S_US, 100)
    course.check(100 * S_US + 999_000)
    with pytest.raises(AssertionError, match="100 steps came"):
        course.check(101 * S_US + 10_000)


@pytest.mark.parametrize(("t_us", "what"), [(990_000, "too soon"), (1_010_000, "too late")])
def test_a_step_off_by_a_hundredth_of_an_interval_is_noticed(t_us, what):
    with pytest.raises(AssertionError, match=what):
        at_a_step_a_second().step(t_us, 0, 1)


def test_one_edge_tells_when_a_start_took_effect_and_the_next_must_agree():
    for late_us in (0, 20_000, 35_000):
        course = at_a_step_a_second(Span(Fraction(0), Fraction(35_000)))
        course.step(S_US + late_us, 0, 1)
        course.step(2 * S_US + late_us, 0, 1)
        with pytest.raises(AssertionError):
            course.step(3 * S_US + late_us + 5_000, 0, 1)


def test_a_dose_adds_exactly_its_volume_wherever_in_the_span_it_began():
    course = at_a_step_a_second()
    course.give(Dose("CLINICIAN", 625, 10 * S_US, Span(5 * S_US, 7 * S_US)))
    assert course.due(4 * S_US) == sharp(250)
    assert course.due(8 * S_US) == Span(500 + Fraction(125, 2), 500 + Fraction(375, 2))
    assert course.due(17 * S_US) == sharp(17 * Fraction(125, 2) + 625)


def test_the_first_edges_of_a_dose_tell_when_it_began():
    course = at_a_step_a_second()
    dose = Dose("CLINICIAN", 62_500, 100 * S_US, Span(S_US, 3 * S_US))
    course.give(dose)
    for t_us in (S_US, 2 * S_US, 2_090_909):  # the last: 2.0909 of basal, 0.9091 of the dose
        course.step(t_us, 0, 1)
    assert 2 * S_US - 2_500 < dose.begin.low <= 2 * S_US <= dose.begin.high < 2 * S_US + 2_500
    with pytest.raises(AssertionError, match="too soon"):
        course.step(2_175_000, 0, 1)  # the next one is due 1/11 s later, at 2.1818 s


def test_a_dose_that_is_cut_stops_growing():
    course = at_a_step_a_second()
    course.give(Dose("CLINICIAN", 625, 10 * S_US, sharp(0)))
    course.cut(sharp(5 * S_US))
    assert course.due(20 * S_US) == sharp(20 * Fraction(125, 2) + Fraction(625, 2))


def test_a_change_within_a_span_leaves_what_either_rate_allows():
    course = at_a_step_a_second()
    course.follow(Span(10 * S_US, 12 * S_US), Constant(2 * STEPS_A_SECOND, 500_000))
    assert course.due(20 * S_US) == Span(28 * Fraction(125, 2), 30 * Fraction(125, 2))


def test_a_lost_fraction_is_noticed_after_a_stop():
    course = at_a_step_a_second()
    course.step(S_US, 0, 1)
    course.due(1_500_000)
    course.follow(sharp(1_500_000), Constant(0, 0))
    course.follow(sharp(5 * S_US), Constant(STEPS_A_SECOND, 500_000))
    with pytest.raises(AssertionError, match="too late"):
        course.step(6 * S_US, 0, 1)  # half a step was owed: 5.5 s


def test_a_week_follows_its_steps_and_is_filled_by_the_rate():
    p = prescribed("FLEX", Fraction(1, 2))
    p.flex = [("WD", 360, 600, Rate(2_000_000, False)), ("ALL", 1200, 0, Rate(10**6, False))]
    table = p.minutes()
    assert [table[m] for m in (0, 359, 360, 599, 600, 1199, 1200, 1439)] == [
        500_000, 500_000, 2_000_000, 2_000_000, 500_000, 500_000, 1_000_000, 1_000_000,
    ]  # fmt: skip
    assert table[5 * 1440 + 400] == 500_000  # no window on Saturday
    hours = 10 * (4 * 5) / 5 * Fraction(1, 10)  # 4 h on weekdays
    day_nl = (2_000_000 * 4 + 1_000_000 * 4 + 500_000 * 16) / 24
    assert hours == 4
    assert float(p.richest_ng()) == pytest.approx(day_nl * 0.5)


def test_windows_that_meet_do_not_conflict_and_windows_that_overlap_do():
    p = prescribed("FLEX", 1)
    p.flex = [("MON", 360, 600, p.rate)]
    assert not p.conflicts("ALL", 600, 660)
    assert not p.conflicts("ALL", 300, 360)
    assert not p.conflicts("TUE", 400, 0)
    assert p.conflicts("WD", 400, 0)
    assert p.conflicts("MON", 300, 361)
    assert p.conflicts("MON", 360, 0)
    assert p.conflicts("SUN", 360, 360)


def test_a_week_source_changes_at_the_minute_of_the_wall_clock():
    p = prescribed("FLEX", Fraction(1, 2))
    p.flex = [("MON", 60, 0, Rate(10**6, False))]
    week = Week(p.week(), -59 * MINUTE_US, p.ng_ml)  # it is Monday 00:59
    assert week.pieces(0, 3 * MINUTE_US) == [
        (0, MINUTE_US, Fraction(500_000, DAY_US)),
        (MINUTE_US, 3 * MINUTE_US, Fraction(10**6, DAY_US)),
    ]
    unset = regular(p, monday_us=None, grid=None)
    assert unset.pieces(0, 1)[0][2] == Fraction(500_000, DAY_US)


def test_periodic_doses_lie_on_the_grid_and_not_before_the_start():
    source = Periodic(0, 500_000, (1000, 60 * S_US, HOUR_US), [sharp(0)])
    assert [begin.low for begin, _, _ in source.doses(0, 3 * HOUR_US)] == [HOUR_US, 2 * HOUR_US]
    assert [b.low for b, _, _ in source.doses(HOUR_US, HOUR_US + 1)] == [HOUR_US]
    assert source.doses(HOUR_US + 1, 2 * HOUR_US) == []


def test_the_richest_day_of_doses_begins_with_one():
    p = prescribed("PERIODIC", Fraction(1, 10))
    p.periodic = (25_000, 10 * MINUTE_US, 7 * HOUR_US)  # at 0, 7, 14, 21 h
    assert p.richest_ng() == 50_000 + 4 * 25_000
    p.periodic = (25_000, 4 * HOUR_US, 7 * HOUR_US)  # of the last one 3 h of 4
    assert p.richest_ng() == 50_000 + Fraction(375, 100) * 25_000
    assert p.mean_ng_d() == 50_000 + Fraction(24, 7) * 25_000


def test_the_running_sum_finds_the_richest_day_between_two_pieces():
    sums = Sum([(0, 10, Fraction(1)), (DAY_US - 5, DAY_US + 5, Fraction(2))])
    assert sums.by(5) == 5
    assert sums.by(DAY_US) == 20
    assert sums.day(DAY_US + 5) == 25
    assert sums.richest(0, 2 * DAY_US) == (25, DAY_US + 5)


def test_the_future_basal_counts_against_a_bolus_and_not_only_the_past():
    window = Window()
    window.open(0, Constant(10**6, 500_000))  # 500 ug a day
    hour = 500_000 / Fraction(24)
    assert window.as_given(HOUR_US).day(HOUR_US) == hour
    assert window.peak(HOUR_US) == 500_000
    window.extras.append(Extra(HOUR_US, HOUR_US, 100_000))
    assert window.peak(2 * HOUR_US) == 600_000
    assert window.peak(2 * HOUR_US + DAY_US) == 500_000
    twice = window.planned(HOUR_US, Constant(2 * 10**6, 500_000))
    assert twice.richest(HOUR_US, HOUR_US + DAY_US)[0] == 1_100_000
    given = window.as_given(3 * HOUR_US)
    assert given.day(2 * HOUR_US) == 2 * hour + 100_000


def test_the_patient_waits_for_the_lockout_and_for_the_maximum():
    allowance = Allowance()
    allowance.starts_us = [0, HOUR_US, 2 * HOUR_US]
    assert allowance.wait_us(2 * HOUR_US + 1, HOUR_US, 4) == (HOUR_US - 1, 0)
    assert allowance.wait_us(3 * HOUR_US, HOUR_US, 3) == (0, 21 * HOUR_US)
    assert allowance.wait_us(DAY_US, HOUR_US, 3) == (0, 0)


def test_the_verdicts_know_a_good_prescription_from_bad_ones():
    good = prescribed("SIMPLE", 1, limit_day_ng=600_000)
    assert verdict.is_valid(good) is True
    assert verdict.is_valid(prescribed("SIMPLE", 1, limit_day_ng=499_000)) is False
    assert verdict.is_valid(prescribed("SIMPLE", 1, limit_day_ng=500_000)) is None
    assert verdict.is_valid(prescribed("SIMPLE", Fraction(5, 1000))) is False
    assert verdict.is_valid(prescribed("PERIODIC", 1)) is False
    assert verdict.is_valid(prescribed("SIMPLE", 1, indication="SPINAL")) is False
    baclofen = prescribed("SIMPLE", 1, indication="SPINAL", drug="Baclofen")
    assert verdict.is_valid(baclofen) is True
    found = verdict.soft(baclofen, [(400_000, 400_000)])
    assert [name for name, is_so in found.items() if is_so] == []
    found = verdict.soft(baclofen, [(380_000, 380_000), (650_000, 650_000)])
    assert [name for name, is_so in found.items() if is_so] == ["INCRease", "DECRease"]


def test_the_richest_day_of_edges_is_counted_to_the_step():
    edges = Edges()
    edges.add(0, 0, 1, 10)
    edges.add(HOUR_US, HOUR_US, 23, 10)  # until 23 h
    edges.add(DAY_US + HOUR_US, 0, 1, 50)
    assert edges.before(HOUR_US) == 10
    assert edges.before(3 * HOUR_US + 1) == 40
    assert edges.richest(0, DAY_US) == (240, 0)
    assert edges.richest(0, 3 * DAY_US) == (270, 0)  # the first two have left
    assert edges.richest(2 * DAY_US, 3 * DAY_US)[0] == 0  # no edge adds to any


def test_the_richest_day_of_pieces_lies_where_it_lies():
    pieces = [(0, HOUR_US, 100 / HOUR_US), (DAY_US, DAY_US + HOUR_US, 200 / HOUR_US)]
    assert day_ng(pieces, 0, 3 * DAY_US) == pytest.approx(200)
    assert day_ng([*pieces, (HOUR_US, DAY_US, 0.0)], 0, DAY_US) == pytest.approx(100)
