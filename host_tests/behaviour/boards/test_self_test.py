# SPDX-License-Identifier: MIT
"""The self-test: each part of it fails once, because the thing that it tests is broken."""

import pytest

from host_tests.support.boards.board_files import write_on_board
from host_tests.support.console.alarm_answers import codes
from host_tests.support.flash.copies import path_of
from host_tests.support.sessions.bench import Bench, assert_balanced, assert_exact, main_with_task
from pump.faults import (
    BUTTON_DOWN,
    BUZZER_SILENT,
    CLOCKS_DISAGREE,
    ENGINE_WRONG,
    LAMP_DARK,
    MEMORY_BAD,
    PROGRAM_DAMAGED,
    RECORD_DAMAGED,
    WATCHDOG_OFF,
    WITNESS_MISMATCH,
)
from pump.records.event_codes import FAULT, SELF_TEST_FAILED, STORE_MENDED
from pump.watchdog import TIMEOUT_MS
from pumpbench.client.lines import PumpError
from pumpbench.client.pump import Pump
from pumpbench.images.flashfiles import read_files, with_files
from pumpbench.images.image import SUMS, build_image
from pumpbench.targets.sim import SimTarget

PUMP_FAULT, TEST_FAILED = 310, 324
IN_FAULT = 107
STEPS = 16  # of one self-test
HOUR_S = 3600
FOUND_S = 61 * 60
WATCHDOG_CONTROL = 0x4005_8000
IDLE = "def extra(now_us):\n    return now_us + 1_000_000\n"


class Board:
    """A board as it has come up, maybe in fault: nothing is set on it as a `Bench` would."""

    def __init__(self, target):
        self.target, self.plant, self.run = target, target.plant, target.run
        pump = Pump(target)
        self.ask, self.tell = pump.ask, pump.tell
        self.ask("*OPC?")


def events(bench, code):
    """The texts of all events with that code."""
    count, first = map(int, bench.ask("LOG:COUN?").split(","))
    answers = [bench.ask(f"LOG:READ? {number},1") for number in range(first, first + count)]
    return [
        text.split(",", 5)[5].strip('"') for text in answers if text.split(",")[4] == str(code)
    ]


def refusal(bench, message):
    try:
        bench.tell(message)
    except PumpError as error:
        return error.number
    return 0


def assert_fault(bench, number):
    """It says which part failed, has it on record, sounds for it, and nothing can move."""
    assert bench.ask("*TST?;:SYST:STAT?") == f"{number};FAULT"
    assert [text.split()[1] for text in events(bench, FAULT)] == [str(number)]
    assert PUMP_FAULT in codes(bench)
    edges = bench.plant.edges.count
    bench.tell("*CLS")
    for start in ("THER:STAR", "MOT:JOG 0.1,60", "PRIM:STAR 0.1 ML,10 ML/HR", "MOT:CAL:RUN 1"):
        assert refusal(bench, start) == IN_FAULT, start
    bench.run(5)
    assert bench.plant.edges.count == edges
    assert not bench.plant.is_enabled
    assert bench.ask("*TST?") == str(number)


def assert_alarm(bench, number, asks=2):
    """It says which part failed, as often as it is asked; the pump could go on."""
    for _ in range(asks):
        assert bench.ask("*TST?;:SYST:STAT?") == f"{number};STOPPED"
        bench.run(1)
        assert TEST_FAILED in codes(bench)
    failed = events(bench, SELF_TEST_FAILED)
    assert [text.split()[1] for text in failed] == [str(number)]
    assert events(bench, FAULT) == []
    assert not bench.plant.is_enabled


def assert_mended(bench):
    """Over after *TST?, once nothing sounds."""
    bench.tell("ALAR:ACKN")
    bench.run(3)
    assert bench.ask("*TST?") == "0"
    bench.run(1)
    assert TEST_FAILED not in codes(bench)
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    bench.run(5)
    assert bench.ask("SYST:STAT?") == "RUNNING"


def found_s(target, number, timeout_s):
    """How long until the pump has tripped with that fault, in seconds."""
    since_ns = target.now_ns
    while target.ask("SYST:STAT?") != "FAULT":
        assert (target.now_ns - since_ns) / 1e9 < timeout_s
        target.run(0.5)
    assert target.ask("*TST?") == str(number)
    return (target.now_ns - since_ns) / 1e9


# A healthy board


def test_a_healthy_board_passes_and_not_one_step_of_the_test_counts(bench):
    pulses = bench.plant.pulses.count
    assert bench.ask("*TST?;:DEL:STEP?;:DEL:INT?") == "0;0,0,0,0;0.000000,0.000000"
    assert TEST_FAILED not in codes(bench)
    assert pulses == STEPS
    assert bench.plant.pulses.count == 2 * STEPS
    assert bench.plant.edges.count == bench.plant.motor.position_steps == 0


