# SPDX-License-Identifier: MIT
"""What was programmed, found again in made-up steps; a step more or less is told."""

from fractions import Fraction

import pytest

from pumpbench.analysis.programmed import (
    LATE_US,
    US_PER_DAY,
    Bolus,
    Course,
    Plan,
    Ramp,
    Window,
    course,
    steps_of,
    volume_nl,
)

pytestmark = pytest.mark.slow

SLOW, FAST = Fraction(3, 1_000_000), Fraction(7, 1_000_000)  # steps a microsecond
MIDNIGHT_US = -6 * 3_600_000_000 + 20_000_000 - 345  # so that 06:00 is 20 s after power-up
START_US = 1_234
RATES = ((0, SLOW), (6 * 3600, FAST))
BOLUS_STEPS = Fraction(100)
BOLUS_US = 5_000_000


def window(t_us, before_us=0, after_us=0):
    return Window(t_us - before_us, t_us + after_us)


def basal():
    change_us = Fraction(MIDNIGHT_US + 6 * 3_600_000_000)
    return [
        Ramp(Fraction(START_US), change_us, SLOW),
        Ramp(change_us, change_us + US_PER_DAY, FAST),
    ]


def bolus_ramp(from_us, to_us=None):
    end_us = from_us + BOLUS_US if to_us is None else to_us
    return Ramp(Fraction(from_us), Fraction(end_us), BOLUS_STEPS / BOLUS_US)


def steps_along(ramps, end_us):
    """The first whole microsecond at which each step is due."""
    due = Course(ramps, [])
    times_us, low_us = [], START_US
    for n in range(1, int(due.due(end_us)) + 1):
        high_us = end_us
        while low_us < high_us:
            middle_us = (low_us + high_us) // 2
            low_us, high_us = (
                (low_us, middle_us) if due.due(middle_us) >= n else (middle_us + 1, high_us)
            )
        times_us.append(Fraction(low_us))
    return times_us


def plan(*boluses):
    return Plan(
        rates=RATES,
        midnight=window(MIDNIGHT_US, 2_000, 3_000),
        started=window(START_US, 25_000, 0),
        boluses=boluses,
    )


def granted(from_us, times_us, **aborted):
    after_steps = sum(t_us <= from_us for t_us in times_us)
    return Bolus(BOLUS_STEPS, BOLUS_US, window(from_us, 1_500_000), after_steps, **aborted)


END_US = 60_000_000
STOPPED = Window(END_US, END_US)


def test_steps_along_a_flex_day_are_as_programmed():
    times_us = steps_along(basal(), END_US)
    found = course(plan(), times_us)
    assert found.problems(times_us, STOPPED) == []
    assert len(times_us) == 59 + 280
    assert max(map(abs, found.lateness_us(times_us))) < 3


def test_a_bolus_is_found_where_it_began_and_is_whole():
    times_us = steps_along([*basal(), bolus_ramp(8_000_100)], END_US)
    found = course(plan(granted(8_000_100, times_us)), times_us)
    assert found.problems(times_us, STOPPED) == []
    assert found.ramps[-1].from_us == pytest.approx(8_000_100, abs=3)
    assert found.due(END_US) - Course(basal(), []).due(END_US) == pytest.approx(100, abs=1e-4)


def test_an_aborted_bolus_is_found_where_it_ended():
    end_us = 40_000_000
    times_us = steps_along([*basal(), bolus_ramp(38_000_000, end_us)], END_US)
    out = sum(t_us <= end_us for t_us in times_us)
    aborted = granted(
        38_000_000, times_us, aborted=window(end_us, 3_000, 3_000), aborted_after=out
    )
    found = course(plan(aborted), times_us)
    assert found.problems(times_us, STOPPED) == []
    assert found.ramps[-1].to_us == pytest.approx(end_us, abs=5)


