# SPDX-License-Identifier: MIT
"""How alarms sound on the pin: each burst within its table, in time, finished, and then silent."""

import itertools

import pytest

from host_tests.support.sessions.alarm import (
    ACTING_PIN,
    assert_sounds,
    filled,
    heard,
    listen,
    pressing,
    states,
    with_board,
)
from host_tests.support.sessions.bench import (
    HOARD,
    Bench,
    assert_balanced,
    assert_on_time,
    main_with_task,
    period_us,
)
from pumpbench.analysis import standard
from pumpbench.targets.emulator import flash as emulated_flash

PRIORITIES = ("HIGH", "MEDIUM", "LOW")
# What brings a priority about from a stopped pump with a full reservoir, and what ends it.
CAUSES = {"HIGH": "RES:REF 0.5 ML", "MEDIUM": "RES:REF 10 ML,18 ML", "LOW": "RES:REF 2 ML"}
ENDS = {"HIGH": "RES:REF 20 ML", "MEDIUM": "RES:REF 10 ML,10 ML", "LOW": "RES:REF 20 ML"}
TASK_LATE = 322
BURST_S = {"HIGH": 3.35, "MEDIUM": 1.05, "LOW": 0.65}
WIDEST_NS = 500_000  # an eighth of the longest period, C4
ANSWERED_S = 0.5  # a command of the console is done by then, flash written, on a chip, too
LATEST_S = 0.5


def margins(rows):
    """The row that is nearest to its limit, in words."""
    tight = [row for row in rows if row.margin is not None and row.unit in ("ms", "Hz", "s")]
    return "; ".join(f"{row.what} {standard.measured(row)}" for row in tight)


def assert_pin_at_rest(bench, seconds=2.0):
    """No pulse was longer than those of a tone, the pin is silent, and stays so."""
    buzzer = bench.plant.buzzer
    assert not buzzer.is_on
    widths = [width_ns for _, width_ns in buzzer.pulses()]
    assert max(widths, default=0) <= WIDEST_NS
    count = buzzer.count
    bench.run(seconds)
    assert buzzer.count == count


@pytest.mark.chip_in_soak
@pytest.mark.parametrize("priority", PRIORITIES)
def test_a_burst_is_within_every_row_of_its_table(bench, priority, record_property):
    """With every run on the emulator, too: the demonstration judges each priority there."""
    filled(bench)
    bench.tell(CAUSES[priority])
    found = heard(bench, 13)
    following = found[1] if len(found) > 1 else None
    rows = standard.measure(found[0], priority, following)
    assert standard.sentences(rows, priority) == []
    record_property("measured", f"{priority} on {bench.target.name}: {margins(rows)}")


def slow_flash(target, monkeypatch):
    """The slowest flash of the datasheet: 400 ms a sector, 3 ms a page."""
    if target.name != "emulator":
        target.world.flash.erase_ns, target.world.flash.program_ns = 400_000_000, 3_000_000
        return
    times = {0x02: 3_000_000, 0x20: 400_000_000, 0xD8: 400_000_000}
    monkeypatch.setattr(emulated_flash, "_TIMES_NS", times)


def test_a_burst_of_high_is_so_while_the_pump_delivers_flash_is_slow_and_the_console_is_flooded(
    bench, monkeypatch, record_property
):
    record_property("measured", under_load(bench, "HIGH", monkeypatch))


@pytest.mark.chip_in_soak
@pytest.mark.parametrize("priority", ["MEDIUM", "LOW"])
def test_a_burst_is_so_while_the_pump_delivers_flash_is_slow_and_the_console_is_flooded(
    bench, priority, monkeypatch
):
    under_load(bench, priority, monkeypatch)


def load(bench, count):
    """Messages that are written to flash, each, and fill the heap."""
    for n in range(count):
        bench.target.write(f"RES:LOW 1.{n} ML;:PRES:ACT?;:ALAR:TABL?;*IDN?\n".encode())
        bench.run(0.6)


