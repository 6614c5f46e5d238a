# SPDX-License-Identifier: MIT
"""LIMit:DAY: no plan that exceeds it is let through, none that keeps clear of it is refused."""

import json
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tests.support.oracle.day import Sum
from host_tests.support.oracle.window import DAY_US, built, pieces_of
from pump.records.schemas import upgraded
from pump.therapy.cycle import Cycle
from pump.therapy.daily_limit import DailyLimit, Pattern
from pump.therapy.daily_past import DOSES, THERAPY, DailyPast
from pump.therapy.schedule import Constant, Dose, Superimposed

HOUR_US = DAY_US // 24
MINUTE_US = HOUR_US // 60
LOOK_US = 20_000_000  # the past is noted so often: in it, instants are known so well
UNITS_PER_UG = 2000 * 10**6 // 10**6  # nl of 500 ug/ml
NG_ML = 500_000
FG_PER_UG = 10**9

RATES_UG_D = st.integers(1, 2000)
CONSTANTS = RATES_UG_D.map(lambda ug: ("constant", ug * UNITS_PER_UG))


@st.composite
def day_patterns(draw):
    """Up to 48 rates a day."""
    count = draw(st.sampled_from((2, 3, 12, 48)))
    rates = draw(st.lists(RATES_UG_D, min_size=count, max_size=count))
    span_us = DAY_US // count
    pieces = tuple((span_us, ug * UNITS_PER_UG * span_us, 0) for ug in rates)
    return "cycle", pieces, 0


@st.composite
def periodics(draw):
    interval_us = draw(st.integers(5, 900)) * MINUTE_US
    duration_us = draw(st.integers(1, 4)) * MINUTE_US
    rate, dose = draw(RATES_UG_D) * UNITS_PER_UG, draw(st.integers(1, 50)) * UNITS_PER_UG * DAY_US
    rest_us = interval_us - duration_us
    return (
        "cycle",
        ((duration_us, rate * duration_us + dose, dose), (rest_us, rate * rest_us, 0)),
        0,
    )


THERAPIES = st.one_of(CONSTANTS, day_patterns(), periodics())
SPANS_US = st.integers(1, 40 * 60).map(lambda minutes: minutes * MINUTE_US)
RUNS = st.tuples(
    st.sampled_from(("run", "rest", "dose")), SPANS_US, THERAPIES, st.integers(1, 400)
)


class World:
    """What went out, exactly, and a DailyLimit that has noted it."""

    def __init__(self):
        self.now_us = 100 * DAY_US
        self.limit = DailyLimit()
        self.pieces = []  # (from_us, to_us, ng a microsecond)
        self._dosed = [0, 0]
        self._keys = 0

    def live(self, kind, span_us, therapy, dose_ug):
        if kind == "run":
            self._keys += 1
            self.run(span_us, therapy, pattern(therapy, self._keys))
        elif kind == "dose":
            amount = dose_ug * UNITS_PER_UG * DAY_US
            self.deliver(span_us, ("dose", amount, span_us), DOSES)
        else:
            self.deliver(span_us, None, THERAPY)

    def run(self, span_us, therapy, its_pattern):
        """A regular therapy, along the monotonic clock as a day pattern is along the wall's."""
        self.limit.follow(self.now_us, its_pattern)
        self.deliver(span_us, therapy, THERAPY)
        self.limit.stop()

    def deliver(self, span_us, therapy, lane):
        start_us, end_us = self.now_us, self.now_us + span_us
        if therapy is not None:
            self.pieces += shifted(therapy, start_us, end_us)
            schedule = placed(therapy, start_us)
        while self.now_us < end_us:
            before_us = self.now_us
            self.now_us = min(self.now_us + LOOK_US, end_us)
            if therapy is not None:
                units = schedule.due(self.now_us - start_us) - schedule.due(before_us - start_us)
                self._dosed[lane] += units * NG_ML // DAY_US
            self.limit.note(self.now_us, tuple(self._dosed))

    def peak_ng(self, plan, span_us):
        """The most in any 24 h that end from now on: plan is (therapy, span) or None."""
        return Sum(self.pieces + plan).richest(self.now_us, self.now_us + span_us)[0]

    def excess_ng(self, rows, limit_ng, span_us, **known):
        return self.limit.excess_ng(
            rows,
            limit_ng,
            now_us=self.now_us,
            last_us=self.now_us + span_us,
            carry_fg=0,
            step_fg=1,
            **known,
        )

    def reset(self):
        record = json.loads(json.dumps(self.limit.to_record()))
        self.limit = DailyLimit()
        self.limit.from_record(record)
        self._dosed = [0, 0]


