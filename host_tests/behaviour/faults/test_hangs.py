# SPDX-License-Identifier: MIT
"""Python hangs, anywhere: the steps end with the lease, and the watchdog resets the board."""

import pytest

from host_tests.support.console.alarm_answers import shown
from host_tests.support.sessions.bench import STEP_NL, Bench, main_with_task, period_us
from pump.faults import RESET_LOOP
from pump.watchdog import TIMEOUT_MS
from pumpbench.client.lines import PumpError
from pumpbench.client.pump import Pump
from pumpbench.targets.sim import SimTarget

LEASE_S = 2.0
TIMEOUT_S = TIMEOUT_MS / 1000
INTERRUPTED, PUMP_FAULT = 304, 310
RATES = ("1 ML/D", "24 ML/D", "1000 ML/HR")

# What every main.py here begins with; it hangs in the first life only.
HANGS = """
is_first = machine.reset_cause() == machine.PWRON_RESET
armed = []

def hang():
    print("HUNG")
    while True:
        machine.idle()

def extra(now_us):
    return now_us + 500_000
"""
IN_TASK = """
def hanging(poll):
    def wrapped(now_us):
        if is_first and delivering_us(now_us) >= {after_us}:
            hang()
        due_us = poll(now_us)
        return due_us if due_us is None else min(due_us, now_us + 500_000)
    return wrapped

app.tasks = tuple(
    [(name, hanging(poll) if name == "{task}" else poll) for name, poll in app.tasks]
)
"""
IN_CALL = """
class Hanging:
    '''Stands in for an object; one of its methods hangs, the time that `calls` counts down to.'''

    def __init__(self, other, name, calls, is_late):
        self._other, self._name, self._left, self._is_late = other, name, calls, is_late

    def __getattr__(self, name):
        method = getattr(self._other, name)
        return method if name != self._name else lambda *arguments: self._call(method, arguments)

    def _call(self, method, arguments):
        self._left -= 1
        if is_first and not self._left and not self._is_late:
            hang()
        result = method(*arguments)
        if is_first and not self._left:
            hang()
        return result

app.dispenser.{attribute} = Hanging(app.dispenser.{attribute}, "{method}", {calls}, {is_late})
"""
# The lease is renewed after each command of a message, and a message is one cycle.
IN_A_LONG_CYCLE = """
def slow(now_us):
    if is_first and delivering_us(now_us) >= 1_000_000:
        for _ in range({renewals}):
            time.sleep_ms(230)
            app.dispenser.renew(0)
        hang()
    return now_us + 20_000

app.tasks += (("slow", slow),)
"""
TASKS = ["console", "dispenser", "reservoir", "infusion", "staging", "panel"]
TASKS += ["monitor", "annunciator", "memory", "clocks"]
TASKS += ["self-test", "conditions"]


def hung(bench):
    """Run until Python hangs; returns when, and how many steps were out."""
    target = bench.target
    target.run_until(lambda: b"HUNG" in target.output, timeout_s=20, step_s=0.001)
    return target.now_ns, bench.plant.edges.count


def next_life(target, power_up, main):
    """Wait until the watchdog has reset the board; returns (when, what comes up)."""
    if target.name == "emulator":
        target.run_until(lambda: not target.is_connected, timeout_s=TIMEOUT_S + 1)
        at_ns = target.now_ns
        target.write(b"\n*CLS;*OPC?\n")
        while target.read_line(20) != "1":
            pass
        return at_ns, target
    target.run_until(lambda: target.was_reset_by_watchdog, timeout_s=TIMEOUT_S + 6)
    kept = {"flash": target.flash, "scratch": target.scratch, "reset_cause": 3}
    at_ns = target.ended.t_ns
    again = power_up(main=main, **kept)
    again.run(2)
    return at_ns, again


def holds_truth(target, delivered_nl):
    """Whether DELivery:INTerval? holds what is in the beaker; returns its width in nanolitres."""
    least_nl, most_nl = (round(float(ml) * 1e6) for ml in target.ask("DEL:INT?").split(","))
    assert least_nl - 1 <= delivered_nl <= most_nl + 1
    return most_nl - least_nl


def assert_came_up(target):
    """Stopped, with the reason, the driver off; nothing moves until somebody has confirmed."""
    assert target.ask("SYST:STAT?;:SYST:RES?") == "STOPPED;WATCHDOG"
    assert shown(target.ask("ALAR:ACT?"))[INTERRUPTED] == "ACTIVE"
    assert target.pin("enable").level == 1
    with pytest.raises(PumpError) as raised:
        Pump(target).tell("THER:STAR")
    assert raised.value.number == 128