def under_load(bench, priority, monkeypatch):
    """A burst while everything happens that could disturb it; no step is moved by it, either."""
    filled(bench)
    bench.prescribe("24 ML/D")
    bench.run(1)
    bench.mark()
    bench.tell("THER:STAR")
    slow_flash(bench.target, monkeypatch)
    load(bench, 3)
    bench.drain()
    for _ in range(6 if bench.target.name == "emulator" else 0):
        if TASK_LATE in states(bench):  # an alarm of its own, that would take a test's place
            break
        load(bench, 1)
        bench.drain()
    for code in states(bench):
        bench.tell(f"ALAR:ACKN {code}")
    bench.run(1)
    listen(bench)
    bench.target.write(f"ALAR:TEST {priority}\n".encode())
    load(bench, 6)
    found = heard(bench, 3)
    assert standard.problems(found[0], priority) == []
    bench.drain()
    bench.stop()
    assert_on_time(bench.plant.edges, period_us("24 ML/D"))
    assert_balanced(bench)
    rows = standard.measure(found[0], priority)
    return f"{priority} under load on {bench.target.name}: {margins(rows)}"


HANG = "while True:\n    machine.idle()"


@pytest.mark.chip_in_soak
@pytest.mark.hazard("task-hangs")
@pytest.mark.parametrize("at_s", [0.02, 0.9, 2.2])
def test_a_burst_that_has_begun_is_finished_in_time_after_python_hangs(power_up, at_s):
    bench = filled(Bench(power_up(main=pressing(HANG))))
    bench.target.write(f"{CAUSES['HIGH']}\n".encode())
    bench.target.run_until(lambda: bench.plant.buzzer.count > 0)
    bench.run(at_s)
    bench.target.pin(ACTING_PIN).drive(0)
    found = heard(bench, 6)  # then the watchdog resets the board
    assert len(found) == 1
    assert standard.problems(found[0], "HIGH") == []
    assert bench.plant.lamps["lamp"].changes[-1][0] > bench.target.now_ns - 500_000_000
    assert_pin_at_rest(bench)


@pytest.mark.hazard("task-hangs")
@pytest.mark.emulator
@pytest.mark.parametrize(
    ("at_s", "rest_s"),
    [
        (0.3, 0.5),
        pytest.param(0.3, 2.4, marks=pytest.mark.long),
        pytest.param(1.7, 2.4, marks=pytest.mark.long),
    ],
)
def test_a_burst_is_finished_in_time_after_the_processor_hangs(emulated_bench, at_s, rest_s):
    """A processor that never rests costs the emulator more than anything: a second of silence."""
    bench = filled(emulated_bench)
    bench.target.write(f"{CAUSES['HIGH']}\n".encode())
    bench.target.run_until(lambda: bench.plant.buzzer.count > 0)
    bench.run(at_s)
    bench.target.hang()
    found = heard(bench, BURST_S["HIGH"] - at_s + rest_s)
    assert len(found) == 1
    assert standard.problems(found[0], "HIGH") == []
    assert_pin_at_rest(bench, rest_s)


@pytest.mark.not_on_unix
@pytest.mark.chip_in_soak
@pytest.mark.hazard("heap-low")
def test_a_pump_that_goes_down_for_want_of_memory_is_heard(power_up):
    bench = filled(Bench(power_up(main=main_with_task(HOARD))))
    bench.prescribe("1000 ML/HR")
    bench.run(1)
    listen(bench)
    bench.tell("THER:STAR")
    found = heard(bench, 5)
    assert standard.problems(found[0], "HIGH") == []
    assert found[0][0].first_ns - bench.plant.edges.last_ns < LATEST_S * 1e9


def instants(target, priority, answer):
    """40 from the first edge of a burst to its last one.

    Two on a chip where they would have to be ten minutes apart.
    """
    count = 2 if target.name == "emulator" and answer in ENDS.values() else 40
    return [BURST_S[priority] * (n + 0.37) / count for n in range(count)]


