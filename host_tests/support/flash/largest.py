# SPDX-License-Identifier: MIT
"""Flash whose records are as large as they can be."""

from host_tests.support.flash.copies import value_of, with_value
from host_tests.support.flash.event_logs import file_of
from host_tests.support.sessions.bench import Bench
from host_tests.support.sessions.full_weeks import commit, stage
from pumpbench.images.flashfiles import with_files
from pumpbench.targets.sim import SimTarget

BOLUSES, PORTIONS, STARTS, COMMITS = 32, 400, 32, 8
A_PART = 16
EVENTS = 1000  # in a file of the log; the other one is as good as full
YEAR_US = 365 * 86_400_000_000
DAY_NG = 25_000_000  # 25 mg, more than any day of this therapy
LAST_ID = 999_999_999


def lived():
    """The flash of a pump that has stopped while a full week ran."""
    bench = Bench(SimTarget())
    bench.tell("SYST:TIME 2026-03-02T00:10:00")
    stage(bench, week=0)
    commit(bench)
    bench.tell("THER:STAR")
    bench.run(60)
    bench.tell("THER:STOP")
    bench.run(5)
    return bench.target.flash


def at_the_largest(flash):
    """These records a year later, with all the doses, portions, starts and commits they hold."""
    delivery, day = value_of(flash, "delivery"), value_of(flash, "day")
    now_us = delivery[0] = delivery[0] + YEAR_US
    ago_us = [now_us - nth * 200_000_000 for nth in range(BOLUSES, 0, -1)]
    starts = [[at_us, 9] for at_us in ago_us[-STARTS:]]
    doses = [
        [LAST_ID + nth, 2, DAY_NG, at_us, 99_999_999, at_us + 99_999_999, DAY_NG, "COMPLETED"]
        for nth, at_us in enumerate(ago_us)
    ]
    past = [LAST_ID + BOLUSES, [LAST_ID] * 3, starts, doses]
    ticks = [(now_us - 80_000_000_000) // 262_144 << 1] + [1_700] * (PORTIONS - 1)
    parts = [ticks[at : at + A_PART] for at in range(0, PORTIONS, A_PART)]
    day[0][0] = [64_000_000, [31_999_999] * 2, [now_us] * 2, parts]
    totals = [DAY_NG + day for day in range(7)]
    titration = [[totals, totals, now_us - nth] for nth in range(COMMITS)]
    values = {"delivery": delivery, "past": past, "day": day, "titration": titration}
    for key, value in values.items():
        flash = with_value(flash, key, value)
    logs = {"/log/log.0": file_of(1, EVENTS), "/log/log.1": file_of(EVENTS + 1, EVENTS - 2)}
    return with_files(flash, logs)
