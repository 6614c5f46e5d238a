# SPDX-License-Identifier: MIT
"""A host that does not read, a console on a UART: what only the fake hardware can do."""

from types import SimpleNamespace

from host_tests.bench_session import Bench, assert_balanced, assert_exact
from pumpbench.boards import load_board
from pumpbench.sim import SimTarget

RATE = "1000 ML/HR"


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
