# SPDX-License-Identifier: MIT
"""Every alarm there is, brought about by its cause: shown, heard, seen, paused, answered, logged.

The table of causes is held against the table of conditions, so that none is forgotten. What no
host can bring about does a task in the firmware, started by a pin of its own.
"""

import pytest

from host_tests.support.errors import ALARM_SOUNDING, NO_ALARM, NOT_FITTED
from host_tests.support.sessions.alarm import (
    Later,
    assert_answered,
    assert_seen,
    assert_silent,
    assert_sounds,
    filled,
    heard,
    listen,
    logged,
    press,
    pressing,
    send,
    states,
    with_board,
)
from host_tests.support.sessions.bench import Bench, main_with_task
from host_tests.support.sessions.therapy import prescribe, refusal
from pump.alarm import conditions
from pump.alarm.conditions import HIGH, LOW
from pumpbench.analysis import standard
from pumpbench.targets.sim import SimTarget, fake_gc, fake_rp2

pytestmark = pytest.mark.chip_in_soak

RANGE = -222

# What a host can bring about: code -> (messages that do, messages that end it)
BY_HOST = {
    301: (
        ["PRES:NEW;CONC 500 UG/ML;MODE FLEX;RATE 24 ML/D;FLEX:STEP ALL,08:00,26 ML/D", "COMMIT",
         "THER:STAR"],
        ["THER:STOP"],
    ),
    305: (["RES:REF 2 ML"], ["RES:REF 20 ML"]),
    306: (["RES:REF 2 ML", "ALAR:ACKN", "WAIT", "RES:REF 0.5 ML"], ["RES:REF 20 ML"]),
    307: (["RES:REF 10 ML,18 ML"], ["RES:REF 10 ML,10 ML"]),
}  # fmt: skip
LATER = {302, 303, 311, 312, 325}  # takes minutes; 325: see test_missed_doses.py
AFTER_RESET = {304, 308}
BY_TASK = {309, 310}
OTHERS = {313, 314, 315, 316}
GUARDS = {321, 322, 323, 324}  # see test_heartbeat.py, test_late_tasks.py, test_self_test.py
WITH_ROTOR = {317, 318, 319, 320}  # see test_rotor.py


def test_no_alarm_is_forgotten():
    codes = {row.code for row in conditions.rows()}
    of_guards = WITH_ROTOR | GUARDS
    assert set(BY_HOST) | LATER | AFTER_RESET | BY_TASK | OTHERS | of_guards == codes


@pytest.mark.hazard("alarm-unheard")
@pytest.mark.parametrize("code", BY_HOST)
def test_an_alarm_that_a_host_can_bring_about(bench, code):
    cause, end = BY_HOST[code]
    filled(bench)
    send(bench, cause)
    assert_answered(bench, code, end)


@pytest.mark.hazard("alarm-unheard")
def test_delivery_from_a_reservoir_that_nobody_filled(bench):
    bench.prescribe("24 ML/D")
    bench.run(1)
    listen(bench)
    bench.tell("THER:STAR")
    assert_answered(bench, 314, ["THER:STOP"])
    bench.tell("RES:REF 20 ML;:THER:STAR")
    assert 314 not in states(bench)


LATER_US = "app.clock.begin(app.clock.now_us() + {us})"
BY_JUMP = (322, 323)  # a task of 310 s is late, and loads the board


def press_later(bench):
    """Time jumps; what comes of the jump alone is answered."""
    press(bench)
    for code in set(BY_JUMP) & states(bench).keys():
        bench.tell(f"ALAR:ACKN {code}")


