# SPDX-License-Identifier: MIT
"""The one way down on a board: whatever goes wrong, the steps stop, the driver is released."""

import pytest

from host_tests.support.sessions.bench import HOARD, Bench, main_with_task

# A task to which something happens once so many steps are out, at 4444 a second: after a second,
# when all that a start has to write is written.
STEPS = 5000
MOST_LATER = 300  # 68 ms: it is polled every 20 ms, between cycles of the firmware
DYING = """
def extra(now_us):
    if app.engine.emitted() > 5000:
        {misfortune}
    return now_us + 20_000
"""

MISFORTUNES = {
    "raise ValueError('x')": ("201", "Task died;extra: ValueError"),
    "1 / 0": ("201", "Task died;extra: ZeroDivisionError"),
    "raise MemoryError()": ("201", "Task died;extra: MemoryError"),
    "raise Fault(203, 'by hand')": ("203", "Witness disagrees;by hand"),
}


@pytest.mark.chip_in_soak
@pytest.mark.hazard("exception-in-task")
@pytest.mark.parametrize("misfortune", MISFORTUNES)
def test_a_task_that_dies_stops_the_steps_releases_the_driver_and_names_the_fault(
    power_up, misfortune
):
    number, text = MISFORTUNES[misfortune]
    bench = Bench(power_up(main=main_with_task(DYING.format(misfortune=misfortune))))
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.run(2.0)
    edges = bench.plant.edges.count
    assert STEPS < edges < STEPS + MOST_LATER
    assert bench.target.pin("enable").level == 1
    assert bench.ask("SYST:STAT?;ERR?").startswith(f'FAULT;{number},"{text}')
    assert bench.ask("*TST?") == number
    bench.run(1.0)
    assert bench.plant.edges.count == edges
    steps = bench.steps()
    assert steps.commanded == steps.emitted == steps.witness == edges


@pytest.mark.chip_in_soak
@pytest.mark.hazard("step-lost-or-extra")
def test_a_step_pin_that_no_longer_follows_the_engine_is_found_by_the_witness(power_up):
    taken = "machine.Pin(2, machine.Pin.OUT, value=0)"
    bench = Bench(power_up(main=main_with_task(DYING.format(misfortune=taken))))
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.run(2.5)
    assert bench.ask("SYST:STAT?") == "FAULT"
    assert bench.ask("SYST:ERR?").startswith("203,")
    steps = bench.steps()
    assert steps.witness == bench.plant.edges.count < steps.emitted


def test_the_stop_button_held_at_power_up_leaves_the_board_at_the_repl(power_up):
    target = power_up()
    target.pin("stop_button").drive(0)
    target.run(1.0)
    target.write(b"\r\n1+1\r\n")
    target.run(0.3)
    assert b"ITB-Pump" not in target.output
    assert target.pin("enable").level == 1
    if target.name == "emulator":
        assert b"\r\n2\r\n" in target.output
    else:
        assert target.ended is not None and target.ended.error is None


@pytest.mark.chip_in_soak
@pytest.mark.hazard("heap-low")
def test_a_heap_that_is_full_for_good_stops_the_steps_and_releases_the_driver(power_up):
    bench = Bench(power_up(main=main_with_task(HOARD)))
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.run(4.0)
    edges = bench.plant.edges.count
    assert STEPS < edges < 2 * STEPS
    assert bench.target.pin("enable").level == 1
    bench.run(1.0)
    assert bench.plant.edges.count == edges
