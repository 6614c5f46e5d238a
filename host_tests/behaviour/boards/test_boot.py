# SPDX-License-Identifier: MIT
"""The way up: outputs safe first, a button believed when it is sure, an error that is heard."""

import pytest

from host_tests.support.sessions.alarm import with_board
from host_tests.support.sessions.bench import Bench, main_with_task
from pumpbench.analysis import sound
from pumpbench.client.pump import Pump
from pumpbench.images.image import FIRMWARE
from pumpbench.targets.sim import SimTarget

MS_NS = 1_000_000
MAIN = (FIRMWARE / "main.py").read_text()
IMPORT = "        from pump.app import assembled\n"


@pytest.mark.parametrize("rises_ms", [0.5, 5.5, 8, 30])
def test_a_button_line_that_rises_late_is_no_held_button(rises_ms):
    """100 nF of debouncing at the pull-up of the chip take 5 to 8 ms."""
    target = SimTarget()
    line = target.pin("stop_button")
    line.drive(0)
    target.world.at(round(rises_ms * MS_NS), line.release)
    target.run(1)
    assert target.ask("*IDN?").startswith("ITB-Pump")


def test_a_button_that_bounces_at_power_up_is_not_held():
    target = SimTarget()
    line = target.pin("stop_button")
    line.drive(0)
    for ms in range(4, 60, 9):
        target.world.at(ms * MS_NS, line.release)
        target.world.at((ms + 2) * MS_NS, lambda: line.drive(0))
    target.run(1)
    assert target.ask("*IDN?").startswith("ITB-Pump")


@pytest.mark.chip_in_soak(but=("1 / 0",))
@pytest.mark.hazard("exception-in-task")
@pytest.mark.parametrize("error", ["raise MemoryError", "raise ImportError('no pump')", "1 / 0"])
def test_an_error_while_importing_is_heard_and_seen_and_a_later_reset_comes_up(power_up, error):
    assert IMPORT in MAIN
    target = power_up(main=MAIN.replace(IMPORT, f"        {error}\n"))
    target.run(3)
    tones = sound.tones(target.plant.buzzer.pulses())
    assert len(tones) == 1
    assert 0.5e9 < tones[0].last_ns - tones[0].first_ns < 3e9
    assert not target.plant.buzzer.is_on
    assert target.plant.lamps["lamp"].is_on
    assert target.pin("enable").level == 1
    assert b"Error" in target.output
    if target.name != "emulator":
        later = power_up(flash=target.flash)
        assert later.ask("*IDN?").startswith("ITB-Pump")


@pytest.mark.hazard("wrong-board-file")
@pytest.mark.chip_in_soak
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"step": "GP2",', '"step": "GP3",'),
        ('"!GP4"', '"!GP3"'),
    ],
    ids=["step on dir", "enable on dir"],
)
def test_a_board_whose_driver_has_not_three_pins_does_not_run(power_up, old, new):
    target = with_board(power_up, (old, new))
    target.run(3)
    assert b"ValueError: board.py: two of step, dir, enable are one pin" in target.output
    assert b"ITB-Pump" not in target.output
    assert target.plant.lamps["lamp"].is_on
    assert not target.plant.is_enabled
    assert target.plant.edges.count == 0


def test_a_byte_0x03_while_it_boots_does_not_stop_it(power_up):
    target = power_up()
    target.run(0.2)
    for _ in range(8):
        target.write(b"\x03")
        target.run(0.35)
    target.write(b"\n")
    pump = Pump(target)
    target.run(1)
    pump.ask("*CLS;*OPC?")
    assert pump.ask("SYST:STAT?") == "STOPPED"


RESTLESS = """
def full(*_):
    raise MemoryError("memory allocation failed, allocating 24 bytes")

def extra(now_us):
    if delivering_us(now_us) > 1_000_000:
        {what} = full
    return now_us + 100_000
"""


@pytest.mark.hazard("exception-in-task")
@pytest.mark.parametrize("what", ["app.port.has_input", "app.supervisor._rest._idle"])
def test_no_memory_while_it_rests_is_a_fault_that_is_told(what):
    bench = Bench(SimTarget(main=main_with_task(RESTLESS.format(what=what))))
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    bench.run(3)
    edges = bench.plant.edges.count
    bench.run(5)
    assert bench.target.ended is None
    assert bench.plant.edges.count == edges
    assert bench.target.pin("enable").level == 1
    later = SimTarget(flash=bench.target.flash)
    later.run(1)
    count = int(later.ask("LOG:COUN?").split(",")[0])
    assert "FAULT 201" in later.ask(f"LOG:READ? {max(count - 12, 1)},16")
