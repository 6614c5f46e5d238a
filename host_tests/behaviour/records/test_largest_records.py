# SPDX-License-Identifier: MIT
"""A board whose records are as large as they can be: how long it boots, what memory is left."""

import pytest

from host_tests.behaviour.therapy.test_full_weeks import (
    LEAST_FREE,
    WAIT_S,
    commit,
    free_bytes,
    stage,
)
from host_tests.support.flash.copies import value_of, with_value
from host_tests.support.flash.event_logs import file_of
from host_tests.support.sessions.bench import Bench
from pumpbench.images.flashfiles import read_files, with_files
from pumpbench.images.image import build_image
from pumpbench.targets.sim import SimTarget

MOST_BOOT_S = 3.0
LOOK_S = 0.01
BOLUSES, PORTIONS, STARTS, COMMITS = 32, 400, 32, 8
A_PART = 16
EVENTS = 1000  # in a file of the log; the other one is as good as full
YEAR_US = 365 * 86_400_000_000
DAY_NG = 25_000_000  # 25 mg, more than any day of this therapy
LAST_ID = 999_999_999
FOLDERS = ("/data/", "/copy/", "/log/")


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


@pytest.fixture
def large(power_up):
    """A board that has just answered for the first time, with such records."""
    flash = at_the_largest(lived())
    if power_up.name == "emulator":
        files = {path: it for path, it in read_files(flash).items() if path.startswith(FOLDERS)}
        target = power_up(image=with_files(build_image("RPI_PICO"), files))
    else:
        target = power_up(flash=flash)
    target.write(b"*IDN?\n")
    target.run_until(lambda: b"ITB-Pump" in target.output, 2 * MOST_BOOT_S, LOOK_S)
    return target


@pytest.mark.slow
@pytest.mark.unix_in_soak
@pytest.mark.hazard("heap-low")
def test_the_largest_records_are_back_within_three_seconds(large, record_property):
    boot_s = large.now_ns / 1e9
    large.read_line()
    bench = Bench(large)
    assert bench.ask("BOL:HIST? 32;:LOG:COUN?").count("COMPLETED") == BOLUSES
    assert "no mode" in bench.ask("PRES:NEW;VAL?")
    free = free_bytes(bench)
    record_property("measured", f"boot with the largest records: {boot_s:.2f} s; {free} B free")
    if large.name == "emulator":
        assert boot_s <= MOST_BOOT_S
        assert free >= LEAST_FREE


@pytest.mark.slow
@pytest.mark.unix_in_soak
@pytest.mark.chip_in_soak
@pytest.mark.hazard("heap-low")
def test_another_full_week_is_validated_beside_the_largest_records(large, record_property):
    large.read_line()
    bench = Bench(large)
    stage(bench, week=1)
    assert large.ask("PRES:VAL?", WAIT_S).startswith("OK")
    free = free_bytes(bench)
    text = f"a second week validated beside the largest records: {free} B free"
    record_property("measured", text)
    if large.name == "emulator":
        assert free >= LEAST_FREE
