# SPDX-License-Identifier: MIT
"""Steps on the pin: as many as asked for, each when it is due, whatever else the board does."""

import pytest

from host_tests.support.sessions.bench import (
    Bench,
    assert_balanced,
    assert_exact,
    assert_on_time,
    main_with_task,
    period_us,
)

CHURN = """
def extra(now_us):
    junk = [bytearray(100) for _ in range(100)]
    gc.collect()
    with open("churn.bin", "wb") as file:
        file.write(b"".join(junk[:20]))
    return now_us + 100_000
"""


def deliver(bench, rate, seconds):
    bench.prescribe(rate)
    bench.tell("THER:STAR")
    bench.run(seconds)
    bench.stop()


@pytest.mark.chip_in_soak
@pytest.mark.parametrize(
    ("rate", "seconds"),
    [
        ("3 ML/D", 4.0),
        ("24 ML/D", 3.0),
        ("70 ML/D", 2.0),
        ("100 ML/HR", 1.5),
        ("70.123 ML/HR", 1.5),
        ("999.9 ML/HR", 1.2),
        ("1000 ML/HR", 2.0),
    ],
)
def test_every_step_of_a_therapy_is_on_time(bench, rate, seconds):
    deliver(bench, rate, seconds)
    assert bench.plant.edges.count >= int(seconds * 1e6 / period_us(rate)) - 1
    assert_exact(bench, rate)


def test_a_jog_at_20000_steps_a_second_is_exact_for_seconds(bench):
    bench.tell("MOT:JOG 12.5,375")
    bench.run(2.2)
    assert bench.plant.edges.count == 40_000
    assert_balanced(bench)
    assert_on_time(bench.plant.edges, 50)


def run_flooded(bench, seconds):
    """Let time pass with lines for the console to chew on; a chip does so for longer than that."""
    bench.target.write(b"SYST:HEAL?;:FOO\n" * (15 if bench.target.name == "emulator" else 40))
    bench.run(seconds)
    bench.drain()


@pytest.mark.chip_in_soak(but=("1000 ML/HR",))
@pytest.mark.hazard("flash-write-delays-step")
@pytest.mark.parametrize("rate", ["24 ML/D", "1000 ML/HR", "a jog"])
def test_no_step_moves_while_the_heap_churns_files_are_written_and_the_console_is_flooded(
    power_up, rate, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)  # where `sim` writes what the board would
    bench = Bench(power_up(main=main_with_task(CHURN)))
    if rate != "a jog":
        bench.prescribe(rate)
        bench.mark()
        bench.tell("THER:STAR")
        run_flooded(bench, 2.0)
        bench.stop()
        assert_exact(bench, rate)
        return
    bench.mark()
    bench.tell("MOT:JOG 18.75,375")
    run_flooded(bench, 3.2)
    assert bench.plant.edges.count == 60_000
    assert_balanced(bench)
    assert_on_time(bench.plant.edges, 50)


@pytest.mark.chip_in_soak(but=("8", "4097"))
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 8, 9, 255, 256, 257, 4095, 4097])
def test_a_jog_makes_exactly_its_steps(bench, steps):
    bench.tell(f"MOT:JOG {steps / 3200:.7f},375")
    bench.run(0.05 + steps / 20_000)
    assert bench.plant.edges.count == steps
    assert_balanced(bench)
    assert bench.ask("SYST:STAT?") == "STOPPED"


@pytest.mark.chip_in_soak
@pytest.mark.parametrize("steps", [65_535, 65_537])
def test_a_long_jog_makes_exactly_its_steps(bench, steps):
    bench.tell(f"MOT:JOG {steps / 3200:.7f},375")
    bench.run(3.4)
    assert bench.plant.edges.count == steps
    assert_balanced(bench)


@pytest.mark.chip_in_soak
def test_a_jog_of_no_steps_moves_nothing_and_ends(bench):
    bench.tell("MOT:JOG 0,375")
    bench.run(0.1)
    assert bench.plant.edges.count == 0
    assert bench.ask("SYST:STAT?") == "STOPPED"
    assert_balanced(bench)


@pytest.mark.chip_in_soak
def test_a_jog_of_less_than_a_step_is_rounded_down_to_none(bench):
    bench.tell("MOT:JOG 0.0003124,375")
    bench.run(0.1)
    assert bench.plant.edges.count == 0


@pytest.mark.chip_in_soak
@pytest.mark.parametrize("speed", ["0", "375.001", "99999999999"])
def test_a_speed_that_the_motor_cannot_follow_is_out_of_range(bench, speed):
    bench.target.tell(f"MOT:JOG 1,{speed}")
    assert bench.ask("SYST:ERR?").startswith("-222,")
    assert bench.plant.edges.count == 0


@pytest.mark.chip_in_soak
def test_a_slow_jog_waits_more_than_a_word_between_its_steps(bench):
    bench.tell("MOT:JOG 0.000625,0.015")  # 2 steps, 1.25 s apart
    bench.run(2.6)
    assert [round(ns / 1000) for ns, _ in bench.plant.edges.intervals_ns()] == [1_250_000]
    assert_balanced(bench)
