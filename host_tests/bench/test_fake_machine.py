# SPDX-License-Identifier: MIT
"""The fakes of pins, state machines and modules, as the firmware and the test see them."""

import pytest

from pumpbench.targets.sim import SimTarget


def ran(main, seconds=1.0, **options):
    target = SimTarget(main=main, **options)
    target.run(seconds)
    return target


def test_an_output_keeps_the_history_of_its_levels():
    main = """
import time
from machine import Pin
buzzer = Pin(15, Pin.OUT, value=0)
for _ in range(2):
    buzzer.on()
    time.sleep_ms(3)
    buzzer.value(0)
    buzzer(0)
    time.sleep_ms(2)
"""
    changes = ran(main).pin("buzzer").changes
    assert changes == [(0, 1), (3_000_000, 0), (5_000_000, 1), (8_000_000, 0)]


def test_a_button_is_driven_by_the_test_and_released_to_its_pull():
    main = """
import time
from machine import Pin
button = Pin(14, Pin.IN, Pin.PULL_UP)
while True:
    print(button.value())
    time.sleep_ms(10)
"""
    target = ran(main, 0.005)
    target.pin("stop_button").drive(0)
    target.run(0.01)
    target.pin("stop_button").release()
    target.run(0.01)
    assert target.output == b"1\r\n0\r\n1\r\n"


COUNTING = """
import machine, time
from machine import Pin
button = Pin(14, Pin.IN, Pin.PULL_UP)
def count(pin):
    print(pin.value())
    {action}
time.sleep_ms(10)
button.irq(count, {trigger}, hard=True)
while True:
    machine.idle()
    print("woken")
"""


def edges(target, times=2):
    for _ in range(times):
        for level in (0, 1):
            target.pin("stop_button").drive(level)
            target.run(0.001)


@pytest.mark.parametrize(
    ("trigger", "levels"),
    [
        ("Pin.IRQ_FALLING", b"0 0"),
        ("Pin.IRQ_RISING", b"1 1"),
        ("Pin.IRQ_FALLING | Pin.IRQ_RISING", b"0 1 0 1"),
    ],
)
def test_an_edge_of_a_pin_is_an_interrupt_that_ends_idle(trigger, levels):
    target = ran(COUNTING.format(trigger=trigger, action="pass"), 0.02)
    edges(target)
    lines = b"".join(level + b"\r\nwoken\r\n" for level in levels.split())
    assert target.output == lines


def test_a_pin_that_disarms_itself_makes_one_interrupt():
    main = COUNTING.format(trigger="Pin.IRQ_FALLING", action="pin.irq(None)")
    target = ran(main, 0.02)
    edges(target, times=50)
    assert target.output == b"0\r\nwoken\r\n"


def test_an_edge_before_a_pin_is_armed_is_no_interrupt_and_edges_at_once_are_one():
    target = SimTarget(main=COUNTING.format(trigger="Pin.IRQ_FALLING", action="pass"))
    target.run(0.005)
    edges(target, times=1)
    target.run(0.02)
    assert target.output == b""
    for level in (0, 1, 0, 1, 0):
        target.pin("stop_button").drive(level)
    target.run(0.001)
    assert target.output == b"0\r\nwoken\r\n"


def test_a_button_held_at_power_up_is_seen_by_the_first_look():
    target = SimTarget(main="from machine import Pin\nprint(Pin(14, Pin.IN, Pin.PULL_UP)())")
    target.pin("stop_button").drive(0)
    target.run(0.1)
    assert target.output == b"0\r\n"


def test_steps_made_by_hand_move_the_motor():
    main = """
import time
from machine import Pin
step, forward, enable = (Pin(n, Pin.OUT, value=v) for n, v in ((2, 0), (3, 1), (4, 1)))
enable.off()
for _ in range(5):
    time.sleep_ms(2)
    step.on()
    step.off()
"""
    target = ran(main)
    assert target.plant.motor.position_steps == 5
    assert list(target.plant.edges.intervals_ns()) == [(2_000_000, 4)]
    assert target.plant.set_up_violations == []


def test_a_driver_is_disabled_until_the_firmware_enables_it():
    main = """
from machine import Pin
step = Pin(2, Pin.OUT, value=0)
step.on()
"""
    plant = ran(main).plant
    assert (plant.pulses.count, plant.edges.count) == (1, 0)


def test_put_waits_while_the_queue_is_full():
    main = """
import rp2, time
@rp2.asm_pio()
def slow():
    pull()
    mov(x, osr)
    label("wait")
    jmp(x_dec, "wait")
sm = rp2.StateMachine(0, slow, freq=1_000_000)
sm.active(1)
start = time.ticks_us()
for _ in range(7):
    sm.put(9_996)
    print(time.ticks_diff(time.ticks_us(), start), sm.tx_fifo())
"""
    lines = [line.split() for line in ran(main).output.splitlines()]
    assert [int(level) for _, level in lines] == [1, 2, 3, 4, 4, 4, 4]
    assert [int(us) for us, _ in lines] == [0, 0, 0, 0, 0, 9_999, 19_998]


def test_get_waits_for_a_word():
    main = """
import rp2, time
@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def late():
    set(x, 31)
    label("wait")
    jmp(x_dec, "wait")
    mov(isr, invert(null))
    push()
sm = rp2.StateMachine(4, late, freq=2000)
sm.active(1)
start = time.ticks_us()
print(sm.get(), time.ticks_diff(time.ticks_us(), start))
"""
    assert ran(main).output == b"4294967295 17000\r\n"


def test_programs_that_do_not_fit_are_refused():
    main = """
import rp2
def program(size):
    @rp2.asm_pio()
    def words():
        for _ in range(size):
            nop()
    return words
a = program(20)
rp2.StateMachine(0, a)
rp2.StateMachine(1, a)
rp2.StateMachine(2, program(12))
rp2.StateMachine(4, program(32))
try:
    rp2.StateMachine(3, program(1))
except OSError as error:
    print(error.args[0])
"""
    assert ran(main).output == b"12\r\n"


def test_a_board_tells_who_it_is_and_why_it_started():
    main = "import machine\nprint(len(machine.unique_id()), machine.reset_cause())"
    assert ran(main, reset_cause=3).output == b"8 3\r\n"


def test_what_micropython_has_and_cpython_has_not_is_there():
    main = """
import gc, machine, micropython, sys
X = micropython.const(7)
gc.collect(); gc.threshold(1000)
print(X, gc.mem_free() > gc.mem_alloc() > 0, machine.freq(), sys.implementation.name)
try:
    1 // 0
except ZeroDivisionError as error:
    sys.print_exception(error)
"""
    output = ran(main).output
    assert output.startswith(b"7 True 125000000 micropython\r\n")
    assert output.endswith(b"\r\n")
    assert b"ZeroDivisionError" in output