def test_between_deliveries_the_test_changes_no_count(pump):
    for rate, seconds in (("24 ML/D", 7), ("100 ML/HR", 3), ("1000 ML/HR", 2)):
        pump.prescribe(rate)
        assert pump.ask("*TST?") == "0"
        pump.tell("THER:STAR")
        pump.run(seconds)
        pump.tell("THER:STOP")
        before = pump.steps(), pump.ask("DEL:INT?")
        assert before[0].emitted > 0
        assert pump.ask("*TST?") == "0"
        assert (pump.steps(), pump.ask("DEL:INT?")) == before
        assert_balanced(pump)


def test_while_it_delivers_the_last_result_is_answered_and_no_edge_moves(pump):
    pump.prescribe("100 ML/HR")
    pump.tell("THER:STAR")
    for _ in range(20):
        assert pump.ask("*TST?;:SYST:STAT?") == "0;RUNNING"
        pump.run(0.1)
    pulses = pump.plant.pulses.count
    assert pulses - STEPS == pump.plant.edges.count
    pump.stop()
    assert_exact(pump, "100 ML/HR")


def test_a_failure_is_still_answered_while_it_delivers(pump):
    pump.target.pin("bolus_button").drive(0)
    assert pump.ask("*TST?") == str(BUTTON_DOWN)
    pump.target.pin("bolus_button").release()
    pump.prescribe("24 ML/D")
    pump.tell("THER:STAR")
    pump.run(3)
    assert pump.ask("*TST?;:SYST:STAT?") == f"{BUTTON_DOWN};RUNNING"


# 207: the clocks


@pytest.mark.hazard("clock-at-another-speed")
@pytest.mark.parametrize("speed", ["1.02", "0.98"])
def test_a_clock_at_another_speed_is_found_at_power_up(speed):
    target = SimTarget()
    target.world.set_timer_speed(speed)
    assert_fault(Board(target), CLOCKS_DISAGREE)
    assert target.plant.edges.count == 0


@pytest.mark.hazard("clock-at-another-speed")
@pytest.mark.parametrize("speed", ["1.02", "0.98"])
@pytest.mark.parametrize("rate", [None, "24 ML/D"], ids=["stopped", "delivering"])
def test_a_clock_that_changes_its_speed_is_found_within_a_minute(
    pump, rate, speed, record_property
):
    if rate is not None:
        pump.prescribe(rate)
        pump.tell("THER:STAR")
    pump.run(70)
    pump.target.world.set_timer_speed(speed)
    seconds = found_s(pump.target, CLOCKS_DISAGREE, 62)
    assert_fault(pump, CLOCKS_DISAGREE)
    what = "stopped" if rate is None else f"at {rate}"
    record_property("measured", f"clock at {speed}, {what}: fault 207 after {seconds:.1f} s")


@pytest.mark.parametrize("speed", ["1.005", "0.995"])
@pytest.mark.parametrize("rate", [None, "24 ML/D"], ids=["stopped", "delivering"])
def test_half_a_per_cent_is_no_other_speed(rate, speed):
    target = SimTarget()
    target.world.set_timer_speed(speed)
    bench = Bench(target)
    assert bench.ask("*TST?") == "0"
    if rate is not None:
        bench.prescribe(rate)
        bench.tell("THER:STAR")
    bench.run(180)
    assert bench.ask("*TST?") == "0"


# 208: the program


@pytest.fixture(scope="module")
def image():
    return build_image("RPI_PICO")


def with_image(power_up, image):
    name = "flash" if power_up.name != "emulator" else "image"
    return power_up(**{name: image})


def flipped(content, place, bit=0):
    return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


UNUSED = "/pump/hal/ds3231.mpy"  # this board does not import it