def hang_in(task, power_up):
    """Hang in a task of a running delivery; returns what was measured."""
    main = main_with_task(HANGS + IN_TASK.format(task=task, after_us=3_000_000))
    bench = Bench(power_up(main=main))
    target = bench.target
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    hung_ns, before = hung(bench)
    reset_ns, again = next_life(target, power_up, main)
    edges = bench.plant.edges
    after = edges.count - before
    assert edges.last_ns - hung_ns <= LEASE_S * 1e9
    assert (reset_ns - hung_ns) / 1e9 <= TIMEOUT_S + 0.01
    assert_came_up(again)
    holds_truth(again, bench.plant.beaker.volume_nl)
    return (
        f"hang in {task} at 24 ML/D on {target.name}: {after} steps, {float(after * STEP_NL)} nL "
        f"after it, reset after {(reset_ns - hung_ns) / 1e9:.2f} s"
    )


@pytest.mark.chip_in_soak
@pytest.mark.hazard("task-hangs")
def test_a_hang_in_the_dispenser_ends_in_a_stopped_pump_that_says_why(power_up, record_property):
    record_property("measured", hang_in("dispenser", power_up))


@pytest.mark.chip_in_soak
@pytest.mark.hazard("task-hangs")
@pytest.mark.parametrize("task", TASKS)
def test_a_hang_in_any_task_ends_in_a_stopped_pump_that_says_why(power_up, task, record_property):
    record_property("measured", hang_in(task, power_up))


def test_these_are_all_tasks():
    print_them = 'print(" ".join([name for name, _ in app.tasks]))\n'
    target = SimTarget(main=main_with_task(HANGS + print_them))
    target.run(1)
    assert target.output.decode().split() == TASKS


@pytest.mark.hazard("task-hangs")
@pytest.mark.no_chip
@pytest.mark.parametrize("rate", RATES)
def test_what_a_hang_delivers_too_much_and_that_it_is_counted(power_up, rate, record_property):
    after_us = 3_000_000 if rate != "1 ML/D" else 5_300_000  # a step is due in the lease
    main = main_with_task(HANGS + IN_TASK.format(task="infusion", after_us=after_us))
    bench = Bench(power_up(main=main))
    bench.prescribe(rate)
    bench.tell("THER:STAR")
    _, before = hung(bench)
    _, again = next_life(bench.target, power_up, main)
    after = bench.plant.edges.count - before
    assert after <= LEASE_S * 1e6 / period_us(rate) + 1
    width_nl = holds_truth(again, bench.plant.beaker.volume_nl)
    assert width_nl <= 1  # exact: the queue had run dry before
    record_property(
        "measured",
        f"over-delivered by a hang at {rate}: {after} steps, {float(after * STEP_NL)} nL",
    )


@pytest.mark.hazard("task-hangs")
@pytest.mark.parametrize("renewals", [1, 20, 25, 30, 33])
def test_a_hang_late_in_a_long_cycle_proves_no_empty_queue(renewals, record_property):
    main = main_with_task(HANGS + IN_A_LONG_CYCLE.format(renewals=renewals))
    bench = Bench(SimTarget(main=main))
    bench.prescribe("100 ML/HR")
    bench.tell("THER:STAR")
    hung(bench)
    _, again = next_life(bench.target, SimTarget, main)
    width_nl = holds_truth(again, bench.plant.beaker.volume_nl)
    assert width_nl <= LEASE_S * 1e6 / period_us("100 ML/HR") * STEP_NL + STEP_NL
    record_property(
        "measured", f"hang after {renewals} renewals in one cycle: interval {width_nl} nL wide"
    )


CALLS = [
    ("_engine", "start", 1),
    ("_engine", "put", 1),
    ("_engine", "put", 3),
    ("_engine", "put", 9),
    ("_engine", "stop", 1),
    ("_journal", "planned", 1),
    ("_journal", "planned", 6),
    ("_journal", "queued", 1),
    ("_journal", "queued", 7),
    ("_journal", "queue_ends", 1),
    ("_journal", "queue_ends", 3),
    ("_journal", "stopping", 1),
    ("_journal", "stopped", 1),
]


