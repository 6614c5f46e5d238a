# SPDX-License-Identifier: MIT
"""What `pump.hal` promises of a port, on boards of each, without the pump on top."""

import ast
import importlib
import inspect
import itertools
import re

import pytest

from pump.alarm import patterns
from pumpbench.boards.catalog import board_of, board_path, load_board, port_of
from pumpbench.boards.chips import PORTS
from pumpbench.boards.pins import is_active_low
from pumpbench.images.image import FIRMWARE
from pumpbench.targets.sim import SimTarget
from pumpbench.targets.sim.battery_clock import BatteryClock
from pumpbench.targets.sim.timeline import SpinError

pytestmark = pytest.mark.slow

BOARDS = ("RPI_PICO", "ESP32_GENERIC_S3", "ESP32_GENERIC")
# What a step of these may be late: between two pieces lies Python, as long as the fakes have it,
# and a piece is right to a microsecond for each of its steps.
LATE_US = {"RPI_PICO": 0, "ESP32_GENERIC_S3": 1_200, "ESP32_GENERIC": 1_000}
WATCHDOG_MS = 8_000

PORT = """
import board, time
from pump.clock import Monotonic
hal = __import__("pump.hal." + board.PORT, None, None, ("make_safe",))
hal.make_safe(board)
clock = Monotonic()
"""
ENGINE = (
    PORT
    + """
engine = hal.step_engine(board, clock)
def wait(ms):
    for _ in range(ms // 100):
        time.sleep_ms(100)
        clock.now_us()
    time.sleep_ms(ms % 100)
def go(*runs):
    for count, period_us in runs:
        engine.put(count, period_us)
    time.sleep_us(engine.arm())
    return engine.start()
"""
)


def test_every_port_has_a_board_here():
    assert {port_of(name) for name in BOARDS} == PORTS


@pytest.fixture(params=BOARDS)
def name(request):
    return request.param


def powered(name, main, begin=ENGINE, **options):
    return SimTarget(name, main=begin + main, **options)


def ran(name, main, seconds=2.0, begin=ENGINE, **options):
    target = powered(name, main, begin, **options)
    target.run(seconds)
    assert target.ended is None or target.ended.error is None, target.ended
    return target


def told(target):
    return target.output.decode().split()


def edges_us(target):
    """When the driver, switched on, got its steps."""
    return [t_ns / 1_000 for t_ns in target.plant.edges.times_ns()]


def due_us(runs):
    """When the steps of runs are due, from the start."""
    at_us, due = 0, []
    for count, period_us in runs:
        if not count:
            at_us += period_us
        for _ in range(count):
            at_us += period_us
            due.append(at_us)
    return due


def assert_on_time(name, target, runs):
    """None early, none later than the port's joints make it, from the first step on."""
    times, due = edges_us(target), due_us(runs)
    assert len(times) == len(due)
    begin_us = float(told(target)[0])
    late = [at - begin_us - when for at, when in zip(times, due, strict=True)]
    # The high part of a step ends its period, where RMT makes it.
    assert min(late) > -10, min(late)
    assert max(late) <= LATE_US[name] + 30, max(late)


# What there is


def contract():
    text = ast.get_docstring(ast.parse((FIRMWARE / "pump/hal/__init__.py").read_text()))
    found = re.findall(r"^    (\w+)\(([^)]*)\)", text, flags=re.MULTILINE)
    return [(name, [one.strip() for one in args.split(",") if one]) for name, args in found]


@pytest.mark.parametrize("port", ["rp2", "esp32"])
@pytest.mark.parametrize(("what", "arguments"), contract(), ids=lambda value: str(value))
def test_every_name_of_the_contract_is_there_with_its_arguments(port, what, arguments):
    module = importlib.import_module(f"pump.hal.{port}")
    assert list(inspect.signature(getattr(module, what)).parameters) == arguments


# Outputs


def test_the_outputs_are_safe_whatever_they_were(name):
    before = """
from machine import Pin
from pump.hal import pins
import board
for text in board.PINS.values():
    number, is_low, _ = pins.parse(text)
    Pin(number, Pin.OUT, value=not is_low)
"""
    target = ran(name, "", begin=before + PORT)
    board = load_board(name)
    for what in ("step", "dir", "enable", "buzzer", "lamp"):
        assert target.pin(what).level == int(is_active_low(board.PINS[what])), what


def test_a_cry_is_heard_and_seen_and_moves_nothing(name):
    target = ran(name, "hal.cry(board)", begin=PORT)
    assert target.plant.buzzer.count == 500
    assert target.plant.lamps["lamp"].is_on
    assert target.plant.edges.count == 0