@pytest.mark.hazard("program-damaged")
def test_a_bit_flipped_in_a_file_of_the_program_is_found(power_up, image):
    content = read_files(image)[UNUSED]
    damaged = with_files(image, {UNUSED: flipped(content, len(content) // 2)})
    assert_fault(Board(with_image(power_up, damaged)), PROGRAM_DAMAGED)


def test_a_program_in_files_that_are_whole_passes(image):
    bench = Bench(with_image(SimTarget, image))
    assert bench.ask("*TST?;:SYST:STAT?") == "0;STOPPED"


def test_a_program_that_is_no_files_has_nothing_to_be_tested(pump):
    assert "/pump" not in {path[:5] for path in read_files(pump.target.flash)}
    assert pump.ask("*TST?") == "0"


@pytest.mark.hazard("program-damaged")
@pytest.mark.parametrize("path", ["/main.py", "/board.py", "/pump/app.mpy", SUMS])
@pytest.mark.parametrize("how", ["first byte", "last byte", "cut", "empty", "missing"])
def test_any_damage_to_any_file_is_found(image, path, how):
    content = read_files(image)[path]
    damaged = {
        "first byte": flipped(content, 0, 7),
        "last byte": flipped(content, len(content) - 1, 7),
        "cut": content[:-1] if path != SUMS else content[:-5],
        "empty": b"",
        "missing": None,
    }[how]
    target = with_image(SimTarget, with_files(image, {path: damaged}))
    assert_fault(Board(target), PROGRAM_DAMAGED)


@pytest.mark.slow
@pytest.mark.hazard("program-damaged")
def test_a_program_that_is_damaged_later_is_found_within_the_hour(image, record_property):
    bench = Bench(with_image(SimTarget, image))
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    bench.run(20 * 60)
    content = read_files(image)[UNUSED]
    write_on_board(bench.target, UNUSED, flipped(content, 99))
    seconds = found_s(bench.target, PROGRAM_DAMAGED, FOUND_S)
    assert_fault(bench, PROGRAM_DAMAGED)
    record_property("measured", f"program damaged while it delivers: 208 after {seconds:.0f} s")


# 209: the memory

STICKS = """
from pump import selftest_parts

class Sticking(bytearray):
    '''Memory with a bit that is always {bit}.'''

    def __setitem__(self, place, value):
        super().__setitem__(place, value)
        super().__setitem__(700, self[700] {sticks})

quiet, loud, long = app.self_test._load()
app.self_test._load = lambda: (quiet + (selftest_parts.ram(Sticking),), loud, long)
"""


@pytest.mark.hazard("memory-bad")
@pytest.mark.parametrize(("bit", "sticks"), [(1, "| 0x10"), (0, "& 0xef")])
def test_a_bit_of_memory_that_sticks_is_a_fault(bit, sticks):
    main = main_with_task(STICKS.format(bit=bit, sticks=sticks) + IDLE)
    assert_fault(Board(SimTarget(main=main)), MEMORY_BAD)


# 210: the step engine

MISCOUNTS = """
put = app.engine.put
app.engine.put = lambda count, period_us: put(count + {more}, period_us)
"""


@pytest.mark.hazard("step-lost-or-extra")
@pytest.mark.parametrize("level", [0, 1])
def test_a_step_pin_that_is_held_is_found_at_power_up(level):
    target = SimTarget()
    target.pin("step").drive(level)
    assert_fault(Board(target), ENGINE_WRONG)


@pytest.mark.slow
@pytest.mark.hazard("step-lost-or-extra")
@pytest.mark.parametrize("level", [0, 1])
def test_a_step_pin_that_is_held_later_is_found_within_the_hour(pump, level, record_property):
    pump.run(20 * 60)
    pump.target.pin("step").drive(level)
    seconds = found_s(pump.target, ENGINE_WRONG, FOUND_S)
    assert_fault(pump, ENGINE_WRONG)
    record_property("measured", f"step pin held at {level}: 210 after {seconds:.0f} s")


@pytest.mark.hazard("step-lost-or-extra")
@pytest.mark.parametrize(("level", "number"), [(0, ENGINE_WRONG), (1, WITNESS_MISMATCH)])
def test_a_step_pin_that_is_held_later_is_found_when_asked(pump, level, number):
    """Held high it has had an edge that nobody ordered."""
    pump.target.pin("step").drive(level)
    pump.run(1)
    assert_fault(pump, number)


@pytest.mark.hazard("step-lost-or-extra")
@pytest.mark.parametrize("more", [1, -1])
def test_an_engine_that_emits_a_step_too_many_or_too_few_is_a_fault(more):
    main = main_with_task(MISCOUNTS.format(more=more) + IDLE)
    assert_fault(Board(SimTarget(main=main)), ENGINE_WRONG)


# 211: the records

KEYS = ("setup", "titration", "prescription", "delivery", "past", "day", "alarms")
REWRITES = {
    "setup": ["RES:REF 19 ML"],
    "prescription": ["25 ML/D"],
    "delivery": ["THER:STAR", "THER:STOP"],
}


def with_records():
    """A pump that has each record but that of boluses."""
    bench = Bench(SimTarget(has_slow_flash=False))
    bench.prescribe("24 ML/D")
    bench.tell("RES:REF 20 ML;:THER:STAR")
    bench.run(3)
    bench.tell("THER:STOP")
    bench.run(3)
    return bench


def spoil(bench, *paths):
    """A bit flipped in copies that the running pump does not look at."""
    files = read_files(bench.target.flash)
    for path in paths:
        write_on_board(bench.target, path, flipped(files[path], len(files[path]) // 2))


@pytest.mark.hazard("record-damaged")
@pytest.mark.parametrize("key", REWRITES)
def test_both_copies_of_a_record_damaged_are_an_alarm_until_it_is_written_anew(key):
    bench = with_records()
    spoil(bench, path_of(key, 0), path_of(key, 1))
    assert_alarm(bench, RECORD_DAMAGED, asks=1)  # the alarm itself has the setup written
    for message in REWRITES[key]:
        if message.endswith("ML/D"):
            bench.prescribe(message)
        else:
            bench.tell(message)
        bench.run(3)
    assert_mended(bench)
    again = Bench(SimTarget(flash=bench.target.flash))
    assert again.ask("*TST?") == "0"


@pytest.mark.hazard("record-damaged")
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("key", REWRITES)
def test_one_copy_damaged_is_mended_from_the_other_and_on_record(key, number):
    bench = with_records()
    spoil(bench, path_of(key, number))
    assert bench.ask("*TST?") == "0"
    bench.run(2)
    assert TEST_FAILED not in codes(bench)
    assert events(bench, STORE_MENDED) == [f"STORE_MENDED {key} MENDED"]
    after = read_files(bench.target.flash)
    assert after[path_of(key, number)] == after[path_of(key, 1 - number)]
    assert bench.ask("*TST?") == "0"
    bench.run(2)
    assert len(events(bench, STORE_MENDED)) == 1


@pytest.mark.slow
@pytest.mark.hazard("record-damaged")
def test_a_record_that_is_damaged_while_it_delivers_is_found_within_the_hour(record_property):
    bench = with_records()
    bench.tell("THER:STAR")
    bench.run(20 * 60)
    spoil(bench, "/data/prescription.0", "/copy/prescription.1")
    since_ns = bench.target.now_ns
    while TEST_FAILED not in codes(bench):
        bench.run(1)
        seconds = (bench.target.now_ns - since_ns) / 1e9
        assert seconds < FOUND_S
    assert bench.ask("*TST?;:SYST:STAT?") == f"{RECORD_DAMAGED};RUNNING"
    record_property("measured", f"record damaged while it delivers: 211 after {seconds:.0f} s")


# 212 to 215: what is an alarm


@pytest.mark.hazard("button-noise")
@pytest.mark.parametrize("name", ["silence_button", "bolus_button"])
def test_a_button_that_is_down_at_power_up_is_an_alarm_until_it_is_released(name):
    target = SimTarget()
    target.pin(name).drive(0)
    bench = Bench(target)
    assert_alarm(bench, BUTTON_DOWN)
    target.pin(name).release()
    assert_mended(bench)


@pytest.mark.hazard("alarm-unheard")
@pytest.mark.parametrize("level", [0, 1])
def test_a_buzzer_whose_pin_is_held_is_an_alarm_until_it_follows(level):
    target = SimTarget()
    target.pin("buzzer").drive(level)
    bench = Bench(target)
    assert_alarm(bench, BUZZER_SILENT)
    bench.tell("ALAR:ACKN")
    bench.run(3)
    assert_alarm(bench, BUZZER_SILENT)
    target.pin("buzzer").release()
    assert_mended(bench)


@pytest.mark.chip_in_soak
@pytest.mark.hazard("alarm-unheard")
def test_a_lamp_whose_pin_is_held_is_an_alarm_until_it_follows(power_up):
    target = power_up()
    target.pin("lamp").drive(0)
    bench = Bench(target)
    assert_alarm(bench, LAMP_DARK)
    bench.tell("ALAR:ACKN")
    bench.run(3)
    assert_alarm(bench, LAMP_DARK)
    target.pin("lamp").release()
    assert_mended(bench)


@pytest.mark.hazard("alarm-unheard")
def test_a_lamp_that_is_always_lit_is_an_alarm(pump):
    pump.run(2)  # the tone of power-up is over
    pump.target.pin("lamp").drive(1)
    assert_alarm(pump, LAMP_DARK)


@pytest.mark.hazard("task-hangs")
def test_a_watchdog_that_does_not_run_is_an_alarm_until_it_does(pump):
    pump.target.world.watchdog.write(WATCHDOG_CONTROL, 0)
    assert_alarm(pump, WATCHDOG_OFF)
    pump.target.world.watchdog.start(TIMEOUT_MS)
    assert_mended(pump)


# Every hour


@pytest.mark.slow
@pytest.mark.parametrize("rate", ["24 ML/D", "1000 ML/HR"])
def test_the_hourly_test_disturbs_no_delivery(image, rate):
    bench = Bench(with_image(SimTarget, image))
    bench.mark()
    bench.prescribe(rate)
    bench.tell("THER:STAR")
    bench.run(2 * HOUR_S + 60)
    bench.stop()
    assert bench.ask("*TST?") == "0"
    assert_exact(bench, rate)
