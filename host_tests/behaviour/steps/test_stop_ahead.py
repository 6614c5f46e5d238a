# SPDX-License-Identifier: MIT
"""A STOP overtakes what waits: done as soon as it is in, and not again when its turn comes."""

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.sessions import full_weeks
from host_tests.support.sessions.bench import Bench, assert_balanced, main_with_task
from host_tests.support.sessions.orders import MIDNIGHT
from host_tests.support.sessions.therapy import prescribe
from pumpbench.targets.sim.battery_clock import BatteryClock

RATE = "1000 ML/HR"
SLOW = "PRES:VAL?" + ";VAL?" * 48  # 5 s of them, where each takes so long
SLOW_ON_A_CHIP = "PRES:VAL?" + ";VAL?" * 48  # by itself
TAKES_S = 0.1  # a command looks twice
# Whatever looks at the limits of the pump, as a validation does, takes its time.
MAIN = f"""
limits = app.orders.interlocks.limits


def slower():
    time.sleep_ms({TAKES_S * 1000:.0f})
    return limits()


def extra(now_us):
    return None


app.orders.interlocks.limits = slower
"""
LATEST_S = 2 * TAKES_S + 0.05  # one command, then the rest of a cycle
CHIP_LATEST_S = 0.4  # a validation, the cycle and a record in flash
PACKET_S = 0.006  # until 255 bytes are in


@pytest.fixture
def busy(power_up):
    """A pump that delivers and has begun a line of slow queries."""
    bench = Bench(power_up(main=main_with_task(MAIN)))
    bench.prescribe(RATE)
    bench.tell("PRES:EDIT")
    bench.mark()
    bench.tell("THER:STAR")
    bench.run(1)
    bench.target.write(SLOW.encode() + b"\n")
    bench.run(0.3)
    assert bench.plant.edges.count > 1000
    return bench


def send(bench, data):
    """Send it; until when the steps went on, in seconds after its last byte."""
    bench.target.write(data)
    sent_ns = bench.target.now_ns + len(data) * 1_000_000_000 // 40_000 + PACKET_S * 1e9
    bench.run(2)
    return (bench.plant.edges.last_ns - sent_ns) / 1e9


def settle(bench):
    """Wait until all is answered; the errors there were."""
    bench.target.write(b"*ESE 77;*ESE?\n")
    while bench.target.read_line(60) != "77":
        pass
    return bench.ask("SYST:ERR:ALL?")


@pytest.mark.no_chip
@pytest.mark.hazard("stop-ignored")
@pytest.mark.parametrize(
    "data",
    [
        b"THER:STOP\n",
        b"THER:STOP\r\n",
        b"therapy:stop;\n",
        b"*IDN?;:THER:STOP;*IDN?\n",
        b"\x00THER:STOP\n",
        b"FOO\nBOL:STATTHER:STOP 1\n",
        b"'THER:STOP\n",
        b"x" * 200 + b"\nTHER:STOP\n",
    ],
)
def test_a_stop_behind_seconds_of_queries_is_done_at_once(busy, data, record_property):
    took_s = send(busy, data)
    assert took_s < LATEST_S
    assert busy.target.pin("enable").level == 1
    settle(busy)
    assert busy.ask("SYST:STAT?") == "STOPPED"
    assert_balanced(busy)
    record_property("measured", f"a STOP behind 5 s of queries: done after {took_s * 1000:.0f} ms")


@pytest.mark.emulator
@pytest.mark.hazard("stop-ignored")
def test_on_a_chip_a_stop_overtakes_queries_that_take_it_seconds(emulated_bench, record_property):
    bench = emulated_bench
    bench.prescribe("100 ML/HR")
    bench.tell("PRES:EDIT")
    bench.tell("THER:STAR")
    bench.run(1)
    bench.target.write(SLOW_ON_A_CHIP.encode() + b"\n")
    bench.run(0.5)
    took_s = send(bench, b"THER:STOP\n")
    assert b"OK," not in bench.target.output[-20:]  # they are still at it
    assert took_s < CHIP_LATEST_S
    record_property("measured", f"on a chip a STOP behind queries: done {took_s * 1000:.0f} ms on")
    settle(bench)
    assert bench.ask("SYST:STAT?") == "STOPPED"


WRITES_S = 1.5  # a copy of the largest record, three erases, and a record of the delivery


