# SPDX-License-Identifier: MIT
"""The executive's watch: a late task and a high load are told, and stop nothing."""

import pytest

from host_tests.support.console.alarm_answers import codes
from host_tests.support.sessions.alarm import assert_sounds, filled, states
from host_tests.support.sessions.bench import Bench, assert_exact, main_with_task
from pump.alarm import conditions
from pump.records.event_codes import TASK_LATE
from pumpbench.targets.sim import SimTarget

LATE, LOADED = 322, 323
MINUTE_S = 60
RATE = "24 ML/D"

# A task that is as late as `late` says, when the pin is pulled; or always busy.
ONCE = """
button = hal.Input("^!GP10")
done = []

def extra(now_us):
    if button.is_active() and not done:
        done.append(1)
        time.sleep_ms({ms})
    return app.clock.now_us() + 100_000
"""
IN_CONSOLE = """
poll, button, done = app.link.poll, hal.Input("^!GP10"), []

def slow(now_us):
    if button.is_active() and not done:
        done.append(1)
        time.sleep_ms({ms})
    return poll(now_us)

app.tasks = (("console", slow),) + app.tasks[1:]

def extra(now_us):
    return now_us + 100_000
"""
# Many tasks that are quick enough each, and hold up the one that is due in 10 ms.
TOGETHER = (
    ONCE
    + """
def short(now_us):
    if button.is_active() and len(done) < 6:
        done.append(1)
        time.sleep_ms({ms})
    return now_us + 100_000

def prompt(now_us):
    return now_us + 10_000

app.tasks += tuple([("short", short)] * 5) + (("prompt", prompt),)
"""
)
BUSY = """
button = hal.Input("^!GP10")

def extra(now_us):
    if button.is_active():
        time.sleep_ms({ms})
    return now_us + 100_000
"""


def delivering(task):
    """A pump that delivers, with a task more."""
    bench = filled(Bench(SimTarget(main=main_with_task(task))))
    bench.prescribe(RATE)
    bench.mark()
    bench.tell("THER:STAR")
    bench.run(3)
    return bench


def pull(bench, seconds):
    bench.target.pin(10).drive(0)
    bench.run(seconds)
    bench.target.pin(10).drive(1)


def told(bench):
    """The texts of TASK_LATE."""
    count, first = map(int, bench.ask("LOG:COUN?").split(","))
    answers = [bench.ask(f"LOG:READ? {number},1") for number in range(first, first + count)]
    return [text.split('"')[1] for text in answers if text.split(",")[4] == str(TASK_LATE)]


def assert_delivers(bench):
    """It went on, with every step on time."""
    assert bench.ask("SYST:STAT?;*TST?") == "RUNNING;0"
    bench.stop()
    assert_exact(bench, RATE)


def test_both_are_low_and_end_by_themselves():
    for code in (LATE, LOADED):
        row = conditions.row(code)
        assert row.priority == conditions.LOW
        assert not row.is_latching


@pytest.mark.hazard("task-hangs")
def test_a_task_that_takes_too_long_once_is_told_with_its_name_and_time():
    bench = delivering(ONCE.format(ms=600))
    bench.plant.buzzer.clear()
    pull(bench, 2)
    assert states(bench)[LATE] == "ACTIVE"
    assert told(bench) == ["TASK_LATE extra 600 ms"]
    assert_sounds(bench, conditions.LOW, 1)
    bench.run(MINUTE_S - 6)
    assert LATE in codes(bench)
    bench.run(6)
    assert LATE not in codes(bench)
    assert_delivers(bench)


def test_a_task_that_takes_half_a_second_is_not_late():
    bench = delivering(ONCE.format(ms=490))
    pull(bench, 2)
    assert LATE not in codes(bench)
    assert told(bench) == []
    assert_delivers(bench)


@pytest.mark.parametrize(("ms", "is_late"), [(1990, False), (2010, True)])
def test_the_console_may_take_two_seconds_and_nobody_is_late_by_it(ms, is_late):
    """While it is stopped: a commit of a week is such a command, and the self-test."""
    bench = delivering(IN_CONSOLE.format(ms=ms))
    bench.stop()
    bench.run(2)
    pull(bench, 4)
    assert (LATE in codes(bench)) == is_late
    assert told(bench) == (["TASK_LATE console 2010 ms"] if is_late else [])
    assert bench.ask("SYST:STAT?;*TST?") == "STOPPED;0"
    assert_exact(bench, RATE)


@pytest.mark.hazard("task-hangs")
@pytest.mark.parametrize("phase", range(10))
def test_a_command_of_a_second_holds_up_no_step_and_nobody_is_late_by_it(phase):
    bench = delivering(IN_CONSOLE.format(ms=950))
    bench.run(0.0517 * phase)
    pull(bench, 4)
    assert told(bench) == []
    assert_delivers(bench)


@pytest.mark.hazard("task-hangs")
def test_a_task_that_others_keep_waiting_for_over_a_second_is_told():
    bench = delivering(TOGETHER.format(ms=240))
    pull(bench, 3)
    assert states(bench)[LATE] == "ACTIVE"
    assert len(told(bench)) == 1
    assert 1000 < int(told(bench)[0].split()[2]) < 1500
    assert_delivers(bench)


@pytest.mark.slow
@pytest.mark.parametrize(("ms", "is_loaded"), [(76, False), (86, True)])
def test_a_board_that_is_busy_for_a_minute_is_told_until_it_is_not(ms, is_loaded):
    bench = delivering(BUSY.format(ms=ms))
    pull(bench, 2 * MINUTE_S + 5)
    assert (LOADED in codes(bench)) == is_loaded
    bench.run(2 * MINUTE_S)
    assert not {LATE, LOADED} & codes(bench)
    assert told(bench) == []
    assert_delivers(bench)
