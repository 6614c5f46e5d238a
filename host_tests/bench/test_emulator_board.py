# SPDX-License-Identifier: MIT
"""The emulated board: MicroPython boots, time is exact, pins and flash are what they are."""

from itertools import pairwise

import pytest

from pumpbench.images.uf2 import MissingImage, find_uf2
from pumpbench.targets.emulator import EmulatorTarget

pytestmark = pytest.mark.emulator

LAST_BLOCK = slice(0x1F_F000, 0x20_0000)  # of the Pico's 2 MB

# Answers lines; waits in idle(), looks at the console at most every 10 ms.
ECHO = """
import machine, select, sys, time
poll = select.poll()
poll.register(sys.stdin, select.POLLIN)
looked = time.ticks_us()
line = b""
timer = machine.Timer(mode=machine.Timer.PERIODIC, period=1000, callback=lambda timer: None)
print("up")
while line != b"end":
    machine.idle()
    if time.ticks_diff(time.ticks_us(), looked) < 10_000:
        continue
    looked = time.ticks_us()
    line = b""
    while poll.poll(0):
        byte = sys.stdin.buffer.read(1)
        if byte == b"\\n":
            print("heard", line.decode())
            break
        line += byte
"""


def test_main_runs_and_answers_lines(boot, version):
    target = boot(ECHO, version)
    assert target.read_line() == "up"
    target.run(0.5)
    asked_ns = target.now_ns
    assert target.ask("hello") == "heard hello"
    assert target.now_ns - asked_ns < 5_000_000  # input ends an idle at once


def test_time_passes_as_far_as_asked(boot, version):
    target = boot(ECHO, version)
    wanted_ns = 0
    for seconds in (0.08, 0.000_01, 0.001, 0.000_005, 0.5):
        target.run(seconds)
        wanted_ns += round(seconds * 1e9)
        assert 0 <= target.now_ns - wanted_ns < 1_000 * 5


def test_a_button_is_seen_while_it_is_pressed(boot):
    script = """
from machine import Pin
import time
button = Pin(14, Pin.IN, Pin.PULL_UP)
while True:
    print(button.value())
    time.sleep_ms(10)
"""
    target = boot(script)
    assert target.read_line() == "1"
    target.pin("stop_button").drive(0)
    target.read_line()
    assert target.read_line() == "0"
    target.pin("stop_button").release()
    target.read_line()
    assert target.read_line() == "1"


def test_a_tone_on_the_buzzer_has_all_its_edges(boot):
    script = """
from machine import PWM, Pin
import time
tone = PWM(Pin(15), freq=523, duty_u16=8192)
time.sleep_ms(100)
tone.deinit()
print("done")
"""
    target = boot(script)
    target.read_line()
    rises = [t_ns for t_ns, level in target.pin("buzzer").changes if level]
    assert 51 <= len(rises) <= 54
    assert all(abs(b - a - 1e9 / 523) < 20_000 for a, b in pairwise(rises[1:]))


def test_a_watchdog_reset_releases_the_driver_and_main_runs_again(boot):
    script = """
import machine
from machine import Pin
print("reset" if machine.reset_cause() == machine.WDT_RESET else "power")
if machine.reset_cause() == machine.PWRON_RESET:
    Pin(4, Pin.OUT, value=0)
    machine.WDT(timeout=50)
    while True:
        pass
"""
    target = boot(script)
    assert target.read_line() == "power"
    target.run(0.01)
    assert target.plant.is_enabled
    target.run_until(lambda: not target.plant.is_enabled, timeout_s=0.2)
    assert target.pin("enable").level == 1
    assert target.read_line() == "reset"


def test_what_was_written_before_a_power_cut_is_there_afterwards(boot):
    script = """
import time
time.sleep_ms(50)  # until USB is up
try:
    print("found", open("/note").read())
except OSError:
    with open("/note", "w") as file:
        file.write("kept")
    print("written")
"""
    target = boot(script)
    assert target.read_line() == "written"
    again = EmulatorTarget(version="1.22.0", flash=target.flash)
    assert again.read_line() == "found kept"


def test_a_missing_image_says_which_file_and_where_to_put_it(tmp_path):
    with pytest.raises(MissingImage) as raised:
        find_uf2("1.22.0", tmp_path)
    assert "RPI_PICO-20231227-v1.22.0.uf2" in str(raised.value)
    assert str(tmp_path) in str(raised.value)


def test_an_unknown_version_says_which_there_are():
    with pytest.raises(MissingImage, match=r"9\.9\.9.*1\.22\.0"):
        find_uf2("9.9.9")


def test_a_block_is_erased_in_45_ms_in_which_pio_goes_on_and_a_cut_leaves_half_of_it(boot):
    script = """
import rp2, time
from machine import Pin
@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def square():
    set(pins, 1)[31]
    set(pins, 0)[31]
rp2.StateMachine(0, square, freq=64_000, set_base=Pin(2)).active(1)
flash = rp2.Flash()
last = flash.ioctl(4, 0) - 1
flash.writeblocks(last, b"\\x5a" * 4096)
time.sleep_ms(50)
print("now")
time.sleep_ms(20)  # the line goes out
began = time.ticks_us()
flash.ioctl(6, last)
print(time.ticks_diff(time.ticks_us(), began))
"""
    target = boot(script)
    assert target.read_line() == "now"
    target.run_until(lambda: target.is_writing, step_s=0.000_1)
    assert target.flash[LAST_BLOCK] == b"\xff" * 2048 + b"\x5a" * 2048
    assert 45_000 <= int(target.read_line()) < 47_000
    assert not target.is_writing
    assert target.flash[LAST_BLOCK] == b"\xff" * 4096
    edges = [t_ns for t_ns, level in target.pin("step").changes if level]
    assert {b - a for a, b in pairwise(edges[2:])} == {1_000_000}
