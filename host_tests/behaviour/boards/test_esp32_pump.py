# SPDX-License-Identifier: MIT
"""The pump on the boards of the esp32 port, where Python hands RMT one piece after another."""

from fractions import Fraction
from math import ceil, floor

import pytest

from host_tests.support.sessions.bench import Bench, assert_balanced, main_with_task, period_us
from pump.watchdog import TIMEOUT_MS
from pumpbench.client.pump import Pump
from pumpbench.targets.sim import SimTarget

pytestmark = pytest.mark.slow

BOARDS = ("ESP32_GENERIC_S3", "ESP32_GENERIC")
FASTEST = {"ESP32_GENERIC_S3": "1000 ML/HR", "ESP32_GENERIC": "200 ML/HR"}
WORST_ERASE_NS = 400_000_000
SECONDS = 60  # a record is written in each minute
HANGING = """
import time
def extra(now_us):
    while delivering_us(now_us) > {after_us}:
        {how}
    return now_us + 10_000
"""


@pytest.fixture(params=BOARDS)
def name(request):
    return request.param


def started(name, rate, **options):
    bench = Bench(SimTarget(name, **options))
    bench.prescribe(rate)
    bench.tell("THER:STAR")
    return bench


def latest_us(bench, rate):
    """(how much too early, how much too late) a step was, by the first one."""
    ideal_us = period_us(rate)
    times = [t_ns / 1000 for t_ns in bench.plant.edges.times_ns()]
    late = [float(at - times[0] - n * ideal_us) for n, at in enumerate(times)]
    return -min(late), max(late)