@pytest.mark.slow
@pytest.mark.unix_in_soak(but=("HIGH-ALAR:ACKN",))
@pytest.mark.chip_in_soak
@pytest.mark.hazard("buzzer-stays-on")
@pytest.mark.parametrize(
    ("priority", "answer"),
    [
        ("HIGH", "ALAR:PAUS 1 MIN"),
        ("HIGH", "ALAR:ACKN"),
        ("MEDIUM", "ALAR:ACKN"),
        ("MEDIUM", ENDS["MEDIUM"]),
        ("LOW", ENDS["LOW"]),
    ],
)
def test_an_answer_at_any_instant_of_a_burst_leaves_the_pin_silent(bench, priority, answer):
    filled(bench)
    bench.tell("ALAR:REM 0 S")
    for at_s in instants(bench.target, priority, answer):
        bench.run(16 if priority == "LOW" else 0.1)
        if answer in ENDS.values() and bench.target.name != "emulator":
            bench.run(600)  # what comes three times within ten minutes does not end by itself
        listen(bench)
        bench.tell(CAUSES[priority])
        bench.target.run_until(lambda: bench.plant.buzzer.count > 0, timeout_s=17)
        bench.run(at_s)
        bench.tell(answer)
        bench.run(0.05)
        assert_pin_at_rest(bench, 1.0)
        if "PAUS" in answer:
            bench.tell("ALAR:PAUS 0 S")
        bench.tell(ENDS[priority] + ";:ALAR:REM 0 S")
        bench.target.tell("ALAR:ACKN")  # there may be nothing left to answer
        bench.target.tell("*CLS")


@pytest.mark.unix_in_soak(but=("93", "1006", "2417"))
@pytest.mark.chip_in_soak
@pytest.mark.hazard("buzzer-stays-on")
@pytest.mark.parametrize("at_ms", range(10, 3300, 83))
def test_service_at_any_instant_of_a_burst_leaves_the_pin_silent(bench, at_ms):
    filled(bench)
    bench.target.write(f"{CAUSES['HIGH']}\n".encode())
    bench.target.run_until(lambda: bench.plant.buzzer.count > 0)
    bench.run(at_ms / 1000)
    bench.target.write(b"SYST:SERV\n")
    bench.run(ANSWERED_S)
    assert_pin_at_rest(bench)
    assert not bench.plant.lamps["lamp"].is_on


@pytest.mark.slow
@pytest.mark.unix_in_soak
@pytest.mark.chip_in_soak
@pytest.mark.hazard("buzzer-stays-on")
@pytest.mark.parametrize("way", ["machine.reset()", "raise ValueError"])
def test_a_reset_or_a_trip_at_any_instant_of_a_burst_leaves_the_pin_silent(power_up, way):
    for at_s in AT_S if power_up.name != "emulator" else AT_S[5::16]:
        bench = filled(Bench(power_up(main=pressing(way))))
        bench.target.write(f"{CAUSES['LOW']}\n".encode())
        bench.target.run_until(lambda b=bench: b.plant.buzzer.count > 0)
        bench.run(at_s)
        bench.target.pin(ACTING_PIN).drive(0)
        bench.run(0.06 if power_up.name != "emulator" else 0.25)  # it is looked at every 50 ms
        if way == "machine.reset()":
            assert_pin_at_rest(bench, 0.3)
            continue
        listen(bench)
        assert_sounds(bench, "HIGH", 12.5)
        widths = [width_ns for _, width_ns in bench.plant.buzzer.pulses()]
        assert max(widths, default=0) <= WIDEST_NS


AT_S = [0.05 + 0.016 * n for n in range(40)]


@pytest.mark.slow
@pytest.mark.unix_in_soak
@pytest.mark.chip_in_soak
@pytest.mark.hazard("buzzer-stays-on")
def test_a_silent_pump_moves_the_pin_not_once(bench):
    """An hour on `sim`, five minutes on a chip; delivering."""
    filled(bench)
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    bench.run(1)
    listen(bench)
    bench.run(3600 if bench.target.name != "emulator" else 300)
    assert bench.plant.buzzer.count == 0
    assert bench.ask("SYST:STAT?;:ALAR:ACT?") == 'RUNNING;0,"None"'


