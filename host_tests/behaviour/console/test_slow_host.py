# SPDX-License-Identifier: MIT
"""A host that does not read, a console on a UART: what only the fake hardware can do."""

from types import SimpleNamespace

import pytest

from host_tests.support.sessions.bench import Bench, assert_balanced, assert_exact
from pumpbench.boards.catalog import load_board
from pumpbench.targets.sim import SimTarget

RATE = "1000 ML/HR"


@pytest.mark.hazard("console-flood")
def test_a_host_that_stops_reading_costs_no_step_and_no_half_line():
    bench = Bench(SimTarget())
    bench.prescribe(RATE)
    bench.tell("THER:STAR")
    bench.target.host_reads = False
    for _ in range(20):
        bench.target.write(b"*IDN?\n" * 20)
        bench.run(0.3)
    bench.target.host_reads = True
    bench.run(1.0)
    bench.target.write(b"\nSYST:ERR?\n")
    bench.run(0.1)
    assert b'-430,"Query DEADLOCKED"' in bench.target.output
    answers = bytes(bench.target.output).split(b"ITB-Pump")[1:]
    assert len(set(answers[:-1])) == 1  # whole lines only
    assert len(answers) < 400
    bench.drain()
    bench.stop()
    assert_exact(bench, RATE)


def test_the_console_works_on_a_uart_where_the_board_says_so():
    board = SimpleNamespace(**vars(load_board("RPI_PICO")))
    board.CONSOLE = ("uart", 0, "GP0", "GP1", 115_200)
    bench = Bench(SimTarget(board))
    assert bench.ask("*IDN?").startswith("ITB-Pump,")
    bench.prescribe(RATE)
    bench.tell("THER:STAR")
    bench.run(0.5)
    bench.stop()
    assert_balanced(bench)
    assert bench.plant.edges.count > 2000


def test_an_interrupt_character_on_usb_does_not_end_a_pump_whose_console_is_a_uart():
    board = SimpleNamespace(**vars(load_board("RPI_PICO")))
    board.CONSOLE = ("uart", 0, "GP0", "GP1", 115_200)
    bench = Bench(SimTarget(board))
    bench.prescribe(RATE)
    bench.tell("THER:STAR")
    bench.target.world.console.send(b"\x03\x03")
    bench.run(1.0)
    assert bench.target.ended is None
    bench.stop()
    assert_exact(bench, RATE)


def test_the_longest_answer_is_not_dropped_when_the_host_reads():
    bench = Bench(SimTarget())
    for _ in range(16):
        bench.target.tell("PRES:RATE 1 ML/D 2 ML/D 3 ML/D 4 ML/D 5 ML/D 6 ML/D 7 ML/D" + "8" * 100)
    answer = bench.ask("SYST:ERR?" + ";ERR?" * 15)
    assert answer.count(";ERR") == 0
    assert len(answer) > 2048


def on_a_uart():
    board = SimpleNamespace(**vars(load_board("RPI_PICO")))
    board.CONSOLE = ("uart", 0, "GP0", "GP1", 115_200)
    return Bench(SimTarget(board))


@pytest.mark.hazard("console-flood")
def test_bytes_that_a_uart_loses_while_flash_is_written_make_no_command_of_two():
    """Each setting is written to flash, and the host goes on: a chip keeps 32 bytes meanwhile."""
    bench = on_a_uart()
    seconds = [61 + 97 * number for number in range(400)]
    bench.target.write("".join(f"ALAR:REM {each} S\n" for each in seconds).encode())
    bench.run(20)
    assert -363 in {error.number for error in bench.pump.errors()}
    done = [event.text for event in bench.pump.log() if event.name == "COMMAND"]
    sent = {f"ALAR:REM {each} S" for each in seconds}
    orders = [text for text in done if text.startswith("ALAR:REM")]
    assert set(orders) <= sent
    assert 2 < len(orders) < len(seconds)
    assert bench.ask("ALAR:REM?") == f"{orders[-1].split()[1]}.000"


def test_no_byte_is_lost_on_a_uart_while_nothing_is_written():
    bench = on_a_uart()
    bench.run(2)
    bench.target.write(b"*IDN?\n" * 60)
    bench.run(1)
    assert bytes(bench.target.output).count(b"ITB-Pump") >= 60
    bench.pump.synchronise()
    assert bench.pump.errors() == []