@pytest.mark.hazard("alarm-unheard")
def test_alarms_that_come_with_time(power_up):
    bench = filled(Bench(power_up(main=pressing(LATER_US.format(us=310_000_000)))))
    bench.tell("PRES:NEW")
    press_later(bench)
    assert_answered(bench, 302)
    press_later(bench)
    assert 302 not in states(bench)
    assert_answered(bench, 303)
    bench.prescribe("24 ML/D")
    bench.tell("ALAR:STOP 5 MIN")
    press_later(bench)
    assert_answered(bench, 311, ["THER:STAR"])
    bench.tell("THER:STOP;:ALAR:STOP 30 D")
    bench.tell("BOL:TRI 10 UG,5 S,5 MIN")
    bench.run(6)
    press_later(bench)
    assert bench.ask("THER:STAT?") == "STOPPED"
    assert states(bench).keys() - set(BY_JUMP) == {312}
    assert states(bench)[312] == "ACTIVE"
    assert_answered(bench, 312)


LOSING = """
import os
def remove():
    os.stat("/lose")
    for name in ("/data/setup.0", "/copy/setup.1"):
        os.remove(name)
try:
    remove()
except OSError:
    pass

"""


@pytest.mark.hazard("alarm-unheard")
def test_a_reset_that_ends_a_delivery_and_a_record_that_is_lost(power_up):
    main = pressing('open("/lose", "w").close()')
    main = main.replace("import gc\n", "import gc\n" + LOSING, 1)
    bench = filled(Bench(power_up(main=main)))
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    press(bench)
    later = Later(power_up, bench, main)
    assert states(later) == {304: "ACTIVE", 308: "ACTIVE"}
    assert_sounds(later, HIGH, 9)
    assert_seen(later, HIGH)
    later.tell("THER:CONF")
    assert states(later) == {}
    assert_silent(later, 9)
    events = logged(later)
    for code in (304, 308):
        assert f"ALARM_ON {code}" in events
        assert f"ALARM_ACKNOWLEDGED {code}" in events


FAILING = """
def failing(*arguments):
    raise OSError(28)
for folder in app.folders:
    folder.replace = folder.append = failing
"""


@pytest.mark.hazard("alarm-unheard")
def test_a_flash_that_takes_nothing_and_a_task_that_dies(power_up):
    bench = filled(Bench(power_up(main=pressing(FAILING))))
    press(bench)
    bench.tell("RES:LOW 1 ML")
    assert states(bench)[309] == "ACTIVE"
    assert_sounds(bench, HIGH, 9)


@pytest.mark.hazard("alarm-unheard")
def test_a_fault_sounds_and_is_latched_over_the_reset_that_ends_it(power_up):
    main = pressing("raise ValueError")
    bench = filled(Bench(power_up(main=main)))
    press(bench)
    assert bench.ask("SYST:STAT?;ERR?").startswith("FAULT;201,")
    assert_answered(bench, 310)
    bench.run(2)
    later = Later(power_up, bench, main)
    assert states(later) == {}  # it had been acknowledged


DYING = """
def extra(now_us):
    if app.engine.emitted() > 20:
        raise ValueError
    return now_us + 20_000
"""


@pytest.mark.hazard("buzzer-stays-on")
def test_a_task_that_dies_again_and_again_is_one_alarm_that_can_be_answered(power_up):
    bench = filled(Bench(power_up(main=main_with_task(DYING))))
    bench.prescribe("1000 ML/HR")
    bench.target.tell("THER:STAR")  # it may have died before it answers
    found = heard(bench, 20)
    assert [standard.problems(burst, HIGH) for burst in found[:2]] == [[], []]
    bench.ask("*CLS;*OPC?")
    bench.tell("ALAR:ACKN")
    assert_silent(bench, 5)


@pytest.mark.hazard("alarm-unheard")
def test_a_fault_that_nobody_answered_sounds_after_the_reset(power_up):
    main = pressing("raise ValueError")
    bench = filled(Bench(power_up(main=main)))
    press(bench)
    bench.run(2)
    later = Later(power_up, bench, main)
    assert states(later) == {310: "LATCHED"}
    assert_sounds(later, HIGH, 9)
    later.tell("ALAR:ACKN 310")
    assert states(later) == {}