def test_a_button_is_held_only_when_it_is_down_all_the_time(name):
    target = powered(name, "print(hal.is_held(board, 'stop_button'))", PORT)
    target.pin("stop_button").drive(0)
    target.run(1)
    assert told(target) == ["True"]
    assert told(ran(name, "print(hal.is_held(board, 'stop_button'))", begin=PORT)) == ["False"]


def test_two_pins_of_the_driver_on_one_are_refused(name):
    board = board_of(board_path(name).read_bytes())
    board.PINS = {**board.PINS, "dir": board.PINS["step"]}
    main = "try:\n    hal.check(board)\nexcept ValueError:\n    print('refused')"
    target = SimTarget(board, main=PORT + main, machine=SimTarget(name).world.machine)
    target.run(1)
    assert told(target) == ["refused"]


# Steps


@pytest.mark.parametrize(
    "count", [1, 2, 3, 16, 255, 256, 257, 319, 320, 321, 1000, 1001, 1024, 4095]
)
def test_a_run_is_exact_in_count(name, count):
    main = f"go(({count}, 1_100))\nwait({count * 1_100 // 1_000 + 50})\nprint(engine.counts())"
    target = ran(name, main, seconds=6)
    assert target.plant.edges.count == count
    assert told(target) == [f"({count},", f"{count})"]


@pytest.mark.parametrize(
    "runs",
    [
        [(7, 5_000), (5, 4_999)],
        [(0, 3_000), (4, 20_000)],
        [(1, 32_770), (1, 32_771), (1, 65_535), (1, 65_540)],
        [(1, 800_000), (2, 399_999)],
        [(0, 799_000), (0, 700_000), (1, 100_000)],
        [(3, 250_003), (1, 262_144)],
        [(1, 1_000), (300, 1_100), (700, 1_099)],
    ],
)
def test_every_step_comes_when_it_is_due(name, runs):
    target = ran(name, f"print(go(*{runs}))\nwait(2_500)", seconds=4)
    assert_on_time(name, target, runs)


def test_a_step_is_high_as_long_as_the_driver_needs_and_low_before_and_after(name):
    target = powered(name, "go((50, 2_000))")
    net, changes = target.pin("step"), []
    net.hook, net.room = None, None
    net.changes = changes
    target.run(0.3)
    highs = [
        (fall - rise) // 1_000
        for (rise, level), (fall, _) in itertools.pairwise(changes)
        if level and rise > 5_000_000
    ]
    assert highs == [3] * len(highs)
    assert len(highs) > 40
    assert net.level == 0


def test_runs_are_put_without_a_wait_and_room_tells_how_many(name):
    main = """
print(engine.room())
at_us = clock.now_us()
for _ in range(4):
    engine.put(10, 20_000)
print(engine.room())
go()
wait(1)
print(engine.room())
engine.put(10, 20_000)
took_us = clock.now_us() - at_us
wait(1500)
print(engine.room(), engine.emitted(), took_us < 5_000)
"""
    assert told(ran(name, main)) == ["4", "0", "1", "4", "50", "True"]


def test_steps_go_on_with_what_is_put_in_time(name):
    main = """
print(go((20, 5_000)))
for _ in range(20):
    wait(90)
    while engine.room() < 4:
        wait(1)
    engine.put(20, 5_000)
"""
    target = ran(name, main, seconds=4)
    times = edges_us(target)
    assert len(times) == 420
    late = [at - times[0] - 5_000 * n for n, at in enumerate(times)]
    assert max(late) <= LATE_US[name] + 5
    assert min(late) > -LATE_US[name] - 5


@pytest.mark.parametrize("period_us", [1_100, 30_000, 240_000, 700_000])
@pytest.mark.parametrize("after_us", [0, 1, 137, 5_003, 49_999, 333_333, 1_000_001])
def test_a_stop_stops_at_once_and_the_counts_are_those_of_the_pin(name, period_us, after_us):
    main = f"""
go((4, {period_us}), (30, {period_us}))
time.sleep_us({after_us})
engine.stop()
print(clock.now_us(), *engine.counts())
wait(2000)
print(*engine.counts())
go((5, 2_000))
wait(50)
print(*engine.counts())
"""
    target = powered(name, main)
    target.run(1.9)
    at_stop = edges_us(target)
    assert not target.plant.is_enabled
    target.run(4)
    assert target.ended.error is None
    count = len(at_stop)
    _, *counts = told(target)
    assert counts == [str(count)] * 4 + [str(count + 5)] * 2
    assert target.plant.edges.count == count + 5


