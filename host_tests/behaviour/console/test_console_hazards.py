# SPDX-License-Identifier: MIT
"""What a hostile review got the console to do, on `sim`: lines of many queries, answers without
end, queries without memory, flex days beyond bounds."""

import pytest

from host_tests.support.errors import FLEX_CONFLICT
from host_tests.support.sessions.bench import Bench, assert_exact, main_with_task
from host_tests.support.sessions.therapy import prescribe, refusal
from pumpbench.targets.sim import SimTarget

OUT_OF_MEMORY, SYSTEM_ERROR, DEADLOCKED = -225, -310, -430


# Whatever looks at the limits of the pump does more than that.
LIMITS = """
limits = app.orders.interlocks.limits


def slower():
    {more}
    return limits()


def extra(now_us):
    return None


app.orders.interlocks.limits = slower
"""


def with_limits(more):
    """A board on which a look at the limits of the pump, as VAL? and COMP? have it, does more."""
    return Bench(SimTarget(main=main_with_task(LIMITS.format(more=more))))


@pytest.mark.slow
@pytest.mark.hazard("console-flood")
@pytest.mark.parametrize("rate", ["24 ML/D", "995.6 ML/HR"])
@pytest.mark.parametrize(
    "line",
    ["PRES:COMP?" + ";COMP?" * 40, "PRES:VAL?" + ";COMP?;VAL?" * 22, "PRES:VAL?" + ";VAL?" * 49],
    ids=["compare", "both", "validate"],
)
def test_a_line_of_many_slow_queries_does_not_let_the_queue_run_dry(line, rate):
    bench = with_limits("time.sleep_ms(100)")
    bench.prescribe(rate)
    bench.tell("PRES:EDIT")
    bench.mark()
    bench.tell("THER:STAR")
    bench.run(3)
    begun = bench.plant.edges.count
    bench.target.write(line.encode())
    bench.drain()
    assert bench.ask("SYST:STAT?;*TST?") == "RUNNING;0"
    assert bench.plant.edges.count > 2 * begun
    bench.stop()
    assert_exact(bench, rate)


@pytest.mark.parametrize("query", ["PRES:COMP?" + ";COMP?" * 20, "BOL:HIST? 32" + ";HIST? 32" * 3])
def test_answers_that_are_too_long_together_are_dropped_whole_and_the_next_line_works(pump, query):
    prescribe(pump, "MODE SIMP;RATE 200 UG/D")
    pump.tell("THER:STAR;:PRES:EDIT")
    for _ in range(32):
        pump.tell("BOL:STAR 1 UG,10 S;:BOL:ABOR")
    answer = pump.ask(f"{query}\n*IDN?;:SYST:ERR?;ERR?")
    assert answer.startswith("ITB-Pump,")
    assert answer.endswith(f';{DEADLOCKED},"Query DEADLOCKED";0,"No error"')
    assert len(pump.ask(query.split(";")[0])) > 500


def test_a_stop_behind_answers_that_are_too_long_is_a_stop(pump):
    prescribe(pump, "MODE SIMP;RATE 200 UG/D")
    pump.tell("THER:STAR;:PRES:EDIT")
    assert refusal(pump, "PRES:COMP?" + ";COMP?" * 20 + ";:THER:STOP") == DEADLOCKED
    assert pump.ask("SYST:STAT?") == "STOPPED"


NO_MEMORY = "if app.dispenser.is_active(): raise MemoryError"


@pytest.mark.hazard("heap-low")
@pytest.mark.parametrize("query", ["PRES:COMP?", "PRES:VAL?", "prescription:validate?"])
def test_a_query_without_memory_is_an_error_and_delivery_goes_on(query):
    bench = with_limits(NO_MEMORY)
    bench.prescribe("24 ML/D")
    bench.tell("PRES:EDIT")
    bench.mark()
    bench.tell("THER:STAR")
    bench.run(3)
    assert refusal(bench, f"{query};:SYST:TIME 2026-03-02T08:00:00") == OUT_OF_MEMORY
    assert bench.ask("SYST:STAT?;TIME?;*TST?") == "RUNNING;NONE;0"
    bench.run(3)
    assert refusal(bench, f"{query};:THER:STOP") == OUT_OF_MEMORY
    assert bench.ask("SYST:STAT?") == "STOPPED"
    assert_exact(bench, "24 ML/D")


