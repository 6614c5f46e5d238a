# SPDX-License-Identifier: MIT
"""Short therapies at the console, judged by the oracle of the random ones: where it went wrong."""

import pytest

from host_tests.support.oracle.content import MINUTE_US, Prescription, Rate
from host_tests.support.oracle.verdict import HOUR_US
from host_tests.support.sessions.desk import Desk

S_US = 1_000_000
SATURDAY_S = 7 * 86_400  # 2000-01-08


def running(mode, **more):
    """A desk whose pump runs at 1 mL a day of 500 ug/mL, or what else is given."""
    p = Prescription()
    p.ng_ml, p.mode, p.rate = 500_000, mode, Rate(1_000_000, False)
    vars(p).update(more)
    desk = Desk(print)
    desk.set_clock(SATURDAY_S)
    desk.prescribe(p)
    desk.start()
    return desk


def judge(desk, us=1):
    desk.session.wait(us)
    desk.calm()
    desk.checks.states_and_counts()
    desk.checks.history()
    desk.checks.motor()
    desk.checks.limits()


@pytest.mark.slow
@pytest.mark.parametrize("step_s", [3600, -3600, 86_400, -86_400, 366 * 86_400])
def test_a_clock_moved_during_a_bolus_neither_repeats_nor_cuts_nor_shifts_it(step_s):
    desk = running("FLEX", flex=[("ALL", 6 * 60, 0, Rate(3_000_000, False))])
    desk.bolus(20_000, 5 * MINUTE_US)
    for us in (10 * S_US, 60 * S_US, 90 * S_US):
        desk.session.wait(us)
        desk.move_clock(step_s)
        judge(desk)
    judge(desk, 10 * MINUTE_US)
    assert [record.outcome for record in desk.model.records] == ["COMPLETED"]


@pytest.mark.slow
def test_periodic_doses_stay_on_their_grid_whatever_is_committed_again_or_stopped():
    desk = running("PERIODIC", periodic=(5_000, 20 * S_US, 5 * MINUTE_US))
    for us in (100 * S_US, 230 * S_US, 400 * S_US):
        desk.session.wait(us)
        desk.titrate(1)
        judge(desk, 3 * MINUTE_US)
        desk.stop()
        desk.session.wait(us)
        desk.start()
        judge(desk, 6 * MINUTE_US)
        desk.move_clock(HOUR_US // S_US)
    judge(desk, 20 * MINUTE_US)
    assert sum(r.dose.cut.low > r.dose.end.high for r in desk.model.doses) > 5


@pytest.mark.slow
def test_a_dose_that_is_aborted_or_stopped_is_over_and_the_next_one_is_on_time():
    desk = running("PERIODIC", periodic=(5_000, 60 * S_US, 5 * MINUTE_US))
    for cut_short in (lambda: desk.abort("BOL:ABOR"), desk.stop):
        desk.session.wait(desk.model.events(desk.now_us)[0] - desk.now_us + 30 * S_US)
        cut_short()
        judge(desk, 5 * S_US)
        if desk.model.state == "STOPPED":
            desk.start()
        judge(desk, 12 * MINUTE_US)


@pytest.mark.long
def test_two_days_of_patient_boluses_never_exceed_the_day():
    desk = running(
        "SIMPLE",
        patient=(30_000, MINUTE_US),
        lockout_us=3 * HOUR_US,
        maximum=6,
        limit_day_ng=600_000,
    )
    for _ in range(9):
        desk.patient_bolus()
        judge(desk, 3 * HOUR_US + MINUTE_US)
    assert len(desk.model.allowance.starts_us) == 4  # 500 + 3 * 30, and one more a day later