@pytest.mark.parametrize(
    "rate", ["24 ML/D", "20 ML/HR", pytest.param("fastest", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("is_worst", [False, True], ids=["flash", "slowest-flash"])
def test_a_therapy_is_exact_and_catches_up_whatever_flash_takes(name, rate, is_worst, request):
    rate = FASTEST[name] if rate == "fastest" else rate
    bench = started(name, rate)
    if is_worst:
        bench.target.world.flash.erase_ns = WORST_ERASE_NS
    bench.run(SECONDS)
    bench.stop()
    assert bench.ask("SYST:STAT?") == "STOPPED"
    assert_balanced(bench)
    early_us, late_us = latest_us(bench, rate)
    assert early_us < 500
    assert late_us < (1_000_000 if is_worst else 60_000)
    asked = SECONDS * 1_000_000 / period_us(rate)
    assert abs(bench.plant.edges.count - asked) <= asked * 0.001 + 2
    text = f"{name} at {rate}, {'slowest ' if is_worst else ''}flash: late by {late_us:.0f} us"
    request.node.user_properties.append(("measured", text))


@pytest.mark.parametrize("after_ms", [3, 217, 999, 1_801])
def test_a_stop_at_any_instant_leaves_an_account_that_balances(name, after_ms):
    bench = started(name, FASTEST[name])
    for n in range(4):
        bench.run((after_ms + 37 * n) / 1000)
        bench.stop()
        bench.tell("THER:STAR")
    bench.run(after_ms / 1000)
    bench.stop()
    assert_balanced(bench)


def test_boluses_and_a_change_of_rate_over_a_therapy_balance(name):
    bench = started(name, "24 ML/D")
    bench.tell('PRES:NEW;DRUG "baclofen";CONC 500 UG/ML;MODE SIMP;RATE 48 ML/D')
    bench.tell("PRES:PAT:DOSE 200 UG,1 MIN;LOCK 2 MIN;MAX 9")
    verdict, token = bench.ask("PRES:VAL?").split(",")[:2]
    bench.tell(f"PRES:COMM {token}")
    for _ in range(3):
        bench.tell("BOL:PAT")
        bench.run(180)
    bench.stop()
    assert verdict in ("OK", "SOFT")
    assert bench.ask("SYST:STAT?") == "STOPPED"
    assert_balanced(bench)


@pytest.mark.hazard("task-hangs")
def test_steps_end_within_the_lease_when_a_task_hangs(name):
    main = main_with_task(HANGING.format(after_us=1_500_000, how="time.sleep_ms(1)"))
    bench = started(name, FASTEST[name], main=main)
    begin_ns = bench.target.now_ns
    bench.run(20)
    assert bench.target.was_reset_by_watchdog
    last_ns = list(bench.plant.edges.times_ns())[-1]
    assert last_ns - begin_ns < 1_500_000_000 + 2_100_000_000
    assert bench.target.ended.t_ns - begin_ns < 1_600_000_000 + TIMEOUT_MS * 1_000_000
    assert not bench.plant.is_enabled


def test_what_is_out_is_known_to_the_step_after_the_reset_of_a_hang(name):
    main = main_with_task(HANGING.format(after_us=5_000_000, how="time.sleep_ms(1)"))
    bench = started(name, "20 ML/HR", main=main)
    bench.run(20)
    before = bench.target
    out_nl = before.plant.beaker.volume_nl
    assert before.was_reset_by_watchdog
    pump = Pump(SimTarget(name, flash=before.flash, scratch=before.scratch, reset_cause=3))
    assert pump.ask("SYST:STAT?") == "STOPPED"
    assert pump.ask("SYST:RES?") == "WATCHDOG"
    told_nl = [Fraction(text) * 10**6 for text in pump.ask("DEL:INT?").split(",")]
    assert [int(nl) for nl in told_nl] == [floor(out_nl), ceil(out_nl)]


def test_a_wire_that_is_stuck_is_a_fault_before_anything_is_delivered(name):
    target = SimTarget(name)
    target.pin("step").drive(1)
    target.run(3)
    target.write(b"SYST:STAT?\nSYST:ERR?\n")
    target.run(0.5)
    assert target.output.decode().split("\n")[:2] == ["FAULT", '210,"Step engine wrong"']


def test_a_step_that_nobody_ordered_is_a_fault(name):
    bench = started(name, "24 ML/D")
    bench.run(2.05)
    for level in (1, 0):
        bench.target.pin("step").drive(level)
        bench.run(0.001)
    bench.target.pin("step").release()
    bench.run(2)
    assert bench.ask("SYST:STAT?") == "FAULT"
    count = bench.plant.edges.count
    bench.run(5)
    assert bench.plant.edges.count == count


def test_an_alarm_is_heard_while_the_motor_runs_and_costs_no_step(name):
    bench = started(name, "20 ML/HR")
    bench.run(5)  # the burst that the level of the reservoir is not known
    bench.plant.buzzer.clear()
    bench.tell("ALAR:TEST HIGH")
    bench.run(5)
    assert bench.plant.buzzer.count > 500
    bench.stop()
    assert_balanced(bench)


def test_bytes_that_the_uart_of_the_repl_lost_are_told_and_nothing_of_them_is_run():
    bench = Bench(SimTarget("ESP32_GENERIC"))
    bench.prescribe("24 ML/D")
    bench.target.world.flash.erase_ns = WORST_ERASE_NS
    bench.tell("THER:STAR")
    for number in range(20):  # until LittleFS erases a block while they come in
        bench.target.write(f"RES:LOW 1.{number} ML\n".encode() + b"*ESE 1\n" * 200)
        bench.run(3)
        if bench.target.world.console.lost:
            break
    assert bench.target.world.console.lost > 0
    bench.target.write(b"\nSYST:ERR?\n")
    bench.run(1)
    assert bench.target.output.splitlines()[-1].startswith(b"-363")


def test_a_host_that_waits_for_answers_loses_nothing_at_the_uart_of_the_repl():
    bench = Bench(SimTarget("ESP32_GENERIC"))
    for _ in range(20):
        bench.ask("*IDN?;" * 30 + ":SYST:STAT?")
    assert bench.target.world.console.lost == 0
    assert bench.ask("SYST:ERR?").startswith("0,")