@pytest.mark.hazard("alarm-unheard")
@pytest.mark.parametrize("button", ["stop_button", "silence_button", "bolus_button"])
def test_a_button_that_is_stuck(bench, button):
    filled(bench)
    bench.target.pin(button).drive(0)
    bench.run(58)
    assert states(bench) == {}
    bench.run(3)
    assert_answered(bench, 315)
    bench.target.pin(button).drive(1)
    bench.run(0.3)
    assert states(bench) == {}
    assert "ALARM_OFF 315" in logged(bench)


HOARD = """
hoard = []
gc.collect()
while gc.mem_free() > 11_000:
    hoard.append(bytearray(500))
    gc.collect()
app.hoard = hoard
"""


@pytest.mark.not_on_unix
@pytest.mark.hazard("heap-low")
def test_little_memory_is_an_alarm_and_no_fault(power_up, monkeypatch):
    bench = filled(Bench(power_up(main=pressing(HOARD))))
    if bench.target.name == "sim":  # whose heap is the host's
        monkeypatch.setattr(fake_gc, "FREE_BYTES", 11_000)
    else:
        press(bench)
    bench.run(13)
    found = states(bench)
    assert found.pop(316) == "ACTIVE"
    assert found.keys() <= {322}  # a task is late that takes all of the memory
    assert bench.ask("SYST:STAT?") == "STOPPED"


MOST_LATE_NS = 100_000_000
BUZZER_LINE = '    "buzzer": "GP15",\n'


@pytest.mark.parametrize("pin", ["", "GP2", "!GP3"], ids=["none", "that of step", "of dir"])
def test_a_board_without_a_buzzer_or_with_one_on_a_pin_that_is_taken_says_so(power_up, pin):
    line = BUZZER_LINE.replace("GP15", pin) if pin else ""
    bench = filled(Bench(with_board(power_up, (BUZZER_LINE, line))))
    assert states(bench) == {313: "ACTIVE"}
    assert_seen(bench, LOW)
    assert refusal(bench, "ALAR:TEST HIGH") == NOT_FITTED
    bench.prescribe("24 ML/D")
    bench.tell("THER:STAR")
    bench.run(2)
    bench.stop()
    assert bench.plant.edges.count > 5
    bench.tell("ALAR:ACKN")
    assert states(bench) == {313: "ACKNOWLEDGED"}


def test_a_micropython_without_dma_has_no_buzzer_and_says_so(monkeypatch):
    monkeypatch.delattr(fake_rp2, "DMA")
    assert states(filled(Bench(SimTarget()))) == {313: "ACTIVE"}


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("ALAR:ACKN", NO_ALARM),
        ("ALAR:ACKN 304", NO_ALARM),
        ("ALAR:ACKN 999", NO_ALARM),
        ("ALAR:ACKN 3E2", -123),
        ("ALAR:ACKN HIGH", -148),
        ("ALAR:ACKN 304,305", -108),
        ("ALAR:PAUS", NO_ALARM),
        ("ALAR:PAUS 1 MIN", NO_ALARM),
        ("ALAR:PAUS 120.001 S", RANGE),
        ("ALAR:PAUS 3 MIN", RANGE),
        ("ALAR:PAUS -5 S", -121),
        ("ALAR:PAUS 5", -130),
        ("ALAR:REM 59 S", RANGE),
        ("ALAR:REM 25 HR", RANGE),
        ("ALAR:STOP 0 S", RANGE),
        ("ALAR:STOP 31 D", RANGE),
        ("ALAR:TEST", -109),
        ("ALAR:TEST LOUD", -141),
    ],
)
@pytest.mark.no_chip
def test_bad_input_is_its_error_and_changes_nothing(bench, line, error):
    settings = "ALAR:ACT?;PAUS?;REM?;STOP?"
    before = bench.ask(settings)
    assert refusal(bench, line) == error
    assert bench.ask(settings) == before
    bench.run(1)
    assert_silent(bench, 1)


@pytest.mark.no_chip
def test_a_pause_of_no_time_is_no_error_and_there_is_none(bench):
    bench.tell("ALAR:PAUS 0 S")
    assert bench.ask("ALAR:PAUS?") == "0.000"