def test_the_counts_are_those_of_the_pin_at_any_instant(name):
    main = """
go((400, 1_100), (300, 1_500))
for _ in range(60):
    time.sleep_us(9_973)
    print(*engine.counts())
"""
    target = powered(name, main)
    seen = 0
    for _ in range(1_000):
        target.run(0.001)
        lines = told(target)
        if len(lines) // 2 > seen:
            seen = len(lines) // 2
            emitted, witness = map(int, lines[2 * seen - 2 : 2 * seen])
            assert emitted == witness
            assert 0 <= target.plant.edges.count - emitted <= 2
    assert seen == 60


@pytest.mark.hazard("task-hangs")
def test_python_that_hangs_ends_the_steps_and_the_watchdog_bites(name):
    main = f"""
timer = hal.watchdog_timer()
timer.start({WATCHDOG_MS})
print(timer.is_running())
go((40, 5_000), (40, 5_000), (40, 5_000), (40, 5_000))
while True:
    clock.now_us()
"""
    target = powered(name, main)
    target.run(20)
    assert told(target) == ["True"]
    assert target.was_reset_by_watchdog
    assert 40 <= target.plant.edges.count <= 160
    assert edges_us(target)[-1] < 1_000_000
    assert not target.plant.is_enabled  # the pins of a chip that was reset float


def test_a_watchdog_that_was_stopped_leaves_the_repl_its_time(name):
    main = (
        "timer = hal.watchdog_timer()\ntimer.start(2_000)\ntimer.stop()\nprint(timer.is_running())"
    )
    target = ran(name, main, seconds=60, begin=PORT)
    assert told(target) == ["False"]
    assert not target.was_reset_by_watchdog


def test_flash_that_is_written_for_long_costs_no_step_and_adds_none(name):
    main = """
go((300, 1_100), (300, 1_100), (300, 1_100))
with open("x", "w") as file:
    file.write("x" * 3000)
wait(1500)
print(*engine.counts())
"""
    target = powered(name, main)
    target.world.flash.erase_ns = 400_000_000
    target.run(5)
    assert told(target) == ["900", "900"]
    assert target.plant.edges.count == 900


def test_the_engine_tests_itself_with_the_driver_off_and_counts_none_of_it(name):
    target = ran(name, "print(engine.test(16), *engine.counts())")
    assert told(target) == ["True", "0", "0"]
    assert target.plant.edges.count == 0
    assert target.plant.pulses.count in (16, 17)  # PCNT's pull-up makes one before it counts


def test_a_step_wire_that_does_not_move_is_found_by_the_witness(name):
    target = powered(
        name, "print(engine.test(16))\ngo((20, 2_000))\nwait(100)\nprint(*engine.counts())"
    )
    target.pin("step").drive(0)
    target.run(2)
    assert told(target) == ["False", "20", "0"]


def test_an_edge_that_nobody_ordered_is_found_by_the_witness(name):
    target = powered(name, "wait(200)\nprint(*engine.counts())")
    target.run(0.1)
    for level in (1, 0):
        target.pin("step").drive(level)
        target.run(0.001)
    target.pin("step").release()
    target.run(0.2)
    assert told(target) == ["0", "1"]


# What survives


KEPT = """
scratch = hal.scratch()
print(hal.reset_cause(), scratch.is_timer(), scratch.kept(), scratch.bites())
"""


def test_scratch_survives_the_watchdog_and_says_whether_it_is_certain(name):
    first = powered(
        name,
        KEPT
        + f"""
scratch.keep((1, 0xFFFF_FFFF, 7), False)
scratch.vouch(True)
scratch.count_bites(3)
hal.watchdog_timer().start({WATCHDOG_MS})
while True:
    clock.now_us()
""",
        PORT,
    )
    first.run(20)
    assert first.was_reset_by_watchdog
    assert first.output.decode().startswith("POWER False None 0")
    second = ran(name, KEPT, begin=PORT, scratch=first.scratch, reset_cause=3)
    assert second.output.decode().strip() == "WATCHDOG True ([1, 4294967295, 7], True) 3"
    main = KEPT + "scratch.vouch(False)\nscratch.keep((1, 2, 3), False)"
    third = ran(name, main, begin=PORT, scratch=first.scratch, reset_cause=3)
    fourth = ran(name, KEPT, begin=PORT, scratch=third.scratch, reset_cause=3)
    assert fourth.output.decode().strip() == "WATCHDOG True ([1, 2, 3], False) 3"