def placed(therapy, at_us):
    """A schedule from an instant on; day patterns are placed by the clock."""
    if therapy[0] != "cycle":
        return built(therapy)
    return Cycle(therapy[1], at_us % sum(piece[0] for piece in therapy[1]))


def shifted(therapy, from_us, to_us):
    """What `placed` does, as pieces."""
    if therapy[0] == "cycle":
        length_us = sum(piece[0] for piece in therapy[1])
        therapy = ("cycle", therapy[1], from_us % length_us)
    return [
        (max(a, 0) + from_us, min(b + from_us, to_us), rate * NG_ML / DAY_US / 10**6)
        for a, b, rate in pieces_of(therapy, 0, to_us - from_us)
        if a + from_us < to_us and b > 0
    ]


def pattern(therapy, key):
    span_us = 40 * DAY_US
    pieces = shifted(therapy, 0, span_us)
    richest_ng = Sum(pieces).richest(DAY_US, span_us)[0]
    fastest = max(rate for _, _, rate in pieces) * DAY_US
    return Pattern(key, None, ceil(richest_ng) * 10**6, ceil(fastest * 10**6))


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.lists(RUNS, max_size=5), THERAPIES, st.sampled_from((900, 985, 999, 1001, 1015, 1100)))
def test_a_start_is_refused_if_and_only_if_some_day_would_hold_more(runs, therapy, per_mille):
    world = World()
    for run in runs:
        world.live(*run)
    plan = shifted(therapy, world.now_us, world.now_us + 2 * DAY_US)
    peak_ng = world.peak_ng(plan, DAY_US)
    limit_ng = int(peak_ng * per_mille / 1000)
    rows = ((world.now_us, placed(therapy, world.now_us), NG_ML),)
    answers = [world.excess_ng(rows, limit_ng, 0)]
    world.reset()
    answers.append(world.excess_ng(rows, limit_ng, 0))
    assert answers[0] == answers[1]  # a reset changes nothing
    if limit_ng < peak_ng:
        assert answers[0] > limit_ng
    if per_mille >= 1015:  # a hundredth, and how well the past was noted
        assert not answers[0]


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(
    st.lists(RUNS, max_size=4),
    THERAPIES,
    st.integers(1, 24),
    st.integers(1, 400),
    st.sampled_from((985, 999, 1001, 1015)),
)
def test_a_dose_over_a_therapy_is_refused_if_and_only_if_some_day_would_hold_more(
    runs, therapy, hours, dose_ug, per_mille
):
    world = World()
    for run in runs:
        world.live(*run)
    span_us, amount = hours * HOUR_US, dose_ug * UNITS_PER_UG * DAY_US
    begin_us = world.now_us
    plan = shifted(therapy, begin_us, begin_us + 4 * DAY_US)
    plan += shifted(("dose", amount, span_us), begin_us, begin_us + span_us)
    peak_ng = world.peak_ng(plan, span_us + DAY_US)
    limit_ng = int(peak_ng * per_mille / 1000)
    schedule = Superimposed(Dose(2, amount, span_us), placed(therapy, begin_us))
    excess_ng = world.excess_ng(((begin_us, schedule, NG_ML),), limit_ng, span_us)
    if limit_ng < peak_ng:
        assert excess_ng > limit_ng
    if per_mille >= 1015:
        assert not excess_ng


