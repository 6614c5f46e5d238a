# SPDX-License-Identifier: MIT
"""A board whose records are as large as they can be: how long it boots, what memory is left."""

import pytest

from host_tests.support.boards.footprint import most_free
from host_tests.support.flash.largest import (
    BOLUSES,
    at_the_largest,
    lived,
)
from host_tests.support.sessions.bench import Bench
from host_tests.support.sessions.full_weeks import LEAST_FREE, WAIT_S, free_bytes, stage
from pumpbench.images.flashfiles import read_files, with_files
from pumpbench.images.image import build_image

MOST_BOOT_S = 3.0
LOOK_S = 0.01
FOLDERS = ("/data/", "/copy/", "/log/")


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
    free = most_free(bench) if large.name == "emulator" else free_bytes(bench)
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
    free = most_free(bench) if large.name == "emulator" else free_bytes(bench)
    text = f"a second week validated beside the largest records: {free} B free"
    record_property("measured", text)
    if large.name == "emulator":
        assert free >= LEAST_FREE
