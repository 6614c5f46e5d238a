# SPDX-License-Identifier: MIT
"""The fakes of the console over USB and of serial ports, from both ends."""

from types import SimpleNamespace

import pytest

from pumpbench.boards.catalog import load_board
from pumpbench.targets.sim import SimTarget

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