def test_scratch_that_is_damaged_is_nothing(name):
    first = ran(name, "hal.scratch().keep((1, 2, 3), True)", begin=PORT)
    damaged = list(first.scratch)
    damaged[next(n for n, word in enumerate(damaged) if word == 2)] = 9
    second = ran(name, KEPT, begin=PORT, scratch=tuple(damaged), reset_cause=3)
    assert "None" in second.output.decode()


def test_a_battery_clock_is_read_over_i2c_and_is_none_where_the_board_has_none(name):
    assert told(ran(name, "print(hal.rtc(board))", begin=PORT)) == ["None"]
    board = board_of(board_path(name).read_bytes())
    board.HAS = ("ds3231",)
    clock = BatteryClock()
    clock.set("2026-03-01T07:30:00")
    target = SimTarget(
        board,
        main=PORT + "print(hal.rtc(board).read())",
        machine=SimTarget(name).world.machine,
        battery_clock=clock,
    )
    target.run(1)
    assert told(target) == ["2026-03-01T07:30:00"]


def test_a_chip_has_a_number_and_bytes_that_nobody_foresees(name):
    main = "print(hal.unique_id(), hal.random_bytes(8) == hal.random_bytes(8))"
    number, are_same = told(ran(name, main, begin=PORT))
    assert re.fullmatch("[0-9a-f]{12,16}", number)
    assert are_same == "False"


def test_the_stopwatch_agrees_with_the_clock_and_not_with_a_wrong_one(name):
    main = """
watch = hal.stopwatch()
watch.start()
time.sleep_ms(60)
print(watch.stop())
"""
    target = ran(name, main, begin=PORT)
    assert abs(int(told(target)[0]) - 60_000) <= 10
    target = powered(name, main, PORT)
    target.world.set_timer_speed("1.05")
    target.run(1)
    assert abs(int(told(target)[0]) - 60_000) > 1_000


# Heard and seen, and the buttons


