# SPDX-License-Identifier: MIT
"""A clock with a battery: the time is certain after a reset, and the time off counts as time."""

from datetime import datetime

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.errors import CLOCK_REFUSED, LOCKED_OUT
from host_tests.support.sessions.therapy import HOUR_S, MIN_S, prescribe, refusal
from pumpbench.targets.sim.battery_clock import BatteryClock

CLOCK_NOT_SET, INTERRUPTED = 301, 304
CLOCK_SET = 410
MONDAY = "2026-03-02T"
FLEX = ("MODE FLEX;RATE 0.1 ML/D", "FLEX:STEP ALL,08:00,24 ML/D,20:00")
PATIENT = ("MODE SIMP;RATE 1 ML/D", "PAT:DOSE 5 UG,1 MIN;LOCK 6 HR;MAX 3")


@pytest.fixture
def clock():
    """One that somebody has set."""
    clock = BatteryClock()
    clock.set(MONDAY + "12:00:00")
    return clock


def shown(pump):
    """SYSTem:TIME? as (time, whether it is certain)."""
    time, _, doubt = pump.ask("SYST:TIME?").partition(",")
    return datetime.fromisoformat(time), doubt == ""


def agree(time, clock):
    """It was read in whole seconds at boot, so the pump's may be behind by one."""
    return abs((time - clock.shown).total_seconds()) <= 1.5


def delivers(pump, seconds=10):
    """Millilitres a day that come out."""
    before_nl = pump.beaker_nl()
    pump.run(seconds)
    return float(pump.beaker_nl() - before_nl) * 86_400 / seconds / 1e6


def go_on(pump):
    """Confirm, and start again."""
    pump.tell("THER:CONF")
    pump.tell("THER:STAR")
    pump.run(1)


def test_the_wall_clock_of_a_new_pump_is_set_from_it(clock):
    pump = Lives(clock)
    time, is_certain = shown(pump)
    assert is_certain
    assert agree(time, clock)
    prescribe(pump, *FLEX)
    pump.tell("THER:STAR")
    pump.run(1)
    assert CLOCK_NOT_SET not in pump.alarms()
    assert delivers(pump) == pytest.approx(24, rel=0.05)


def test_setting_the_time_sets_it_along():
    clock = BatteryClock()
    pump = Lives(clock)
    assert pump.ask("SYST:TIME?") == "NONE"
    pump.tell(f"SYST:TIME {MONDAY}07:30:00")
    assert not clock.has_stopped
    assert clock.shown.isoformat().startswith(MONDAY + "07:30")
    pump.cut(HOUR_S)
    time, is_certain = shown(pump)
    assert is_certain
    assert time.isoformat().startswith(MONDAY + "08:30")


def test_a_day_pattern_goes_on_by_it_after_a_cut_without_being_set(clock):
    pump = Lives(clock)
    prescribe(pump, *FLEX)
    pump.tell("THER:STAR")
    pump.run(MIN_S)
    pump.cut(10 * HOUR_S)
    assert shown(pump)[0].hour == 22
    go_on(pump)
    assert CLOCK_NOT_SET not in pump.alarms()
    assert delivers(pump, 600) == pytest.approx(0.1, rel=0.3)
    pump.cut(10 * HOUR_S)
    go_on(pump)
    assert delivers(pump) == pytest.approx(24, rel=0.05)


def test_without_one_a_day_pattern_runs_at_its_lowest_rate_after_a_reset_with_an_alarm():
    pump = Lives()
    pump.tell(f"SYST:TIME {MONDAY}12:00:00")
    prescribe(pump, *FLEX)
    pump.tell("THER:STAR")
    pump.run(1)
    assert delivers(pump) == pytest.approx(24, rel=0.05)
    pump.cut()
    assert not shown(pump)[1]
    go_on(pump)
    assert CLOCK_NOT_SET in pump.alarms()
    assert delivers(pump, 600) == pytest.approx(0.1, rel=0.3)
    pump.tell(f"SYST:TIME {MONDAY}12:20:00")
    pump.run(3)
    assert CLOCK_NOT_SET not in pump.alarms()
    assert delivers(pump) == pytest.approx(24, rel=0.05)


def lose_battery(clock):
    clock.stop()


def go_away(clock):
    clock.answers = False


def count_twelve(clock):
    clock.count_twelve()


def no_digits(clock):
    clock.garbage = dict.fromkeys(range(7), 255)


def no_such_day(clock):
    clock.garbage = {4: 0x31, 5: 0x02}


def no_such_hour(clock):
    clock.garbage = {2: 0x29}


def letters(clock):
    clock.garbage = {0: 0x1A}


BAD = [lose_battery, go_away, count_twelve, no_digits, no_such_day, no_such_hour, letters]


@pytest.mark.hazard("clock-changed")
@pytest.mark.parametrize("spoil", BAD)
def test_one_that_cannot_be_relied_on_is_not_believed(clock, spoil):
    pump = Lives(clock)
    assert shown(pump)[1]
    spoil(clock)
    pump.cut(5 * HOUR_S)
    time, is_certain = shown(pump)
    assert not is_certain
    assert time.hour == 12  # the time off counts as none


