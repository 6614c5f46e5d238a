# SPDX-License-Identifier: MIT
"""Steps on the emulated board: PIO keeps its time, whatever the processor does."""

import pytest

pytestmark = pytest.mark.emulator

# The firmware's step machine and its two counters: 1 MHz, pulse 3 us.
STEPPER = """
import machine, rp2, time
from machine import Pin
from pump.hal.rp2_steps import count_edges, count_flags, step_program

stepper = rp2.StateMachine(0, step_program(3), freq=1_000_000, sideset_base=Pin(2))
counters = [rp2.StateMachine(1, count_flags), rp2.StateMachine(2, count_edges, in_base=Pin(2))]
for counter in counters:
    counter.exec("set(x, 0)")
    counter.active(1)

def count():
    for counter in counters:
        counter.exec("mov(isr, invert(x))")
        counter.exec("push(noblock)")
    return [(counter.get() + 1) & 0xFFFFFFFF for counter in counters]

def run(n, period_us):
    stepper.put(n | (period_us - 10) << 12)

def delay(us):
    stepper.put((us - 5) << 12)

def nothing(timer):
    pass

def idle_ms(ms):
    timer = machine.Timer(mode=machine.Timer.PERIODIC, period=20, callback=nothing)
    start = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), start) < ms:
        machine.idle()
    timer.deinit()

enable = Pin(4, Pin.OUT, value=1)
direction = Pin(3, Pin.OUT, value=0)
"""


def test_every_interval_is_exact_after_a_long_idle(boot, version):
    script = """
idle_ms(300)
enable.value(0)
delay(1000); run(1, 50); run(3, 200); run(2, 1000)
stepper.active(1)
idle_ms(100)
run(1, 250_000)
idle_ms(400)
run(1000, 50)
idle_ms(100)
print(count())
"""
    target = boot(STEPPER + script, version)
    assert target.read_line() == "[1007, 1007]"
    intervals = list(target.plant.pulses.intervals_ns())
    assert intervals[:2] == [(200_000, 3), (1_000_000, 2)]
    assert intervals[4:] == [(50_000, 999)]
    assert abs(target.plant.motor.position_steps) == 1007
    assert target.plant.set_up_violations == []


def test_a_delay_begins_when_the_machine_is_started_however_long_it_was_idle(boot):
    script = """
lamp = Pin(25, Pin.OUT, value=0)
idle_ms(500)
delay(1000); run(1, 5000)
lamp.value(1)
stepper.active(1)
idle_ms(100)
print("done")
"""
    target = boot(STEPPER + script)
    target.read_line()
    (started_ns, _level) = target.pin("lamp").changes[-1]
    (edge_ns,) = target.plant.pulses.times_ns()
    assert 6_000_000 < edge_ns - started_ns < 6_060_000


def test_intervals_are_exact_while_the_processor_works(boot):
    script = """
run(200, 100)
stepper.active(1)
total = 0
while stepper.tx_fifo() or count()[0] < 200:
    total += len(str(3 ** 50))
print(count())
"""
    target = boot(STEPPER + script)
    assert target.read_line() == "[200, 200]"
    assert list(target.plant.pulses.intervals_ns()) == [(100_000, 199)]


def test_a_delay_that_was_run_ahead_is_seen_where_it_would_be(boot):
    script = """
copy = rp2.asm_pio_encode("mov(isr, x).side(0)", 1)
push = rp2.asm_pio_encode("push(noblock).side(0)", 1)
delay(1_000_000)
start = time.ticks_us()
stepper.active(1)
for i in range(3):
    idle_ms(100)
    gone = time.ticks_diff(time.ticks_us(), start)
    stepper.exec(copy)
    stepper.exec(push)
    print(1_000_000 - stepper.get() - gone)
"""
    target = boot(STEPPER + script)
    offsets_us = [int(target.read_line()) for _ in range(3)]
    assert all(abs(offset_us) < 100 for offset_us in offsets_us)


def test_a_run_that_is_stopped_emits_nothing_more_and_the_next_starts_fresh(boot):
    script = """
run(3, 100_000); run(5, 70)
stepper.active(1)
idle_ms(150)
stepper.active(0)
while stepper.tx_fifo():
    stepper.exec(rp2.asm_pio_encode("pull(noblock).side(0)", 1))
stepper.restart()
stepper.exec(rp2.asm_pio_encode("nop().side(0)", 1))
idle_ms(300)
print(count())
idle_ms(20)
run(2, 500)
stepper.active(1)
idle_ms(50)
print(count())
"""
    target = boot(STEPPER + script)
    assert target.read_line() == "[1, 1]"
    assert target.plant.pulses.count == 1
    target.read_line()
    assert list(target.plant.pulses.intervals_ns())[-1] == (500_000, 1)


def test_two_boots_give_the_same_edges_to_the_nanosecond(boot):
    script = "run(100, 77)\nstepper.active(1)\nidle_ms(50)\nprint('done')\n"

    def edges():
        target = boot(STEPPER + script)
        target.read_line()
        return list(target.plant.pulses.times_ns())

    assert edges() == edges()