def test_a_burst_is_played_to_its_end_and_a_stop_is_silence(name):
    main = """
speaker = hal.speaker(board)
words = speaker.encode([(2_000, 250, 50), (2_000, 0, 20), (1_000, 125, 50)])
print(speaker.is_on())
speaker.play(words)
time.sleep_ms(250)
print(speaker.is_on())
speaker.stop()
speaker.play(words)
time.sleep_ms(40)
speaker.stop()
print(speaker.is_on())
"""
    target = ran(name, main, begin=PORT)
    assert told(target) == ["0", "0", "0"]
    assert 118 <= target.plant.buzzer.count <= 123
    widths = [width // 1_000 for _, width in target.plant.buzzer.pulses()]
    assert widths.count(250) >= 50
    assert widths.count(125) >= 50


def test_a_hang_leaves_no_endless_tone(name):
    main = """
speaker = hal.speaker(board)
hal.watchdog_timer().start(3_000)
speaker.play(speaker.encode([(2_000, 250, 60)] * 5))
while True:
    clock.now_us()
"""
    target = powered(name, main, PORT)
    target.run(5)
    buzzer = target.plant.buzzer
    assert buzzer.count in (60, 300)  # all of it where the hardware knows it, else a piece
    assert not buzzer.is_on


def test_a_burst_can_begin_as_soon_as_another_was_stopped(name):
    main = """
speaker = hal.speaker(board)
words = speaker.encode([(2_000, 250, 50)])
for _ in range(3):
    speaker.play(words)
    time.sleep_us(20_100)
    print(speaker.is_on())
    speaker.stop()
    print(speaker.is_on())
speaker.play(words)
"""
    target = ran(name, main, begin=PORT)
    assert told(target) == ["1", "0"] * 3
    assert 3 * 11 + 50 - 3 <= target.plant.buzzer.count <= 3 * 11 + 50


def test_no_piece_of_a_burst_is_longer_than_an_esp32_can_have():
    names = ("HIGH", "MEDIUM", "LOW", "REMINDER", "CLICK", "REFUSED", "POWER_UP")
    parts = [part for one in names for part in patterns.segments(getattr(patterns, one))]
    for period_us, on_us, cycles in parts:
        assert cycles <= 127 or not on_us
        assert period_us * cycles <= 250_000 or not on_us


def test_an_active_buzzer_is_on_and_off(name):
    board = board_of(board_path(name).read_bytes())
    board.BUZZER = "active"
    main = PORT + "s = hal.speaker(board)\ns.play(s.encode([(2_000, 250, 50), (2_000, 0, 50)]))"
    target = SimTarget(board, main=main, machine=SimTarget(name).world.machine)
    target.run(1)
    [(_, width_ns)] = target.plant.buzzer.pulses()
    assert abs(width_ns - 100_000_000) < 500_000


def test_a_lamp_flashes_is_lit_and_is_dark(name):
    main = """
lamp, other = hal.lamps(board)
print(lamp is other)
lamp.flash(100, 300)
time.sleep_ms(1550)
lamp.flash(1, 0)
print(lamp.is_lit())
time.sleep_ms(500)
lamp.flash(0, 0)
print(lamp.is_lit())
"""
    target = ran(name, main, seconds=4, begin=PORT)
    assert told(target) == ["True", "True", "False"]
    changes = target.plant.lamps["lamp"].changes
    assert [is_on for _, is_on in changes] == [True, False] * (len(changes) // 2)
    assert abs(changes[1][0] - changes[0][0] - 100_000_000) < 2_000_000
    assert abs(changes[2][0] - changes[1][0] - 300_000_000) < 2_000_000


def test_what_a_board_does_not_name_is_none(name):
    board = board_of(board_path(name).read_bytes())
    board.PINS = {what: board.PINS[what] for what in ("step", "dir", "enable")}
    main = """
rest = hal.Rest(clock, hal.console_port(board, clock))
print(hal.speaker(board), *hal.lamps(board), *hal.button_lines(board, rest), hal.rotor(board))
"""
    target = SimTarget(board, main=PORT + main, machine=SimTarget(name).world.machine)
    target.run(1)
    assert told(target) == ["None"] * 7


def test_a_rotor_is_counted(name):
    board = board_of(board_path(name).read_bytes())
    board.HAS, board.ROTOR = ("rotor",), {"steps_per_pulse": 40}
    pin = "GP13" if name == "ESP32_GENERIC" else "GP16"
    board.PINS = {**board.PINS, "rotor": f"^{pin}"}
    main = ENGINE + "rotor = hal.rotor(board)\ngo((400, 1_100))\nwait(600)\nprint(rotor.count())"
    target = SimTarget(board, main=main, machine=SimTarget(name).world.machine)
    target.run(2)
    assert told(target) == ["10"]


REST = """
rest = hal.Rest(clock, hal.console_port(board, clock))
line, _, _ = hal.button_lines(board, rest)
"""


def test_a_rest_ends_when_it_is_due(name):
    main = REST + "at = clock.now_us()\nrest.until(at + 30_500)\nprint(clock.now_us() - at)"
    assert 30_500 <= int(told(ran(name, main, begin=PORT))[0]) <= 31_600


def test_input_ends_a_rest_and_can_be_read(name):
    main = (
        PORT
        + """
port = hal.console_port(board, clock)
rest = hal.Rest(clock, port)
at = clock.now_us()
rest.until(at + 900_000)
time.sleep_ms(5)
buffer = bytearray(40)
count = port.read_into(buffer)
port.write(buffer[:count])
port.write(b" %d" % ((clock.now_us() - at) // 1_000))
print("", port.take_missed())
port.close()
"""
    )
    target = SimTarget(name, main=main)
    target.run(0.1)
    target.write(b"hello\x03")
    target.run(2)
    text, took_ms, has_missed = told(target)
    assert text == "hello\x03"
    assert 100 <= int(took_ms) <= 125
    assert has_missed == "False"


def test_an_edge_of_a_button_ends_a_rest_once_it_was_asked_for(name):
    main = (
        REST
        + """
line.ends_rest = True
time.sleep_ms(10)
print(line.take_edge(), line.is_quiet())
at = clock.now_us()
rest.until(at + 900_000)
print((clock.now_us() - at) // 1_000, line.is_active(), line.take_edge(), line.take_edge())
"""
    )
    target = powered(name, main, PORT)
    target.run(0.1)
    target.pin("stop_button").drive(0)
    target.run(2)
    first, is_quiet, took_ms, *rest = told(target)
    assert (first, is_quiet) == ("True", "True")
    assert 80 <= int(took_ms) <= 105
    assert rest == ["True", "True", "False"]


def test_a_hang_without_a_watchdog_is_found_by_the_bench(name):
    target = powered(name, "go((20, 5_000))\nwhile True:\n    clock.now_us()")
    with pytest.raises(SpinError):
        target.run(5)