@pytest.mark.hazard("heap-low")
def test_an_order_without_memory_to_judge_it_is_an_error_and_delivery_goes_on():
    bench = with_limits(NO_MEMORY)
    bench.prescribe("24 ML/D")
    bench.tell("PRES:EDIT")
    bench.mark()
    bench.tell("THER:STAR")
    bench.run(3)
    for order in ("PRES:COMM 00000000", "BOL:STAR 5 UG,5 S"):
        assert refusal(bench, f"{order};:SYST:TIME 2026-03-02T08:00:00") == OUT_OF_MEMORY
    assert bench.ask("SYST:STAT?;TIME?;*TST?;:BOL:HIST? 1") == "RUNNING;NONE;0;NONE"
    bench.run(3)
    bench.tell("THER:STOP")
    assert_exact(bench, "24 ML/D")


HALF_DONE = """
committed = app.orders.infusion.committed


def committed_without_memory(prescription):
    committed(prescription)
    if app.dispenser.is_active():
        raise MemoryError


def extra(now_us):
    return None


app.orders.infusion.committed = committed_without_memory
"""


@pytest.mark.hazard("heap-low")
def test_an_order_that_may_be_half_done_for_want_of_memory_stops_the_pump():
    bench = Bench(SimTarget(main=main_with_task(HALF_DONE)))
    bench.prescribe("24 ML/D")
    bench.tell("PRES:EDIT")
    bench.tell("THER:STAR")
    bench.run(3)
    token = bench.ask("PRES:VAL?").split(",")[1]
    bench.target.write(f"PRES:COMM {token}\n".encode())
    bench.run(1)
    assert bench.ask("SYST:ERR?").startswith(f"{SYSTEM_ERROR},")
    assert bench.ask("SYST:STAT?;*TST?") == "FAULT;201"
    edges = bench.plant.edges.count
    bench.run(3)
    assert bench.plant.edges.count == edges
    assert bench.target.pin("enable").level == 1


def test_a_flex_day_has_at_most_25_rates_however_they_come_about(pump):
    pump.tell("PRES:NEW;CONC 500 UG/ML;MODE FLEX;RATE 100 UG/D")
    for hour in range(12):  # a rate each, and the one before it
        pump.tell(f"PRES:FLEX:STEP WD,{hour:02}:15,300 UG/D,{hour:02}:45")
    queries = "PRES:FLEX:STAG? WED;:PRES:VAL?"
    before = pump.ask(queries)
    assert before.split(";")[0].count(":") == 25
    for step in ("WED,13:15,300 UG/D,13:45", "ALL,13:15,300 UG/D", "FRI,23:59,300 UG/D"):
        assert refusal(pump, f"PRES:FLEX:STEP {step}") == FLEX_CONFLICT
        assert pump.ask(queries) == before
    assert pump.ask("PRES:FLEX:STAG? SAT").count(":") == 1
    pump.tell("PRES:FLEX:STEP WE,13:15,300 UG/D")


@pytest.mark.parametrize("start", ["00:00", "06:00", "23:59"])
def test_a_window_that_ends_at_the_midnight_before_it_begins_is_refused(pump, start):
    pump.tell("PRES:NEW;CONC 500 UG/ML;MODE FLEX;RATE 100 UG/D")
    before = pump.ask("PRES:FLEX:STAG? MON;:PRES:VAL?")
    assert refusal(pump, f"PRES:FLEX:STEP ALL,{start},300 UG/D,00:00") == FLEX_CONFLICT
    assert pump.ask("PRES:FLEX:STAG? MON;:PRES:VAL?") == before
    pump.tell(f"PRES:FLEX:STEP ALL,{start},300 UG/D,24:00")
    with_end = pump.ask("PRES:VAL?")
    assert refusal(pump, "PRES:FLEX:STEP ALL,23:58,200 UG/D,24:00") == FLEX_CONFLICT
    assert pump.ask("PRES:VAL?") == with_end