@settings(deadline=None, max_examples=40)
@given(st.lists(RUNS, max_size=4), THERAPIES, THERAPIES, st.integers(100, 1100))
def test_a_change_is_judged_day_by_day_against_what_goes_on_without_it(
    runs, therapy, other, per_mille
):
    """What is too much anyway is no reason to refuse what lowers it."""
    world = World()
    for run in runs:
        world.live(*run)
    begin_us, end_us = world.now_us, world.now_us + 2 * DAY_US
    with_it = Sum(world.pieces + shifted(therapy, begin_us, end_us))
    without = Sum(world.pieces + shifted(other, begin_us, end_us))
    instants = {*with_it.instants, *without.instants, begin_us + DAY_US}
    instants |= {at_us + DAY_US for at_us in instants}
    instants = [at_us for at_us in instants if begin_us <= at_us <= begin_us + DAY_US]
    limit_ng = int(with_it.richest(begin_us, begin_us + DAY_US)[0] * per_mille / 1000)
    excess_ng = world.excess_ng(
        ((begin_us, placed(therapy, begin_us), NG_ML),),
        limit_ng,
        0,
        instead_of=((begin_us, placed(other, begin_us), NG_ML),),
    )
    more = [(with_it.day(t), with_it.day(t) - without.day(t)) for t in instants]
    if any(day > limit_ng and gain > Fraction(1, 1000) for day, gain in more):
        assert excess_ng > limit_ng
    if all(day * 1015 < limit_ng * 1000 or gain < 0 for day, gain in more):
        assert not excess_ng or any(gain >= 0 for _, gain in more)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(THERAPIES, st.lists(st.tuples(SPANS_US, SPANS_US), min_size=1, max_size=6))