@pytest.mark.hazard("task-hangs")
@pytest.mark.parametrize("is_late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("attribute", "method", "calls"), CALLS)
def test_a_hang_around_any_touch_of_the_engine_leaves_the_truth_in_the_interval(
    attribute, method, calls, is_late
):
    call = IN_CALL.format(attribute=attribute, method=method, calls=calls, is_late=is_late)
    extra = f"def extra(now_us):\n{arm(call)}    return now_us + 100_000\n"
    main = main_with_task(HANGS + extra)
    bench = Bench(SimTarget(main=main))
    bench.prescribe("100 ML/HR")
    bench.run(2)
    bench.target.write(b"THER:STAR\n")
    bench.run(5)
    bench.target.write(b"THER:STOP\n")
    hung(bench)
    _, again = next_life(bench.target, SimTarget, main)
    holds_truth(again, bench.plant.beaker.volume_nl)
    assert again.ask("SYST:STAT?") == "STOPPED"


def arm(text):
    """Lines that run once, a second after boot: later than what the firmware does for itself."""
    body = "".join(f"        {line}\n" for line in text.splitlines())
    return f"    if not armed and now_us > 1_000_000:\n        armed.append(1)\n{body}"


LOOP = """
born_us = app.clock.now_us()

def extra(now_us):
    if now_us - born_us > {after_us}:
        while True:
            machine.idle()
    return now_us + 100_000
"""


@pytest.mark.hazard("task-hangs")
def test_the_third_bite_within_minutes_leaves_a_pump_that_stays_down_and_says_so():
    main = main_with_task(LOOP.format(after_us=6_000_000))
    target = SimTarget(main=main)
    for _ in range(3):
        target.run(1)
        assert target.ask("SYST:STAT?;*TST?") == "STOPPED;0"
        _, target = next_life(target, SimTarget, main)
    assert target.ask("SYST:STAT?;*TST?") == f"FAULT;{RESET_LOOP}"
    assert shown(target.ask("ALAR:ACT?"))[PUMP_FAULT] == "ACTIVE"
    assert target.plant.buzzer.last_ns is not None
    target.write(b"THER:STAR\n")
    assert target.ask("SYST:ERR?").startswith(f"{RESET_LOOP},")
    assert target.ask("SYST:ERR?").startswith("107,")
    target.run(120)  # it hangs again, and there it stays
    assert target.ended is None
    assert not target.plant.is_enabled
    after_cut = SimTarget(main=main, flash=target.flash)
    after_cut.run(1)
    assert after_cut.ask("SYST:STAT?;*TST?") == "STOPPED;0"


@pytest.mark.slow
@pytest.mark.hazard("task-hangs")
def test_bites_that_come_after_a_long_good_run_do_not_add_up():
    main = main_with_task(LOOP.format(after_us=601_000_000))
    target = SimTarget(main=main)
    for _ in range(4):
        target.run(600)
        _, target = next_life(target, SimTarget, main)
        assert target.ask("SYST:STAT?;*TST?") == "STOPPED;0"


@pytest.mark.hazard("task-hangs")
def test_service_stops_the_watchdog(bench):
    """The REPL feeds nothing; whoever deploys has all the time."""
    target = bench.target
    target.write(b"SYST:SERV\n")
    bench.run(TIMEOUT_S + 2)
    if target.name != "emulator":
        assert target.ended is not None
        assert not target.was_reset_by_watchdog
    else:
        target.write(b"\r\nimport machine; machine.mem32[0x40058000] >> 30 & 1\r\n")
        target.run(1)
        assert target.output.splitlines()[-2:] == [b"0", b">>> "]


@pytest.mark.hazard("task-hangs")
def test_an_error_that_nothing_catches_ends_in_a_reset_not_at_the_repl():
    task = "def extra(now_us):\n    if now_us > 3_000_000:\n        raise KeyboardInterrupt\n"
    main = main_with_task(task + "    return now_us + 100_000\n")
    target = SimTarget(main=main)
    target.run(4)
    assert isinstance(target.ended.error, KeyboardInterrupt)
    assert not target.plant.is_enabled
    target.run(TIMEOUT_S)
    assert target.was_reset_by_watchdog


def test_a_board_without_a_watchdog_runs_without_one():
    bench = Bench(SimTarget(machine="Some board with RP9999"))
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    bench.run(20)
    assert bench.ask("SYST:STAT?;*TST?") == "RUNNING;0"
