# SPDX-License-Identifier: MIT
"""The fakes of the esp32 port do what its sources say, the traps included."""

import itertools

import pytest

from pumpbench.boards.catalog import board_of, board_path
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.esp32.world import CALLBACK_NS
from pumpbench.targets.sim.timeline import SpinError
from pumpbench.targets.sim.world import BoardReset

S3, PLAIN = "Generic ESP32S3 module with ESP32-S3", "Generic ESP32 module with ESP32"
BOTH = pytest.mark.parametrize("machine", [S3, PLAIN], ids=["S3", "ESP32"])
STEP = 2
BEGIN = """
import esp32, machine, time
from machine import Pin
def pcnt(number=0, **more):
    counter = esp32.PCNT(number, pin=Pin(2), rising=esp32.PCNT.INCREMENT, **more)
    counter.start()
    return counter
def rmt(**more):
    return esp32.RMT(pin=Pin(2), resolution_hz=1_000_000, **more)
"""


def powered(main, machine=S3, console="usb", **options):
    board = board_of(board_path("RPI_PICO").read_bytes())
    board.PORT, board.CONSOLE = "esp32", console
    return SimTarget(board, main=BEGIN + main, machine=machine, **options)


def ran(main, machine=S3, seconds=1.0, **options):
    target = powered(main, machine, **options)
    target.run(seconds)
    return target


def printed(main, machine=S3, seconds=1.0, **options):
    return ran(main, machine, seconds, **options).output.decode().split()