def test_a_therapy_whose_day_is_the_limit_always_starts_again(therapy, spans):
    """Whatever was stopped and started before, and after resets, too."""
    world, same = World(), pattern(therapy, 7)
    for run_us, rest_us in spans:
        rows = ((world.now_us, placed(therapy, world.now_us), NG_ML),)
        assert not world.excess_ng(rows, same.day_fg // 10**6, 0, pattern=same)
        world.run(run_us, therapy, same)
        world.deliver(rest_us, None, THERAPY)
        world.reset()


@pytest.mark.parametrize("before_ug", [100, 400, 479, 480])
def test_a_commit_of_a_therapy_whose_day_is_the_limit_is_not_refused(before_ug):
    """For a day, the old one and the new one share each 24 h."""
    world = World()
    before = ("constant", before_ug * UNITS_PER_UG)
    world.run(30 * HOUR_US, before, pattern(before, 1))
    rows = ((world.now_us, Constant(480 * UNITS_PER_UG), NG_ML),)
    assert not world.excess_ng(rows, 480_000, 0)
    assert world.excess_ng(rows, 479_000, 0) > 479_000


def test_twenty_stops_and_starts_of_a_therapy_near_its_limit_count_what_went_out():
    """400 ug a day of 410: half an hour each, and a minute of rest."""
    world, therapy = World(), ("constant", 400 * UNITS_PER_UG)
    for _ in range(20):
        world.run(30 * MINUTE_US, therapy, pattern(therapy, 1))
        world.deliver(MINUTE_US, None, THERAPY)
        other = ((world.now_us, Constant(405 * UNITS_PER_UG), NG_ML),)
        assert not world.excess_ng(other, 410_000, 0)


def test_boluses_every_five_minutes_for_days_are_known_to_a_hundredth():
    world = World()
    for _ in range(2 * 288):
        world.deliver(MINUTE_US, ("dose", UNITS_PER_UG * DAY_US, MINUTE_US), DOSES)
        world.deliver(4 * MINUTE_US, None, THERAPY)
    dose = Dose(2, 10 * UNITS_PER_UG * DAY_US, MINUTE_US)
    rows = ((world.now_us, dose, NG_ML),)
    assert world.excess_ng(rows, 297_000, MINUTE_US)  # 288 are in, one leaves in 4 minutes
    assert not world.excess_ng(rows, 301_000, MINUTE_US)


def test_a_bolus_of_yesterday_leaves_as_it_went_out():
    world = World()
    world.deliver(10 * MINUTE_US, ("dose", 400 * UNITS_PER_UG * DAY_US, 10 * MINUTE_US), DOSES)
    world.deliver(DAY_US - 12 * MINUTE_US, None, THERAPY)
    dose = Dose(2, 400 * UNITS_PER_UG * DAY_US, 10 * MINUTE_US)
    rows = ((world.now_us, dose, NG_ML),)
    assert world.excess_ng(rows, 450_000, 10 * MINUTE_US) > 450_000  # 80 in the first 2 minutes
    assert not world.excess_ng(rows, 500_000, 10 * MINUTE_US)


def test_what_an_older_firmware_kept_counts_as_just_given():
    bolus = [100 * DAY_US - HOUR_US, 100 * DAY_US - HOUR_US // 2, 300_000]
    day = [[[99 * DAY_US, 99 * DAY_US + HOUR_US, 40_000], bolus], 0]
    world = World()
    world.limit.from_record(upgraded("day", day)[0])
    world.limit.note(world.now_us, (0, 0))
    rows = ((world.now_us, Dose(2, 100 * UNITS_PER_UG * DAY_US, MINUTE_US), NG_ML),)
    assert world.excess_ng(rows, 439_000, MINUTE_US) == 440_000
    assert not world.excess_ng(rows, 440_000, MINUTE_US)
    world.deliver(24 * HOUR_US, None, THERAPY)
    rows = ((world.now_us, Dose(2, 100 * UNITS_PER_UG * DAY_US, MINUTE_US), NG_ML),)
    assert not world.excess_ng(rows, 100_000, MINUTE_US)


def test_after_a_loss_nothing_is_within_any_limit_for_a_day():
    world = World()
    world.limit.assume_worst(world.now_us)
    rows = ((world.now_us, Constant(1), NG_ML),)
    world.reset()
    assert world.excess_ng(rows, 10**11, 0)
    world.deliver(DAY_US, None, THERAPY)
    assert not world.excess_ng(rows, 10**11, 0)


def test_the_same_pattern_by_another_clock_counts_what_the_shift_may_bring():
    """A rich hour that is moved back by ten seconds comes twice within them."""
    hours = tuple(
        (HOUR_US, (2000 if hour == 9 else 10) * UNITS_PER_UG * HOUR_US, 0) for hour in range(24)
    )
    therapy = ("cycle", hours, 0)
    world, same = World(), pattern(therapy, 7)
    first = Pattern(7, 0, same.day_fg, same.rate_fg_d)
    world.run(30 * HOUR_US, therapy, first)
    rows = ((world.now_us, placed(therapy, world.now_us - 10_000_000), NG_ML),)
    moved = Pattern(7, 10_000_000, same.day_fg, same.rate_fg_d)
    limit_ng = same.day_fg // 10**6
    assert not world.excess_ng(rows, limit_ng, 0, pattern=first)
    assert world.excess_ng(rows, limit_ng, 0, pattern=moved)
    assert not world.excess_ng(rows, limit_ng + 2000 * 1000 * 11 // 86_400, 0, pattern=moved)


def test_what_went_out_before_a_change_is_of_the_old_therapy_however_late_it_is_noted():
    """Half a day of 480 ug a day, then 48: noted at the end of the day, all at once."""
    world = World()
    fast, slow = (Pattern(key, None, fg, fg) for key, fg in ((1, 480 * 10**9), (2, 48 * 10**9)))
    world.limit.note(world.now_us, (0, 0))
    world.limit.follow(world.now_us, fast)
    world.limit.follow(world.now_us + DAY_US // 2, slow)
    world.now_us += DAY_US
    world.limit.note(world.now_us, (264 * FG_PER_UG, 0))
    rows = ((world.now_us, Constant(48 * UNITS_PER_UG), NG_ML),)
    assert world.excess_ng(rows, 287_000, 0, pattern=slow) > 287_000
    assert not world.excess_ng(rows, 288_000, 0, pattern=slow)


@pytest.mark.parametrize("lane", [THERAPY, DOSES])
def test_what_remains_of_a_day_that_held_far_more_leaves_as_it_went_out(lane):
    """1 mg, then 10 ug an hour: portions that are large at first are halved as the day empties."""
    past, begin_us = DailyPast(), 100 * DAY_US
    past.add(DOSES, 1000 * FG_PER_UG, begin_us)
    for hour in range(1, 24):
        past.add(lane, 10 * FG_PER_UG, begin_us + hour * HOUR_US)
    coarse_fg = past.portion_fg
    for hours in range(24):
        past.forget(begin_us + DAY_US + hours * HOUR_US + HOUR_US // 2)
        due_fg = 10 * FG_PER_UG * (23 - hours)
        assert due_fg <= past.drug_fg(THERAPY) + past.drug_fg(DOSES) <= due_fg + coarse_fg
    assert past.portion_fg < coarse_fg
    assert past.is_empty()