@pytest.mark.hazard("stop-ignored")
@pytest.mark.parametrize("order", ["PRES:COMM {}", "SYST:TIME 2026-03-02T11:59:00"])
def test_a_stop_does_not_wait_for_all_that_the_order_before_it_writes(order, record_property):
    """At the slowest flash, where the commit of a full week writes for three seconds."""
    bench = Bench(Lives(BatteryClock()).target)
    bench.tell(MIDNIGHT)
    prescribe(bench, "MODE FLEX;RATE 100 ML/HR", "FLEX:STEP ALL,12:00,150 ML/HR,13:00")
    bench.mark()
    bench.tell("THER:STAR")
    bench.run(5)
    full_weeks.stage(bench, week=0)
    token = bench.ask("PRES:VAL?").split(",")[1]
    flash = bench.target.world.flash
    flash.erase_ns, flash.program_ns = 400_000_000, 3_000_000
    sent_ns = bench.target.now_ns + 50_000_000
    bench.target.world.at(sent_ns, lambda: bench.target.write(b"THER:STOP\n"))
    bench.target.write(order.format(token).encode() + b"\n")
    bench.run(6)
    took_s = (bench.plant.edges.last_ns - sent_ns) / 1e9
    assert took_s < WRITES_S
    settle(bench)
    assert bench.ask("SYST:STAT?;:PRES:FLEX:ACT? MON").count(":") == (25 if "COMM" in order else 3)
    assert_balanced(bench)
    record_property("measured", f"a STOP behind {order}, slowest flash: {took_s * 1000:.0f} ms")
    bench.mark()
    bench.tell("THER:STAR")
    bench.run(300)
    bench.tell("THER:STOP")
    assert_balanced(bench)


@pytest.mark.emulator
@pytest.mark.long
@pytest.mark.hazard("stop-ignored")
def test_on_a_chip_a_stop_does_not_wait_for_the_rest_of_a_commit(emulated_bench, record_property):
    """A commit of a full week writes for half a second, each copy for 0.2 s."""
    bench = emulated_bench
    bench.tell(MIDNIGHT)
    bench.prescribe("100 ML/HR")
    bench.tell("THER:STAR")
    full_weeks.stage(bench, week=0)
    token = bench.target.ask("PRES:VAL?", 30).split(",")[1]
    bench.target.write(f"PRES:COMM {token}\n".encode())
    bench.run(0.25)
    took_s = send(bench, b"THER:STOP\n")
    assert took_s < CHIP_LATEST_S
    assert bench.ask("SYST:STAT?;:PRES:FLEX:ACT? MON").count(":") == full_weeks.A_DAY
    record_property("measured", f"on a chip a STOP in a commit: done after {took_s * 1000:.0f} ms")


@pytest.mark.no_chip
def test_what_stands_in_a_string_stops_nothing(busy):
    busy.target.write(b'PRES:DRUG "a;THER:STOP;b"\n')
    busy.run(2)
    assert settle(busy) == '0,"No error"'
    assert busy.ask("SYST:STAT?") == "RUNNING"


@pytest.mark.no_chip
def test_its_queries_are_answered_and_commands_before_it_refused(busy):
    before = len(busy.target.output)
    took_s = send(busy, b"PRES:DRUG 'x';:THER:STAR\nSYST:VERS?\nTHER:STOP\n")
    assert took_s < LATEST_S
    errors = settle(busy)
    assert errors.count("-221,") == 2
    assert "PRES:DRUG before a STOP" in errors
    assert "THER:STAR before a STOP" in errors
    answers = bytes(busy.target.output[before:]).split(b"\n")
    assert answers[0].count(b"OK,") == 49
    assert answers[1] == b"1999.0"
    assert busy.ask("SYST:STAT?") == "STOPPED"


@pytest.mark.no_chip
@pytest.mark.parametrize(
    ("data", "state"),
    [
        (b"THER:STOP\nTHER:STAR\n", "RUNNING"),
        (b"THER:STOP;:THER:STAR\n", "RUNNING"),
        (b"THER:STOP;:THER:STAR;:FOO\n", "RUNNING"),
        (b"THER:STAR\nTHER:STOP\nTHER:STAR\n", "RUNNING"),
        (b"THER:STOP\nTHER:STAR\nTHER:STOP\n", "STOPPED"),
        (b"\xffTHER:STOP\nTHER:STAR\n", "RUNNING"),
        (b"FOO;:THER:STOP;:THER:STOP\nTHER:STAR\n", "RUNNING"),
    ],
)
def test_it_is_not_done_again_when_its_turn_comes(busy, data, state):
    stopped = []
    busy.target.write(data)
    busy.run(0.5)
    stopped.append(busy.plant.edges.count)
    busy.run(1)
    assert busy.plant.edges.count == stopped[0]
    settle(busy)
    busy.run(0.5)
    assert busy.ask("SYST:STAT?") == state
    busy.tell("THER:STOP")
    busy.run(0.1)
    assert_balanced(busy)
