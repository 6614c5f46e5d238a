# SPDX-License-Identifier: MIT
"""The largest prescriptions there are, on a board with its own memory: two full flex weeks."""

import pytest

from host_tests.support.boards.footprint import most_free
from host_tests.support.sessions.bench import Bench
from host_tests.support.sessions.full_weeks import (
    A_DAY,
    DAYS,
    LEAST_FREE,
    WAIT_S,
    commit,
    free_bytes,
    stage,
)
from pumpbench.analysis import sound
from pumpbench.images.flashfiles import read_files, with_files
from pumpbench.images.image import build_image
from pumpbench.targets.sim import SimTarget

LEAST_AFTER_BOOT = 27_000  # after it was, and a prescription validated, which leaves 9 kB of it
KEPT = 32  # boluses


def run_a_week_and_commit_others(bench, weeks):
    """How many bytes are free afterwards."""
    bench.tell("SYST:TIME 2026-03-02T00:10:00")
    stage(bench, week=0)
    commit(bench)
    assert bench.target.ask("THER:STAR;*OPC?", WAIT_S) == "1"
    for week in weeks:
        stage(bench, week)
        bench.tell("PRES:LIM:DAY 5 MG")
        commit(bench)
    for name in DAYS:
        day = bench.target.ask(f"PRES:FLEX:ACT? {name}", WAIT_S).split(",")
        assert len(day) == 2 * A_DAY
    assert bench.ask("SYST:STAT?;ERR?") == 'RUNNING;0,"No error"'
    return free_bytes(bench)


@pytest.mark.emulator
@pytest.mark.hazard("heap-low")
def test_a_board_that_has_booted_has_most_of_its_memory_budget_left(
    emulated_bench, record_property
):
    answer = emulated_bench.ask("PRES:NEW;VAL?;:SYST:HEAL?")  # to validate collects rubbish first
    free = int(answer.rpartition(";")[2].split(",")[0])
    record_property("measured", f"free bytes after boot and a validation: {free}")
    assert free >= LEAST_AFTER_BOOT


@pytest.mark.chip_in_soak
def test_a_full_week_runs_while_another_one_is_staged_and_committed(bench, record_property):
    free = free_bytes(bench), run_a_week_and_commit_others(bench, (1,))
    if bench.target.name == "emulator":
        text = "free bytes after boot, with two full weeks: %d, %d"
        record_property("measured", text % free)
        assert min(free) >= LEAST_FREE


def past_of_many_boluses():
    """The records of a pump that has given all the boluses that it keeps."""
    bench = Bench(SimTarget())
    bench.tell("RES:REF 18 ML")
    bench.prescribe("1 ML/D")
    bench.tell("THER:STAR")
    for _ in range(KEPT):
        bench.tell("BOL:STAR 1 UG,5 S")
        bench.run(8)
    bench.tell("THER:STOP")
    bench.run(10)
    assert bench.ask("BOL:HIST? 32").count("COMPLETED") == KEPT
    files = read_files(bench.target.flash)
    folders = "/data/", "/copy/", "/log/"  # the records know of the log
    return {path: content for path, content in files.items() if path.startswith(folders)}


@pytest.mark.unix_in_soak
@pytest.mark.slow
@pytest.mark.chip_in_soak
@pytest.mark.hazard("heap-low")
def test_full_weeks_one_after_the_other_and_a_full_past_fit_while_an_alarm_sounds(
    power_up, record_property
):
    image = with_files(build_image("RPI_PICO"), past_of_many_boluses())
    bench = Bench(power_up(**{"flash" if power_up.name != "emulator" else "image": image}))
    assert bench.ask("BOL:HIST? 32").count("COMPLETED") == KEPT
    bench.tell("RES:REF 18 ML")
    free = run_a_week_and_commit_others(bench, (1, 2, 3))
    bench.plant.buzzer.clear()
    bench.tell("ALAR:TEST HIGH")
    if bench.target.name == "emulator":
        free = most_free(bench)
    bench.run(3)
    assert len(sound.bursts(sound.tones(bench.plant.buzzer.pulses()))) == 1
    assert bench.ask("SYST:STAT?") == "RUNNING"
    # a chip takes more than a second to commit a week behind 32 boluses, and minutes for all of
    # these lines: it may say so
    shown = bench.ask("ALAR:ACT?").split(",")
    assert set(shown[::4]) <= {"0", "322", "323"}
    if bench.target.name == "emulator":
        text = f"free bytes with two full weeks, a full past and an alarm that sounds: {free}"
        record_property("measured", text)
        assert free >= LEAST_FREE
