# SPDX-License-Identifier: MIT
"""The slowest flash of the datasheet, and a slower one: what a host sets never ends a delivery.

A setting is two files. Where both took longer than the least that is queued, and the lease was not
renewed between them, the queue ran dry.
"""

import json
from collections import Counter

import pytest

from host_tests.support.boards.footprint import with_app
from host_tests.support.flash.copies import path_of
from host_tests.support.sessions.bench import Bench, assert_exact
from host_tests.support.sessions.full_weeks import commit, stage
from pump.records.mirrored_records import MirroredRecords
from pumpbench.images.flashfiles import read_files
from pumpbench.targets.sim import SimTarget

PROGRAM_NS = 3_000_000  # a page
SLOWEST_MS = 590  # of an erase: a record takes two, and the queue is sure for 1.2 s


@pytest.mark.hazard("flash-write-delays-step")
@pytest.mark.parametrize("rate", ["24 ML/D", "100 ML/HR", "1000 ML/HR"])
@pytest.mark.parametrize("pause_s", [0.0, 0.17, 0.6])
@pytest.mark.parametrize("erase_ms", [400, SLOWEST_MS])
def test_settings_at_any_time_end_no_delivery(rate, pause_s, erase_ms):
    bench = Bench(SimTarget())
    bench.tell("RES:REF 18 ML")
    bench.prescribe(rate)
    bench.run(1)
    bench.mark()
    flash = bench.target.world.flash
    bench.tell("THER:STAR")
    bench.run(1)
    flash.erase_ns, flash.program_ns = erase_ms * 1_000_000, PROGRAM_NS
    for n in range(12):
        bench.target.write(f"RES:LOW 1.{n:02d} ML;:ALAR:STOP {n + 2} D;*IDN?\n".encode())
        bench.run(pause_s)
    bench.drain()
    bench.run(1)
    assert bench.ask("SYST:STAT?;ERR?") == 'RUNNING;0,"No error"'
    bench.stop()
    assert_exact(bench, rate)


@pytest.fixture(scope="module")
def after_many_doses():
    """A flash whose records of past and day are as long as on a day full of doses."""
    bench = Bench(SimTarget(has_slow_flash=False))
    bench.tell("RES:REF 18 ML")
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    bench.run(3)
    for number in range(70):
        bench.tell(f"BOL:STAR {10 + number % 7}.{number:03d} UG,5.{number:03d} S")
        bench.run(7)
    bench.tell("THER:STOP")
    bench.run(5)
    files = read_files(bench.target.flash)
    assert min(len(files[path_of(key, 0)]) for key in ("past", "day")) > 900
    return bench.target.flash


@pytest.mark.slow
@pytest.mark.hazard("flash-write-delays-step")
@pytest.mark.parametrize("erase_ms", [45, 300, 400])
def test_doses_that_end_at_any_time_end_no_delivery(erase_ms, after_many_doses, record_property):
    """Both copies of past and day are written when they end, and the blocks of their folders."""
    bench = Bench(SimTarget(flash=after_many_doses))
    flash = bench.target.world.flash
    flash.erase_ns, flash.program_ns = erase_ms * 1_000_000, PROGRAM_NS
    bench.tell("THER:STAR")
    bench.run(3)
    for number in range(40):
        bench.tell(f"BOL:STAR 10.{number:03d} UG,5.{number:03d} S")
        bench.run(9 + 0.037 * number)
        bench.tell("BOL:STAR 10 UG,10 S")
        bench.run(2 + 0.05 * number)
        bench.tell("BOL:ABOR")
        bench.run(4)
        assert bench.ask("SYST:STAT?;:ALAR:ACT?") == 'RUNNING;0,"None"'
    longest_ms = float(bench.ask("SYST:HEAL?").split(",")[1])
    record_property("measured", f"erases of {erase_ms} ms: longest cycle {longest_ms:.0f} ms")


@pytest.mark.slow
@pytest.mark.hazard("flash-write-delays-step")
def test_full_weeks_that_are_committed_again_and_again_end_no_delivery(record_property):
    """What was active before grows with each of them."""
    bench = Bench(SimTarget())
    bench.tell("SYST:TIME 2026-03-02T00:10:00;:RES:REF 18 ML")
    stage(bench, week=0)
    commit(bench)
    bench.tell("THER:STAR")
    bench.run(5)
    flash = bench.target.world.flash
    flash.erase_ns, flash.program_ns = 400_000_000, PROGRAM_NS
    for number in range(12):
        stage(bench, week=number % 2)
        bench.run(7 + 0.37 * number)
        commit(bench)
        assert bench.ask("SYST:STAT?") == "RUNNING"
        bench.run(20)
    longest_ms = float(bench.ask("SYST:HEAL?").split(",")[1])
    record_property("measured", f"12 full weeks committed: longest cycle {longest_ms:.0f} ms")


@pytest.mark.slow
@pytest.mark.hazard("flash-write-delays-step")
def test_no_copy_of_past_or_day_is_written_while_a_reservation_is_about_to_end(monkeypatch):
    """Behind a write of 1.3 s the queue has no time for another record."""
    saving, left = MirroredRecords.saving, []
    bench, app = with_app(lambda: Bench(SimTarget()))
    bench.prescribe("3 ML/HR")
    bench.tell("THER:STAR")
    journal = app.journal

    def watched(twins, key, value):
        if key in ("past", "day") and twins is journal._twins:
            left.append((journal._allowed - journal._commanded) / journal._steps)
        yield from saving(twins, key, value)

    monkeypatch.setattr(MirroredRecords, "saving", watched)
    for number in range(60):
        bench.tell(f"BOL:STAR 2 UG,{5 + 0.05 * number:.2f} S")
        bench.run(11)
    assert len(left) > 60
    assert min(left) > 2


@pytest.mark.slow
@pytest.mark.hazard("record-damaged")
def test_what_changes_between_the_two_copies_of_a_record_is_in_neither(monkeypatch):
    """Commands, doses and steps come between them: a copy is what its checksum was made of."""
    saving, changed, waited, infusions = MirroredRecords.saving, [], Counter(), []

    def watched(twins, key, value):
        before = json.dumps(value)
        for _ in saving(twins, key, value):
            yield
            for infusion in infusions:
                infusion._note_day()  # as it does every two seconds
            waited[key] += 1
            if json.dumps(value) != before:
                changed.append((key, before, json.dumps(value)))

    monkeypatch.setattr(MirroredRecords, "saving", watched)
    bench, app = with_app(lambda: Bench(SimTarget()))
    bench.prescribe("100 ML/HR")
    bench.tell("THER:STAR")
    bench.run(3)
    infusions.append(app.orders.infusion)
    flash = bench.target.world.flash
    flash.erase_ns, flash.program_ns = 300_000_000, 25_000_000  # so that much comes between them
    for number in range(40):
        bench.tell(f"BOL:STAR 2.{number:03d} UG,{5 + number % 3} S")
        for pause_s in (0.3, 1.7, 3.1, 4.9):
            bench.target.write(
                f"RES:LOW 1.{number:02d} ML;:ALAR:STOP {1 + number % 29} D\n".encode()
            )
            bench.run(pause_s)
    assert changed == []
    assert waited["past"] > 30
    assert waited["day"] > 30
    assert waited["setup"] > 30
