# SPDX-License-Identifier: MIT
"""Virtual time: it passes only where the firmware waits, exactly, and never hangs a test."""

import subprocess
import sys
import time
from itertools import pairwise

import pytest

from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.guard import start_guard
from pumpbench.targets.sim.timeline import SpinError

LOOP = """
import machine, time
t = machine.Timer()
t.init(mode=machine.Timer.PERIODIC, period=250, callback=lambda _: None)
while True:
    machine.idle()
    print(time.ticks_us(), time.ticks_ms())
"""


def lines(target):
    return target.output.decode().split("\r\n")[:-1]


def test_idle_returns_when_the_timer_fires_and_at_no_other_time():
    target = SimTarget(main=LOOP, ticks_us_at_boot=0, ticks_ms_at_boot=0)
    target.run(1.1)
    assert lines(target) == ["250000 250", "500000 500", "750000 750", "1000000 1000"]
    assert target.now_ns == 1_100_000_000


def test_both_tick_counters_wrap_a_few_seconds_after_power_up():
    target = SimTarget(main=LOOP)
    target.run(10)
    us, ms = zip(*(map(int, line.split()) for line in lines(target)), strict=True)
    assert min(us) < 250_000 and max(us) > (1 << 30) - 250_001
    assert min(ms) < 250 and max(ms) > (1 << 30) - 251


def test_ticks_are_subtracted_and_added_across_the_wrap():
    main = """
import time
a = time.ticks_us()
time.sleep_ms(20)
b = time.ticks_us()
print(b < a, time.ticks_diff(b, a), time.ticks_add(a, 20000) == b, time.ticks_diff(a, b))
try:
    time.ticks_add(0, 1 << 29)
except OverflowError:
    print("overflow")
"""
    target = SimTarget(main=main, ticks_us_at_boot=(1 << 30) - 10_000)
    target.run(1)
    assert lines(target) == ["True 20000 True -20000", "overflow"]


def test_sleeps_take_as_long_as_they_say():
    main = """
import time
for sleep, n in ((time.sleep, 1.5), (time.sleep_ms, 7), (time.sleep_us, 13)):
    start = time.ticks_us()
    sleep(n)
    print(time.ticks_diff(time.ticks_us(), start))
"""
    target = SimTarget(main=main)
    target.run(2)
    assert lines(target) == ["1500000", "7000", "13"]


@pytest.mark.parametrize(("speed", "ticks"), [("1.02", 1_020_000), ("0.98", 980_000)])
def test_from_an_instant_on_the_timer_runs_at_another_speed(speed, ticks):
    """Ticks, sleeps and timers go with it; the bench keeps its own time."""
    target = SimTarget(main=LOOP, ticks_us_at_boot=0, ticks_ms_at_boot=0)
    target.run(1)
    target.world.set_timer_speed(speed)
    target.run(50)
    us, ms = zip(*(map(int, line.split()) for line in lines(target)), strict=True)
    assert {b - a for a, b in pairwise(us[5:])} == {250_000}
    assert us[-1] <= 1_000_000 + ticks * 50 < us[-1] + 250_000
    assert ms[-1] == us[-1] // 1000
    assert target.now_ns == 51_000_000_000


def test_a_sleep_on_a_timer_that_is_too_fast_is_too_short_and_ends_when_its_ticks_say():
    main = """
import time
start = time.ticks_us()
time.sleep_us(1_020_000)
print(time.ticks_diff(time.ticks_us(), start))
"""
    target = SimTarget(main=main)
    target.world.set_timer_speed("1.02")
    target.run(1)
    assert lines(target) == ["1020000"]


def test_a_firmware_that_only_reads_the_time_fails_the_test():
    target = SimTarget(main="import time\nwhile True: time.ticks_ms()")
    with pytest.raises(SpinError, match="no time passed"):
        target.run(1)
    with pytest.raises(SpinError):
        target.run(1)