@pytest.mark.no_chip
@pytest.mark.parametrize("tenths", range(10, 20))
def test_a_pause_ends_when_its_time_is_over_and_not_at_the_next_wake(bench, tenths):
    filled(bench)
    bench.tell("RES:REF 0.5 ML")
    bench.run(1)
    listen(bench)
    bench.tell(f"ALAR:PAUS {tenths / 10} S")
    end_ns = bench.target.now_ns + tenths * 100_000_000
    bench.run(3)
    first_ns = next(rise for rise, _ in bench.plant.buzzer.pulses() if rise > end_ns - 500_000_000)
    assert abs(first_ns - end_ns) < MOST_LATE_NS


def test_a_test_sounds_once_and_is_refused_and_ended_by_a_real_alarm(bench):
    filled(bench)
    for priority in ("HIGH", "MEDIUM", "LOW"):
        bench.tell(f"ALAR:TEST {priority}")
        found = heard(bench, 12)
        assert len(found) == 1
        assert standard.problems(found[0], priority) == []
        listen(bench)
    bench.tell("ALAR:TEST LOW")
    bench.tell("RES:REF 0.5 ML")
    assert_sounds(bench, HIGH, 12.5)
    assert refusal(bench, "ALAR:TEST LOW") == ALARM_SOUNDING
    bench.tell("ALAR:ACKN;TEST LOW")
    assert_sounds(bench, LOW, 2)


@pytest.mark.no_chip
def test_the_higher_one_sounds_and_the_lower_one_after_it_is_answered(bench):
    filled(bench)
    bench.tell("RES:REF 10 ML,18 ML")
    assert_sounds(bench, "MEDIUM", 3)
    bench.tell("RES:REF 0.5 ML")
    assert_sounds(bench, HIGH, 9)
    bench.tell("ALAR:ACKN 306")
    assert_sounds(bench, "MEDIUM", 9)


@pytest.mark.slow
@pytest.mark.unix_in_soak
@pytest.mark.no_chip
def test_what_stands_in_silence_is_beeped_for_each_hour_or_as_set(bench):
    filled(bench)
    bench.tell("RES:REF 2 ML")
    assert_sounds(bench, LOW, 17)
    beeps = heard(bench, 3 * 3600)
    assert [len(burst) for burst in beeps] == [1, 1, 1]
    assert standard.problems(beeps[0], LOW) == []
    listen(bench)
    bench.tell("ALAR:ACKN;REM 2 MIN")
    assert len(heard(bench, 600)) in (4, 5)
    bench.tell("ALAR:REM 0 S")
    assert_silent(bench, 3 * 3600)


@pytest.mark.no_chip
def test_a_refused_request_of_the_patient_is_a_short_tone_and_no_alarm(bench):
    filled(bench)
    prescribe(bench, "MODE SIMP;RATE 100 UG/D", "PAT:DOSE 5 UG,5 MIN;LOCK 6 HR;MAX 3")
    bench.tell("THER:STAR")
    bench.tell("BOL:PAT")
    bench.run(1)
    assert refusal(bench, "BOL:PAT") == 110
    assert [len(burst) for burst in heard(bench, 3)] == [2]
    assert states(bench) == {}
    assert "PATIENT_REFUSED 110" in logged(bench)


@pytest.mark.slow
@pytest.mark.no_chip
def test_every_new_alarm_requests_service_also_while_others_last(bench):
    filled(bench)
    bench.tell("STAT:QUES:ENAB 7168;*SRE 8")
    for line in ("RES:REF 2 ML", "RES:REF 2 ML,19 ML", "RES:REF 0.5 ML", "PRES:NEW"):
        bench.tell(line)
        if line == "PRES:NEW":
            bench.run(301)
        assert int(bench.ask("*STB?")) & 64, line
        bench.ask("STAT:QUES?")
        assert not int(bench.ask("*STB?")) & 64
    bench.tell("STAT:PRES")
    assert bench.ask("STAT:QUES:ENAB?;:STAT:OPER:ENAB?") == "0;0"
