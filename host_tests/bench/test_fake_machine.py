# SPDX-License-Identifier: MIT
"""The fakes of pins, console and serial port, as the firmware and the test see them."""

from types import SimpleNamespace

import pytest

from pumpbench.boards import load_board
from pumpbench.sim import SimTarget

ECHO = """
import machine, micropython, select, sys, time
micropython.kbd_intr(-1)
poll = select.poll()
poll.register(sys.stdin, select.POLLIN)
while True:
    machine.idle()
    while poll.poll(0):
        sys.stdout.buffer.write(sys.stdin.buffer.read(1))
"""


def ran(main, seconds=1.0, **options):
    target = SimTarget(main=main, **options)
    target.run(seconds)
    return target


def uart_board():
    board = load_board("RPI_PICO")
    return SimpleNamespace(**{**vars(board), "CONSOLE": ("uart", 0, "GP0", "GP1", 115_200)})


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
    assert ran(main).plant.motor.missed_steps == 1


def test_input_comes_in_packets_of_64_bytes_a_millisecond():
    target = ran(ECHO, 0.1)
    target.write(bytes(range(200)))
    target.run(0.0015)
    assert target.output == bytes(range(64))
    target.run(0.003)
    assert target.output == bytes(range(200))


def test_input_that_is_not_read_waits_in_the_host():
    target = ran("import time\ntime.sleep(1)\n" + ECHO, 0.1)
    data = bytes(range(32, 256)) * 10
    target.write(data)
    target.run(0.5)
    assert target.output == b""
    target.run(2)
    assert target.output == data


def test_a_read_waits_for_input():
    main = "import sys\nprint(sys.stdin.buffer.read(3))\nprint(sys.stdin.readline())"
    target = ran(main, 1)
    target.write(b"abcdef\n")
    target.run(1)
    assert target.output == b"b'abc'\r\ndef\r\n\r\n"


def test_a_poll_ends_with_input_or_in_time():
    main = """
import select, sys, time
poll = select.poll()
poll.register(sys.stdin, select.POLLIN)
print(poll.poll(100), time.ticks_ms())
print(len(poll.poll(100)), time.ticks_ms())
"""
    target = SimTarget(main=main, ticks_ms_at_boot=0)
    target.run(0.15)
    target.write(b"x")
    target.run(1)
    assert target.output == b"[] 100\r\n1 151\r\n"


def test_control_c_interrupts_unless_it_is_switched_off():
    main = "import time\ntime.sleep(10)"
    target = ran(main, 1)
    target.write(b"\x03")
    target.run(1)
    assert isinstance(target.ended.error, KeyboardInterrupt)
    target = ran(ECHO, 1)
    target.write(b"\x03")
    target.run(1)
    assert target.ended is None
    assert target.output == b"\x03"


def test_a_host_that_does_not_read_lets_256_bytes_pass_then_writes_wait_and_are_lost():
    main = """
import select, sys, time
poll = select.poll()
poll.register(sys.stdout, select.POLLOUT)
time.sleep(1)
start, count = time.ticks_ms(), 0
while poll.poll(0):
    count += sys.stdout.buffer.write(b"x")
sys.stdout.buffer.write(b"lost")
late_ms = time.ticks_diff(time.ticks_ms(), start)
time.sleep(1)
print(count, late_ms)
"""
    target = ran(main, 0.5)
    target.host_reads = False
    target.run(1.2)
    assert target.output == b""
    target.host_reads = True
    target.run(2)
    assert target.output == b"x" * 256 + b"256 500\r\n"


def test_a_write_goes_on_when_the_host_reads_again():
    target = SimTarget(main="import sys\nsys.stdout.buffer.write(bytes(300))\nprint('end')")
    target.host_reads = False
    target.run(0.2)
    target.host_reads = True
    target.run(0.5)
    assert target.output == bytes(300) + b"end\r\n"


def test_lines_are_asked_and_read():
    main = """
import sys
while True:
    line = sys.stdin.readline().strip()
    if line.endswith("?"):
        print("you said", line)
"""
    target = ran(main, 0.1)
    target.tell("nothing")
    assert target.ask("who?") == "you said who?"
    with pytest.raises(TimeoutError, match="unread output: b''"):
        target.ask("nothing", timeout_s=0.1)


UART_ECHO = """
import machine
uart = machine.UART(0, baudrate=115200, tx=machine.Pin(0), rx=machine.Pin(1), timeout=0, rxbuf=64)
while True:
    machine.idle()
    if uart.any() >= 4:
        uart.write(uart.read(uart.any()))
"""


def test_a_serial_port_as_console_comes_byte_by_byte_at_its_baud_rate():
    target = SimTarget(uart_board(), main=UART_ECHO)
    target.run(0.1)
    target.write(b"ABCD")
    target.run(0.0003)
    assert target.output == b""
    target.run(0.0002)
    assert target.output == b"ABCD"


def test_a_serial_ports_buffer_overflows():
    main = UART_ECHO.replace("    machine.idle()", "    import time; time.sleep(1)")
    target = SimTarget(uart_board(), main=main)
    target.write(bytes(range(100)))
    target.run(2)
    assert target.output == bytes(range(64))


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