@pytest.mark.slow
@pytest.mark.chip_in_soak
@pytest.mark.hazard("alarm-unheard")
def test_from_a_condition_to_the_first_edge_of_its_sound(bench, record_property):
    record_property("measured", onsets(bench, 100 if bench.target.name != "emulator" else 4))


@pytest.mark.long
@pytest.mark.emulator
def test_from_a_condition_to_the_first_edge_of_its_sound_a_hundred_times(
    emulated_bench, record_property
):
    record_property("measured", onsets(emulated_bench, 100))


def onsets(bench, count):
    """From the last byte of a message that brings a condition about to the first edge."""
    filled(bench)
    bench.tell("ALAR:REM 0 S")
    worst_s = 0.0
    for n in range(count):
        priority = ("HIGH", "MEDIUM")[n % 2]
        listen(bench)
        bench.run(0.003 * (n % 37))
        before_ns = bench.target.now_ns
        bench.target.write(f"{CAUSES[priority]}\n".encode())
        bench.target.run_until(lambda: bench.plant.buzzer.count > 0, step_s=0.002)
        worst_s = max(worst_s, (bench.target.now_ns - before_ns) / 1e9)
        bench.drain()
        bench.tell("ALAR:ACKN")
        bench.tell(ENDS[priority])
        bench.target.tell("ALAR:ACKN")  # there may be nothing left to answer
        bench.target.tell("*CLS")
        bench.run(0.1)
    assert worst_s <= LATEST_S
    where = bench.target.name
    return f"condition to first edge on {where}: {1000 * worst_s:.0f} ms at worst of {count}"


PASSIVE, ACTIVE = 'BUZZER = "passive"', 'BUZZER = "active"'


@pytest.mark.chip_in_soak
@pytest.mark.parametrize("pin", ["GP15", "!GP15"])
def test_an_active_buzzer_is_on_for_each_tone_and_off_after_any_answer(power_up, pin):
    changes = ((PASSIVE, ACTIVE), ('"buzzer": "GP15"', f'"buzzer": "{pin}"'))
    board = with_board(power_up, *changes)
    bench = filled(Bench(board))
    buzzer = bench.plant.buzzer
    bench.tell("ALAR:TEST HIGH")
    bench.run(3.6)
    tones = list(buzzer.pulses())
    assert len(tones) == 10
    assert all(75e6 <= width_ns <= 200e6 for _, width_ns in tones)
    gaps = [b[0] - a[0] - a[1] for a, b in itertools.pairwise(tones)]
    assert all(50e6 <= gap <= 125e6 for gap in [*gaps[:2], gaps[3], *gaps[5:7], gaps[8]])
    assert 350e6 <= gaps[4] <= 1300e6
    for at_s in (0.03, 0.21, 0.5):
        bench.tell("RES:REF 0.5 ML")
        bench.target.run_until(lambda: buzzer.is_on)
        bench.run(at_s)
        bench.tell("ALAR:ACKN")
        bench.run(0.05)
        count = buzzer.count
        assert not buzzer.is_on
        bench.run(1)
        assert buzzer.count == count
        bench.tell("RES:REF 20 ML")


@pytest.mark.no_chip
def test_two_lamps_show_high_in_red_and_the_others_in_yellow(power_up):
    two = '"lamp_red": "GP16",\n    "lamp_yellow": "!GP17"'
    bench = filled(Bench(with_board(power_up, ('"lamp": "GP25"', two))))
    red, yellow = bench.plant.lamps["lamp_red"], bench.plant.lamps["lamp_yellow"]
    assert not red.is_on
    assert not yellow.is_on
    red.clear()  # of the self-test
    bench.tell(CAUSES["LOW"])
    bench.run(0.1)
    assert yellow.is_on
    assert red.changes == []
    bench.tell(CAUSES["MEDIUM"])
    yellow.clear()
    bench.run(6)
    assert standard.lamp_problems(yellow.changes, "MEDIUM") == []
    bench.tell(CAUSES["HIGH"])
    yellow.clear()
    bench.run(3)
    assert standard.lamp_problems(red.changes, "HIGH") == []
    assert not yellow.is_on
    assert yellow.changes == []