def test_one_that_does_not_answer_is_not_set_and_neither_is_the_pump(clock):
    pump = Lives(clock)
    clock.answers = False
    assert refusal(pump, f"SYST:TIME {MONDAY}18:00:00") == CLOCK_REFUSED
    assert shown(pump)[0].hour == 12


@pytest.mark.hazard("clock-changed")
@pytest.mark.parametrize("taken", range(16))
def test_one_that_took_half_of_a_time_is_not_believed_until_it_is_set_again(clock, taken):
    pump = Lives(clock)
    clock.takes = taken
    assert refusal(pump, f"SYST:TIME {MONDAY}18:30:00") == CLOCK_REFUSED
    assert (shown(pump)[0].hour, shown(pump)[1]) == (12, True)  # the pump's own goes on as it was
    for _ in range(2):
        pump.cut(HOUR_S)
        assert shown(pump)[0].hour == 12
        assert not shown(pump)[1]
    clock.takes = None
    pump.tell(f"SYST:TIME {MONDAY}20:30:00")
    pump.cut(HOUR_S)
    assert (shown(pump)[0].hour, shown(pump)[1]) == (21, True)


def test_one_that_counts_twelve_hours_counts_24_when_it_is_set(clock):
    clock.count_twelve()
    pump = Lives(clock)
    assert pump.ask("SYST:TIME?") == "NONE"
    pump.tell(f"SYST:TIME {MONDAY}18:00:00")
    pump.cut()
    time, is_certain = shown(pump)
    assert is_certain
    assert agree(time, clock)
    assert clock.shown.hour == 18


def give_patient_bolus(pump, *lines):
    prescribe(pump, *PATIENT, *lines)
    pump.tell("THER:STAR")
    pump.tell("BOL:PAT")
    pump.run(2 * MIN_S)
    pump.tell("THER:STOP")
    pump.run(2)


def wait_s(pump):
    return float(pump.ask("BOL:PAT?").split(",")[3])


@pytest.mark.hazard("lockout-bypassed")
def test_a_lockout_goes_on_while_the_pump_is_off(clock):
    pump = Lives(clock)
    give_patient_bolus(pump)
    before_s = wait_s(pump)
    pump.cut(4 * HOUR_S)
    assert wait_s(pump) == pytest.approx(before_s - 4 * HOUR_S, abs=5)
    pump.tell("THER:STAR")
    assert refusal(pump, "BOL:PAT") == LOCKED_OUT
    pump.tell("THER:STOP")
    pump.run(2)
    pump.cut(2 * HOUR_S)
    pump.tell("THER:STAR")
    pump.tell("BOL:PAT")


@pytest.mark.hazard("lockout-bypassed")
def test_without_one_a_lockout_waits_for_the_pump_to_be_on():
    pump = Lives()
    give_patient_bolus(pump)
    before_s = wait_s(pump)
    pump.cut()
    assert before_s - 5 <= wait_s(pump) <= before_s + HOUR_S


@pytest.mark.parametrize("off_s", [-1 * HOUR_S, -400 * 24 * HOUR_S, 11 * 366 * 24 * HOUR_S])
def test_one_that_was_set_back_or_years_ahead_counts_as_no_time(clock, off_s):
    pump = Lives(clock)
    give_patient_bolus(pump)
    before_s, life_s = wait_s(pump), pump.ask("LOG:READ? 1,1").split(",")[2]
    pump.cut(off_s)
    assert wait_s(pump) == pytest.approx(before_s, abs=5)
    assert pump.ask("LOG:READ? 1,1").split(",")[2] == life_s
    assert shown(pump)[1]  # what it says is the time all the same


def test_the_drug_of_a_day_leaves_the_24_h_while_the_pump_is_off(clock):
    pump = Lives(clock)
    give_patient_bolus(pump, "LIM:DAY 540 UG")
    pump.tell("THER:STOP")
    pump.tell("BOL:STAR 30 UG,1 MIN")
    pump.run(2 * MIN_S)
    for _ in range(2):
        assert refusal(pump, "BOL:STAR 510 UG,10 MIN") == 112
        pump.cut(12 * HOUR_S)
    pump.tell("BOL:STAR 510 UG,10 MIN")


def test_a_board_without_its_wires_or_device_takes_no_harm():
    clock = BatteryClock()
    clock.answers = False
    pump = Lives(clock)
    assert pump.ask("SYST:TIME?") == "NONE"
    assert pump.ask("SYST:STAT?") == "STOPPED"


@pytest.mark.hazard("clock-changed")
def test_what_it_does_to_the_clocks_at_power_up_is_an_event(clock):
    pump = Lives(clock)
    assert pump.events(CLOCK_SET) == ["CLOCK_SET BATTERY"]
    pump.run(2)  # events are in flash within a second
    pump.cut(5 * 365 * 24 * HOUR_S)
    pump.run(2)
    pump.cut(-HOUR_S)
    told = [text.rsplit(" ", 2) for text in pump.events(CLOCK_SET)[1:]]
    assert [text for text, _, _ in told] == [
        "CLOCK_SET BATTERY off for",
        "CLOCK_SET BATTERY moved by",
    ]
    assert [int(s) for _, s, _ in told] == pytest.approx([5 * 365 * 24 * HOUR_S, -HOUR_S], abs=5)