def rises_us(target):
    return [t_ns // 1000 for t_ns in target.plant.pulses.times_ns()]


# RMT


@BOTH
def test_a_sequence_of_rmt_is_exact_and_ends_by_itself(machine):
    target = ran("rmt().write_pulses([100, 3] * 20, 0)", machine, 0.01)
    times = rises_us(target)
    assert len(times) == 20
    assert {b - a for a, b in itertools.pairwise(times)} == {103}


def test_write_pulses_waits_for_the_sequence_before():
    main = """
r = rmt()
r.write_pulses([30_000, 3], 0)
t = time.ticks_ms()
r.write_pulses([30_000, 3], 0)
print(time.ticks_diff(time.ticks_ms(), t), r.wait_done())
print(r.wait_done(timeout=100), r.wait_done())
"""
    assert printed(main) == ["30", "False", "True", "True"]


@pytest.mark.parametrize("ticks", [0, 32_768])
def test_a_duration_of_rmt_has_15_bits_and_is_not_0(ticks):
    target = ran(f"rmt().write_pulses([{ticks}, 3], 0)")
    assert isinstance(target.ended.error, NotImplementedError)


def test_the_resolution_of_rmt_is_a_divided_clock():
    main = """
r = esp32.RMT(pin=Pin(2), clock_div=8)
print(r.source_freq(), r.clock_div())
r.write_pulses([100, 100, 100, 100])
"""
    target = ran(main)
    assert target.output.split() == [b"80000000", b"8"]
    assert rises_us(target)[1] - rises_us(target)[0] == 20
    assert "255" in str(ran("esp32.RMT(pin=Pin(2), clock_div=256)").ended.error)


def test_there_are_as_many_transmitters_as_blocks_of_memory():
    main = """
found = []
try:
    while True:
        found.append(esp32.RMT(pin=Pin(len(found))))
except OSError:
    print(len(found))
found[0].deinit()
esp32.RMT(pin=Pin(0))
"""
    assert printed(main) == ["4"]
    assert printed(main, PLAIN) == ["8"]


def test_an_s3_stops_at_once():
    main = "r = rmt()\nr.write_pulses([1000, 3] * 40, 0)\ntime.sleep_ms(5)\nr.active(False)"
    assert len(rises_us(ran(main))) == 4
    assert ran(main).ended.t_ns < 6_000_000


def test_an_esp32_sends_on_while_it_is_stopped():
    main = "r = rmt()\nr.write_pulses([1000, 3] * 40, 0)\ntime.sleep_ms(5)\nr.active(False)"
    target = ran(main, PLAIN)
    assert len(rises_us(target)) == 40
    assert target.ended.t_ns > 40_000_000


def test_an_esp32_that_stops_a_sequence_of_more_than_300_ms_panics():
    main = "r = rmt()\nr.write_pulses([10_000, 3] * 40, 0)\ntime.sleep_ms(5)\nr.active(False)"
    target = ran(main, PLAIN)
    assert isinstance(target.ended.error, BoardReset)
    assert ran(main).ended.error is None


def test_what_was_stopped_is_never_done_for_the_same_object():
    main = """
r = rmt()
r.write_pulses([30_000, 3], 0)
r.active(False)
print(r.wait_done())
r.write_pulses([100, 3], 0)
time.sleep_ms(1)
print(r.wait_done(), r.active(), r.wait_done(timeout=1))
r.deinit()
r = rmt()
r.write_pulses([100, 3], 0)
time.sleep_ms(1)
print(r.wait_done())
"""
    assert printed(main) == ["True", "False", "True", "True", "True"]


def test_a_pin_that_is_made_an_output_is_taken_from_rmt_at_once():
    main = """
r = rmt()
r.write_pulses([1000, 3] * 40, 0)
time.sleep_ms(5)
Pin(2, Pin.OUT, value=0)
time.sleep_ms(50)
print(r.wait_done())
"""
    target = ran(main, PLAIN)
    assert len(rises_us(target)) == 4
    assert target.output == b"True\r\n"


def test_a_pin_floats_when_its_transmitter_is_given_back():
    main = "r = rmt(idle_level=True)\ntime.sleep_ms(1)\nr.deinit()"
    assert ran(main).pin(STEP).level == 0
    assert ran(main + "\nPin(2, Pin.OUT, value=1)").pin(STEP).level == 1
    assert ran("r = rmt()\nPin(2, Pin.OUT, value=1)\nr.deinit()").pin(STEP).level == 0


def test_an_s3_counts_rounds_and_an_esp32_does_not():
    main = "r = rmt()\nr.loop_count(700)\nr.write_pulses([100, 3], 0)"
    assert len(rises_us(ran(main, S3, 0.2))) == 700
    assert isinstance(ran(main, PLAIN, 0.2).ended.error, OSError)


FLASH = """
r = rmt(num_symbols={symbols})
r.write_pulses([400, 3] * {steps}, 0)
with open("x", "w") as file:
    file.write("x" * 3000)
print(r.wait_done(timeout=500))
"""


def test_a_sequence_that_fits_the_memory_does_not_mind_flash():
    assert len(rises_us(ran(FLASH.format(symbols=48, steps=47)))) == 47
    assert len(rises_us(ran(FLASH.format(symbols=320, steps=319), PLAIN))) == 319


def test_a_longer_sequence_sends_old_pulses_again_while_flash_is_written():
    assert len(rises_us(ran(FLASH.format(symbols=48, steps=90)))) > 90


def test_a_longer_sequence_is_refilled_where_interrupts_are_served():
    target = ran("rmt().write_pulses([400, 3] * 500, 0)\ntime.sleep_ms(900)")
    assert len(rises_us(target)) == 500


# PCNT


@BOTH
def test_pcnt_counts_rising_edges_of_the_pin_that_rmt_drives(machine):
    main = """
counter = pcnt(max=30_000)
r = rmt()
r.write_pulses([100, 3] * 20, 0)
time.sleep_ms(5)
print(counter.value(), counter.value(0), counter.value())
"""
    assert printed(main, machine) == ["20", "20", "0"]


def test_pcnt_makes_its_pin_an_input_with_a_pull_up():
    target = ran("Pin(2, Pin.OUT, value=0)\npcnt()")
    assert target.pin(STEP).level == 1
    target = ran("rmt()\npcnt()")
    assert target.pin(STEP).level == 1  # rmt has to come after


def test_pcnt_goes_back_to_0_at_its_limit_and_tells_it():
    main = """
counter = pcnt(max=5, threshold0=3)
seen = []
def note(pcnt):
    seen.append(pcnt.irq().flags())
counter.irq(note, esp32.PCNT.IRQ_MAX | esp32.PCNT.IRQ_THRESHOLD0)
rmt().write_pulses([1000, 3] * 7, 0)
time.sleep_ms(20)
print(counter.value(), len(seen), seen == [esp32.PCNT.IRQ_THRESHOLD0, esp32.PCNT.IRQ_MAX])
"""
    assert printed(main) == ["2", "2", "True"]


def test_a_pin_whose_input_is_off_reads_0():
    main = "r = rmt(idle_level=True)\nprint(Pin(2).value())\nPin(2, Pin.IN)\nprint(Pin(2).value())"
    assert printed(main) == ["0", "0"]
    assert printed("Pin(2, Pin.OUT)\nr = rmt(idle_level=True)\nprint(Pin(2)())") == ["1"]
    main = "Pin(2, Pin.OUT)\nmachine.PWM(Pin(2), freq=1000, duty_u16=65535)\nprint(Pin(2)())"
    assert printed(main) == ["0"]


# machine


def test_timers_are_soft_and_there_are_four_of_the_chip():
    main = """
def late(timer):
    print(time.ticks_diff(time.ticks_us(), t))
t = time.ticks_us()
timer = machine.Timer(0)
timer.init(mode=machine.Timer.ONE_SHOT, period=2500, tick_hz=1_000_000, callback=late)
time.sleep_ms(5)
print(machine.Timer(0) is timer)
for settings in (dict(id=4), dict(id=-1, period=5), dict(id=1, period=5, hard=True)):
    try:
        machine.Timer(**settings)
    except ValueError:
        print("refused")
"""
    late_us = 2_500 + CALLBACK_NS // 1_000
    assert printed(main) == [str(late_us), "True", "refused", "refused", "refused"]


def test_an_edge_of_a_pin_schedules_a_callback_and_there_is_no_hard_one():
    main = """
pin = Pin(14, Pin.IN, Pin.PULL_UP)
pin.irq(lambda pin: print(pin.value()), Pin.IRQ_FALLING)
while True:
    time.sleep_ms(10)
"""
    target = ran(main, S3, 0.01)
    target.pin("stop_button").drive(0)
    target.run(0.01)
    assert target.output == b"0\r\n"
    assert isinstance(ran("Pin(14).irq(print, 1, hard=True)").ended.error, TypeError)


def test_idle_returns_at_once():
    main = "t = time.ticks_us()\nmachine.idle()\nprint(time.ticks_diff(time.ticks_us(), t) < 5)"
    assert printed(main) == ["True"]


def test_pwm_makes_pulses_until_it_is_told_otherwise():
    main = """
tone = machine.PWM(Pin(15), freq=1000, duty_u16=0)
tone.duty_ns(125_000)
time.sleep_us(99_500)
tone.duty_u16(0)
"""
    buzzer = ran(main).plant.buzzer
    assert {width for _, width in buzzer.pulses()} == {125_000}
    assert buzzer.count == 100
    assert not buzzer.is_on
    assert ran(main.replace("tone.duty_u16(0)", "")).plant.buzzer.count >= 1000
    assert isinstance(ran("machine.PWM(Pin(15), freq=0)").ended.error, ValueError)


def test_the_watchdog_has_any_period_and_is_set_anew_but_never_stopped():
    def lived(main):
        target = ran(main + "\nwhile True:\n    time.sleep_ms(100)", S3, 60)
        return target.now_ns if target.ended is None else target.ended.t_ns

    assert lived("machine.WDT(timeout=20_000)") == 20_000_000_000
    assert lived("machine.WDT(timeout=20_000)\nmachine.WDT(timeout=10_000_000)") > 59e9
    assert isinstance(ran("machine.WDT(timeout=0)").ended.error, ValueError)


def test_a_hang_is_ended_by_the_watchdog_and_rtc_memory_survives_it():
    main = "print(machine.RTC().memory(), machine.reset_cause())\n"
    first = ran(
        main
        + "machine.RTC().memory(b'kept')\nmachine.WDT(timeout=2000)\nwhile 1: time.ticks_ms()",
        S3,
        9,
    )
    assert first.was_reset_by_watchdog
    assert first.output == b"b'' 1\r\n"
    second = ran(main, scratch=first.scratch, reset_cause=3)
    assert second.output == b"b'kept' 3\r\n"
    assert isinstance(ran("machine.RTC().memory(bytes(2049))").ended.error, ValueError)


def test_rmt_goes_on_while_python_hangs_and_ends():
    main = "rmt().write_pulses([1000, 3] * 40, 0)\nwhile True:\n    time.ticks_ms()"
    target = powered(main)
    with pytest.raises(SpinError):
        target.run(1)
    target.world.sync()
    assert len(rises_us(target)) <= 40


def test_the_chip_says_who_it_is():
    main = "import os\nprint(os.uname().sysname, os.uname().machine, len(machine.unique_id()))"
    assert printed(main, PLAIN) == ["esp32", *PLAIN.split(), "6"]
    assert isinstance(ran("import rp2").ended.error, ImportError)


def test_ticks_cpu_counts_cycles_of_the_processor():
    main = """
t = time.ticks_cpu()
time.sleep_ms(50)
print(time.ticks_diff(time.ticks_cpu(), t) // 50_000 * 1_000_000 == machine.freq())
"""
    assert printed(main) == ["True"]


def test_pins_34_to_39_of_an_esp32_are_inputs_only():
    assert isinstance(ran("Pin(34, Pin.OUT)", PLAIN).ended.error, ValueError)
    assert ran("Pin(34, Pin.OUT)").ended.error is None
    assert isinstance(ran("Pin(40, Pin.IN)", PLAIN).ended.error, ValueError)


def test_light_sleep_is_refused_as_it_stops_what_counts_steps():
    assert isinstance(ran("machine.lightsleep(10)").ended.error, NotImplementedError)


# The console on UART0


UART0 = ("uart", 0, "GP1", "GP3", 115_200)
ECHO = """
import micropython, select, sys
micropython.kbd_intr(-1)
poll = select.poll()
poll.register(sys.stdin, select.POLLIN)
time.sleep_ms({wait})
while True:
    if poll.poll(10):
        sys.stdout.write(sys.stdin.read(1))
"""


def test_the_repl_of_uart0_is_sys_stdin():
    target = powered(ECHO.format(wait=0), PLAIN, UART0)
    target.write(b"hello\x03")
    target.run(0.1)
    assert target.output == b"hello\x03"


def test_what_the_ring_of_uart0_does_not_hold_is_lost_unseen():
    target = powered(ECHO.format(wait=100), PLAIN, UART0)
    target.write(bytes(400))
    target.run(1)
    assert len(target.output) == 259
    assert target.world.console.lost == 141


def test_a_write_to_uart0_waits_for_its_fifo_of_128_bytes():
    main = """
import sys
t = time.ticks_us()
sys.stdout.buffer.write(bytes(128))
a = time.ticks_us()
sys.stdout.buffer.write(bytes(100))
print(time.ticks_diff(a, t), time.ticks_diff(time.ticks_us(), a) // 1000)
"""
    target = ran(main, PLAIN, console=UART0)
    assert target.output[228:] == b"0 8\r\n"