@pytest.mark.parametrize(("after_us", "is_told"), [(66_000, False), (130_000, True)])
def test_a_step_that_falls_due_while_the_pump_restarts_may_wait_for_that(after_us, is_told):
    end_us = 40_070_000  # a step is due 16 ms later
    times_us = steps_along([*basal(), bolus_ramp(38_000_000, end_us)], END_US)
    out = sum(t_us <= end_us for t_us in times_us)
    assert 10_000 < times_us[out] - end_us < 20_000
    times_us[out] = Fraction(end_us + after_us)
    abort = {"aborted": window(end_us, 3_000, 3_000), "aborted_after": out + 1}
    found = course(plan(granted(38_000_000, times_us, **abort)), times_us)
    problems = found.problems(times_us, STOPPED)
    late = [problem for problem in problems if problem.startswith(f"step {out + 1} came +1139")]
    assert problems == late
    assert len(late) == is_told
    worst = found.worst(times_us)
    assert (abs(worst.late_us) > worst.limit_us) == is_told


def test_the_limit_of_a_step_is_wider_where_the_rate_is_slower():
    times_us = steps_along([*basal(), bolus_ramp(8_000_000)], END_US)
    found = course(plan(granted(8_000_000, times_us)), times_us)
    limits_us = {found.limit_us(t_us) for t_us in times_us}
    assert min(limits_us) == LATE_US
    assert len(limits_us) > 2
    assert {found.limit_us(t) * found.rate(t) for t in times_us} == {LATE_US * found.fastest}
    assert abs(found.worst(times_us).late_us) < 1


@pytest.mark.parametrize("lost", [0, 20, 60, 150, 333])
def test_a_step_that_is_missing_is_told(lost):
    times_us = steps_along([*basal(), bolus_ramp(8_000_000)], END_US)
    bolus = granted(8_000_000, times_us)
    del times_us[lost]
    problems = course(plan(bolus), times_us).problems(times_us, STOPPED)
    assert any("steps came" in problem or "outside" in problem for problem in problems)


@pytest.mark.parametrize("after", [5, 100, 300])
def test_a_step_too_many_is_told(after):
    times_us = steps_along(basal(), END_US)
    times_us.insert(after, times_us[after] - 40_000)
    problems = course(plan(), times_us).problems(times_us, STOPPED)
    assert any("steps came" in problem or "outside" in problem for problem in problems)


def test_a_bolus_that_ends_one_step_short_is_told():
    short_us = 25_000_000 + BOLUS_US - 50_000
    times_us = steps_along([*basal(), bolus_ramp(25_000_000, short_us)], END_US)
    found = course(plan(granted(25_000_000, times_us)), times_us)
    problems = found.problems(times_us, STOPPED)
    assert f"{len(times_us)} steps came, {len(times_us) + 1} were programmed" in problems


def test_a_change_of_rate_at_another_time_of_day_is_told():
    late = [basal()[0]._replace(to_us=basal()[0].to_us + 500_000)]
    late.append(basal()[1]._replace(from_us=late[0].to_us))
    times_us = steps_along(late, END_US)
    (problem,) = course(plan(), times_us).problems(times_us, STOPPED)[:1]
    assert problem.startswith("midnight lies")


def test_a_bolus_that_begins_before_it_was_asked_for_or_after_the_lease_is_told():
    for asked_us in (8_100_000, 5_000_000):
        times_us = steps_along([*basal(), bolus_ramp(8_000_000)], END_US)
        bolus = granted(8_000_000, times_us)._replace(asked=window(asked_us))
        problems = course(plan(bolus), times_us).problems(times_us, STOPPED)
        assert problems[0].startswith("bolus 1, its begin lies")


def test_a_late_step_is_told():
    times_us = steps_along(basal(), END_US)
    times_us[200] += 100
    (problem,) = course(plan(), times_us).problems(times_us, STOPPED)
    assert problem.startswith("step 201 came +100.0 us")


def test_no_step_at_all_is_told():
    assert "no step came" in course(plan(), []).problems([], STOPPED)


def test_the_staircase_names_every_change_of_rate():
    ramps = [*basal(), bolus_ramp(25_000_000)]
    stairs = Course(ramps, []).staircase(Fraction(START_US), Fraction(END_US))
    assert [float(rate * 1_000_000) for _, rate in stairs] == [3, 7, 27, 7]
    assert [t_us for t_us, _ in stairs[2:]] == [25_000_000, 30_000_000]


def test_a_dose_becomes_steps_of_the_reference_pump():
    assert volume_nl(20_000, 500_000) == 40_000
    assert volume_nl(1_000, 300_000) == 3_333
    assert steps_of(40_000, Fraction(125, 2)) == 640