def test_a_firmware_that_only_computes_fails_the_test():
    target = SimTarget(main="while True: pass")
    start_guard(look_s=0.05)
    try:
        with pytest.raises(SpinError, match="computed for seconds"):
            target.run(1)
    finally:
        start_guard()


def test_a_process_that_ends_is_not_killed_by_the_guard():
    script = "from pumpbench.targets.sim.guard import start_guard; start_guard(look_s=0.000_1)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_an_idle_board_passes_a_year_at_once():
    target = SimTarget(main="import machine\nwhile True: machine.idle()")
    target.run(365 * 86_400)
    assert target.now_ns == 365 * 86_400 * 10**9


def test_a_main_that_returns_leaves_the_board_at_the_repl_and_time_passes():
    target = SimTarget(main="print('done')")
    target.run(1)
    assert target.ended.error is None
    target.run(1)
    assert target.now_ns == 2_000_000_000


def test_a_main_that_raises_is_remembered_and_printed():
    target = SimTarget(main="import time\ntime.sleep_ms(5)\nraise ValueError('broken')")
    target.run(1)
    assert isinstance(target.ended.error, ValueError)
    assert target.ended.t_ns == 5_000_000
    assert b"ValueError: broken" in target.output


def test_a_main_that_exits_is_remembered():
    target = SimTarget(main="import sys\nsys.exit()")
    target.run(1)
    assert isinstance(target.ended.error, SystemExit)


def test_a_failing_callback_is_printed_and_the_firmware_goes_on():
    main = """
import machine
machine.Timer(period=10, mode=machine.Timer.ONE_SHOT, callback=lambda t: 1 // 0)
machine.idle()
print("alive")
"""
    target = SimTarget(main=main)
    target.run(1)
    assert b"ZeroDivisionError" in target.output
    assert lines(target)[-1] == "alive"


def test_a_timer_that_is_stopped_does_not_fire():
    main = """
import machine, time
t = machine.Timer(mode=machine.Timer.ONE_SHOT, period=10, callback=lambda _: print("fired"))
time.sleep_ms(5)
t.deinit()
time.sleep_ms(20)
"""
    target = SimTarget(main=main)
    target.run(1)
    assert target.output == b""


def test_an_interrupt_during_a_sleep_ends_the_next_idle_at_once():
    main = """
import machine, time
machine.Timer(mode=machine.Timer.ONE_SHOT, period=10, callback=lambda _: None)
time.sleep_ms(30)
machine.idle()
print(time.ticks_ms())
"""
    target = SimTarget(main=main, ticks_ms_at_boot=0)
    target.run(1)
    assert lines(target) == ["30"]


def test_two_boards_keep_their_own_time():
    first = SimTarget(main=LOOP, ticks_us_at_boot=0, ticks_ms_at_boot=0)
    second = SimTarget(main=LOOP, ticks_us_at_boot=5, ticks_ms_at_boot=5)
    first.run(0.3)
    second.run(0.6)
    first.run(0.3)
    assert lines(first) == ["250000 250", "500000 500"]
    assert lines(second) == ["250005 255", "500005 505"]


def test_the_hosts_own_modules_are_untouched():
    target = SimTarget(main="import time, sys\nprint(sys.platform)\ntime.sleep(1)")
    target.run(0.5)
    assert lines(target) == ["rp2"]
    assert not hasattr(time, "ticks_us")
    assert sys.modules["time"] is time
    assert sys.platform != "rp2"


def test_what_waits_for_a_condition_stops_when_it_holds_or_in_time():
    target = SimTarget(main=LOOP)
    target.run_until(lambda: b"\n" in target.output)
    assert target.now_ns == 250_000_000
    with pytest.raises(TimeoutError):
        target.run_until(lambda: False, timeout_s=0.5)
    assert target.now_ns == 750_000_000


def test_a_board_that_is_closed_runs_no_more():
    main = """
import time
try:
    time.sleep(10)
finally:
    print("off")
"""
    with SimTarget(main=main) as target:
        target.run(1)
    assert target.ended is None
