# SPDX-License-Identifier: MIT
"""A full flash, of files that are none of the pump's: refused or stopped, and nothing lost."""

import pytest

from host_tests.support.errors import NOT_RECORDED
from host_tests.support.flash.full import FILLER, used_up
from host_tests.support.sessions.bench import Bench
from pumpbench.client.lines import PumpError
from pumpbench.images.flashfiles import without_file
from pumpbench.targets.sim import SimTarget

RECORD_FAILED = 205


@pytest.fixture(scope="module")
def whole():
    """The flash of a pump that has delivered, and what it said."""
    bench = Bench(SimTarget())
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    bench.run(20)
    bench.stop()
    bench.run(2)
    return bench.target.flash, bench.ask("DEL:INT?;:PRES:ACT?;:MOT:CAL?")


def boot(flash):
    target = SimTarget(flash=flash)
    target.run(2)
    return target


def number_of(target, line):
    target.ask("*CLS;*OPC?")
    target.tell(line)
    return int(target.ask("SYST:ERR?").split(",")[0])


@pytest.mark.hazard("flash-full")
def test_a_pump_with_a_full_flash_comes_up_stopped_and_knows_all_it_knew(whole):
    flash, known = whole
    target = boot(used_up(flash))
    assert target.ask("SYST:STAT?;ERR?") == 'STOPPED;0,"No error"'
    assert target.ask("DEL:INT?;:PRES:ACT?;:MOT:CAL?") == known


@pytest.mark.slow
@pytest.mark.hazard("flash-full")
def test_a_pump_with_a_full_flash_either_records_what_it_delivers_or_delivers_nothing(whole):
    target = boot(used_up(whole[0]))
    number = number_of(target, "THER:STAR")
    target.run(30)
    number = number or int(target.ask("*TST?"))
    edges = target.plant.edges.count
    assert number in (0, NOT_RECORDED, RECORD_FAILED)
    least, most = (float(ml) for ml in boot(target.flash).ask("DEL:INT?").split(","))
    before = float(whole[1].split(",")[0])
    assert least <= before + edges * 62.5e-6 <= most + 1e-6


@pytest.mark.slow
@pytest.mark.hazard("flash-full")
def test_room_made_again_is_all_that_it_takes(whole):
    flash = boot(used_up(whole[0])).flash
    target = boot(without_file(flash, FILLER))
    assert number_of(target, "THER:STAR") == 0
    target.run(3)
    assert target.plant.edges.count > 0


@pytest.mark.slow
@pytest.mark.hazard("flash-full")
def test_a_week_that_does_not_fit_is_refused_and_the_old_prescription_stays(whole):
    target = boot(used_up(whole[0]))
    bench = Bench(target)
    bench.tell("PRES:NEW;CONC 500 UG/ML;MODE FLEX;RATE 400 UG/D")
    for nth in range(1, 24):
        for day in ("MON", "TUE", "WED", "THU"):
            bench.tell(f"PRES:FLEX:STEP {day},{nth:02d}:00,{400 + nth}.{nth:03d} UG/D")
    token = bench.ask("PRES:VAL?").split(",")[1]
    with pytest.raises(PumpError) as refused:
        bench.tell(f"PRES:COMM {token}")
    assert refused.value.number == NOT_RECORDED
    assert bench.ask("PRES:ACT?").startswith("SIMPLE")
    assert boot(target.flash).ask("PRES:ACT?").startswith("SIMPLE")
