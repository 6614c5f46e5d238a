# SPDX-License-Identifier: MIT
"""What goes on by itself after a reset: nothing, unless it was asked for and all is known."""

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.errors import (
    NOTHING_TO_CONFIRM,
    RESERVOIR_TOO_LOW,
    UNCONFIRMED,
)
from host_tests.support.sessions.bench import STEP_NL
from host_tests.support.sessions.therapy import HOUR_S, MIN_S, prescribe, refusal, stage
from pumpbench.client.lines import PumpError
from pumpbench.images.flashfiles import with_file
from pumpbench.targets.sim.battery_clock import BatteryClock

INTERRUPTED, LOST, UNKNOWN, DOSE_MISSED = 304, 308, 314, 325
EVENT_INTERRUPTED, EVENT_DOSE_MISSED = 421, 434
SIMPLE = "MODE SIMP;RATE 24 ML/D"
BOLUSES = ("BOL:STAR 5 UG,1 MIN", "BOL:PAT", "BOL:TRI 5 UG,1 MIN,1 HR")


def clock_of(text="2026-03-02T12:00:00"):
    clock = BatteryClock()
    clock.set(text)
    return clock


def running(*lines, mode="BAS", clock=None, rate=SIMPLE):
    """A pump that delivers, and resumes as `mode` says."""
    pump = Lives(clock)
    prescribe(pump, rate, *lines)
    pump.tell(f"THER:RES {mode}")
    pump.tell("THER:STAR")
    pump.run(MIN_S)
    return pump


def assert_holds(pump, *alarms):
    """Nothing moves, and somebody has to confirm."""
    before_nl = pump.beaker_nl()
    assert pump.ask("THER:STAT?;:SYST:STAT?") == "STOPPED;STOPPED"
    assert pump.alarms() == [*(alarms or (INTERRUPTED,))]
    for line in ("THER:STAR", "MOT:JOG 1,60", *BOLUSES[:1], BOLUSES[2]):
        assert refusal(pump, line) == UNCONFIRMED
    pump.run(MIN_S)
    assert pump.beaker_nl() == before_nl


def assert_resumes(pump, *more):
    """The regular therapy runs, logged and alarmed."""
    assert pump.ask("THER:STAT?") == "RUNNING"
    assert pump.alarms() == [INTERRUPTED, *more, UNKNOWN]
    assert len(pump.events(EVENT_INTERRUPTED)) >= 1
    before_nl = pump.beaker_nl()
    pump.run(54)
    assert float(pump.beaker_nl() - before_nl) == pytest.approx(15_000, abs=2 * float(STEP_NL))


def assert_on_account(pump):
    """What is in the beaker is within the interval."""
    least_nl, most_nl = pump.interval_nl()
    assert least_nl - 1 <= pump.beaker_nl() <= most_nl + 1


def test_a_new_pump_holds():
    pump = Lives()
    assert pump.ask("THER:RES?") == "HOLD"
    assert refusal(pump, "THER:CONF") == NOTHING_TO_CONFIRM


@pytest.mark.parametrize(
    ("said", "kept"), [("BASAL", "BASAL"), ("BAS", "BASAL"), ("HOLD", "HOLD")]
)
def test_what_resumes_survives_a_cut_that_follows_at_once(said, kept):
    pump = Lives()
    pump.tell(f"THER:RES {'HOLD' if kept == 'BASAL' else 'BAS'}")
    pump.tell(f"THER:RES {said}")
    pump.cut()
    assert pump.ask("THER:RES?") == kept
    assert pump.alarms() == [0]


def test_only_hold_and_basal_resume():
    pump = Lives()
    for word in ("ALL", "BOLUS", "1", ""):
        with pytest.raises(PumpError):
            pump.tell(f"THER:RES {word}")
    assert pump.ask("THER:RES?") == "HOLD"


@pytest.mark.hazard("default-dose-after-reset")
def test_held_after_the_watchdog_by_default():
    pump = running(mode="HOLD")
    pump.bite()
    assert_holds(pump)
    assert_on_account(pump)
    pump.tell("THER:CONF")
    assert pump.alarms() == [0]
    assert refusal(pump, "THER:CONF") == NOTHING_TO_CONFIRM
    pump.tell("THER:STAR")


def test_basal_goes_on_after_the_watchdog_and_all_of_it_is_on_the_account():
    pump = running()
    pump.bite()
    assert_resumes(pump)
    assert_on_account(pump)
    least_nl, most_nl = pump.interval_nl()
    assert most_nl - least_nl <= 1  # half a nanolitre is told as one less or one more
    pump.tell("THER:CONF")
    assert pump.alarms() == [UNKNOWN]
    assert pump.ask("THER:STAT?") == "RUNNING"
    assert_on_account(pump)


def test_basal_goes_on_after_a_short_outage_that_a_battery_clock_vouches_for():
    pump = running(clock=clock_of())
    pump.cut(10)
    assert_resumes(pump)
    assert_on_account(pump)


def test_an_outage_of_more_than_half_a_minute_holds():
    pump = running(clock=clock_of())
    pump.cut(31)
    assert_holds(pump)


SLOW = "MODE SIMP;RATE 0.8 ML/D"  # a record comes every seven minutes


@pytest.mark.slow
@pytest.mark.parametrize("off_s", [0, 1, 20, 24])
def test_a_dip_at_the_rate_of_a_therapy_is_as_short_as_it_is(off_s):
    pump = running(clock=clock_of(), rate=SLOW)
    for extra_s in (600, 37, 151, 2):
        pump.run(extra_s)
        pump.cut(off_s)
        assert pump.ask("THER:STAT?") == "RUNNING"
        assert_on_account(pump)
        pump.tell("THER:CONF")


@pytest.mark.slow
@pytest.mark.parametrize("off_s", [31, HOUR_S])
def test_an_outage_at_the_rate_of_a_therapy_is_as_long_as_it_is(off_s):
    pump = running(clock=clock_of(), rate=SLOW)
    pump.run(600)
    pump.cut(off_s)
    assert_holds(pump)


@pytest.mark.slow
@pytest.mark.parametrize("register", range(7, 14))
def test_a_mark_that_is_not_as_it_was_written_is_none(register):
    clock = clock_of()
    pump = running(clock=clock, rate=SLOW)
    pump.run(123)
    clock.garbage[register] = clock.read(register, 1)[0] ^ 0x10
    pump.cut(1)
    assert_holds(pump)


@pytest.mark.slow
def test_a_pump_that_holds_after_a_reset_does_not_use_the_bus():
    clock = clock_of()
    pump = running(clock=clock, mode="HOLD", rate=SLOW)
    before = clock.writes
    pump.run(600)
    assert clock.writes == before


def test_a_battery_clock_that_does_not_answer_stops_no_therapy_and_vouches_for_nothing():
    clock = clock_of()
    pump = running(clock=clock, rate=SLOW)
    clock.answers = False
    pump.run(60)
    assert pump.ask("THER:STAT?") == "RUNNING"
    pump.target.close()
    clock.answers = True
    pump.cut(1)
    assert_holds(pump)


def test_a_battery_clock_that_was_set_back_vouches_for_nothing():
    pump = running(clock=clock_of())
    pump.cut(-HOUR_S)
    assert_holds(pump)


@pytest.mark.slow
def test_a_cold_cut_or_a_reset_by_software_holds_without_a_clock():
    pump = running()
    pump.cut()
    assert_holds(pump)
    pump = running()
    pump.reset()
    assert_holds(pump)


def test_a_pump_that_was_stopped_stays_stopped_and_has_nothing_to_confirm():
    pump = running()
    pump.tell("THER:STOP")
    pump.run(3)
    pump.bite()
    assert pump.ask("THER:STAT?") == "STOPPED"
    assert pump.alarms() == [0]
    assert refusal(pump, "THER:CONF") == NOTHING_TO_CONFIRM


@pytest.mark.slow
@pytest.mark.hazard("default-dose-after-reset")
@pytest.mark.parametrize(
    "line", ["BOL:STAR 20 UG,10 MIN", "PRIM:STAR 0.2 ML,1 ML/HR", "BRID:STAR 500 UG/ML,0.4 ML",
             "BOL:TRI 20 UG,10 MIN,1 HR", "MOT:JOG 100,1"]
)  # fmt: skip
def test_nothing_resumes_where_something_else_than_the_regular_therapy_was_under_way(line):
    pump = running()
    if not line.startswith("BOL:STAR"):
        pump.tell("THER:STOP")
    pump.tell(line)
    pump.run(MIN_S)
    pump.bite()
    assert_holds(pump)
    assert_on_account(pump)


@pytest.mark.hazard("bolus-resumed")
def test_a_dose_that_was_interrupted_is_over_and_its_rest_is_never_given():
    pump = running()
    pump.tell("BOL:STAR 20 UG,10 MIN")
    pump.run(MIN_S)
    pump.bite()
    fields = pump.ask("BOL:HIST? 1").split(",")
    assert (fields[1], fields[5]) == ("CLINICIAN", "RESET")
    assert pump.ask("BOL:STAT?").startswith("NONE")


PERIODIC = ("PER:DOSE 10 UG,2 MIN,1 HR",)


@pytest.mark.slow
@pytest.mark.hazard("default-dose-after-reset")
def test_nothing_resumes_in_the_midst_of_a_periodic_dose():
    pump = running(*PERIODIC, rate="MODE PER;RATE 24 ML/D")
    pump.run(HOUR_S)
    assert pump.ask("BOL:STAT?").startswith("PERIODIC")
    pump.bite()
    assert_holds(pump)
    assert_on_account(pump)


@pytest.mark.slow
def test_a_periodic_therapy_resumes_between_two_doses():
    pump = running(*PERIODIC, rate="MODE PER;RATE 24 ML/D")
    pump.run(HOUR_S + 10 * MIN_S)
    pump.bite()
    assert_resumes(pump, DOSE_MISSED)  # moved: nobody knows how long the board hung


@pytest.mark.slow
@pytest.mark.hazard("default-dose-after-reset")
@pytest.mark.parametrize("before_s", [0.8, 0.2])
def test_a_periodic_dose_that_was_queued_does_not_come_again_after_a_cut(before_s):
    """By the clock it is still to come; but part of it may be out, so it is told as moved."""
    pump = running(*PERIODIC, rate="MODE PER;RATE 24 ML/D", clock=clock_of())
    pump.run(HOUR_S - MIN_S - before_s)
    pump.cut()
    assert_holds(pump)
    pump.tell("THER:CONF")
    pump.tell("THER:STAR")
    pump.run(2)
    assert pump.alarms() == [DOSE_MISSED, UNKNOWN]
    assert pump.events(EVENT_DOSE_MISSED) == ["PERIODIC_MISSED MOVED"]
    assert float(pump.ask("PRES:PER:NEXT?").split(",")[0]) == pytest.approx(HOUR_S, abs=5)


@pytest.mark.hazard("default-dose-after-reset")
def test_nothing_resumes_when_a_record_was_lost():
    pump = running()
    pump.target.pin("stop_button").drive(0)
    pump.run(9)
    flash = with_file(pump.target.flash, "/data/past.0", b"spoiled")
    flash = with_file(flash, "/copy/past.1", b"spoiled")
    pump.go_on(flash=flash, scratch=pump.target.scratch, reset_cause=3)
    assert_holds(pump, INTERRUPTED, LOST)


@pytest.mark.hazard("default-dose-after-reset")
def test_what_may_not_start_does_not_resume_and_says_why():
    """The rest of the queue leaves too little in the reservoir for another start."""
    pump = running()
    pump.tell("THER:STOP")
    pump.tell("RES:REF 0.5175 ML")
    pump.tell("THER:STAR")
    pump.run(MIN_S)
    assert pump.ask("THER:STAT?") == "RUNNING"
    pump.bite()
    assert pump.ask("THER:STAT?;:SYST:STAT?") == "STOPPED;STOPPED"
    assert INTERRUPTED in pump.alarms()
    assert pump.ask("SYST:ERR?").startswith(f"{RESERVOIR_TOO_LOW},")
    before_nl = pump.beaker_nl()
    pump.run(MIN_S)
    assert pump.beaker_nl() == before_nl


@pytest.mark.slow
@pytest.mark.hazard("default-dose-after-reset")
def test_nothing_resumes_while_an_earlier_interruption_is_not_confirmed():
    """A pump that crashes again and again must not deliver again and again."""
    pump = running()
    pump.bite()
    assert_resumes(pump)
    pump.bite()
    assert_holds(pump)
    pump.run(10 * MIN_S)  # three bites sooner than that are a fault
    pump.bite()
    assert_holds(pump)
    assert_on_account(pump)
    pump.tell("THER:CONF")
    pump.tell("THER:STAR")
    pump.run(MIN_S)
    pump.bite()
    assert_resumes(pump)
    assert_on_account(pump)


@pytest.mark.slow
def test_nothing_is_lost_of_what_was_resumed_and_never_confirmed():
    pump = running()
    pump.bite()
    pump.run(HOUR_S)
    pump.cut()
    assert_holds(pump)
    assert_on_account(pump)
    least_nl, most_nl = pump.interval_nl()
    assert most_nl - least_nl <= 4_000 + 10 * 278  # 4 uL, or 10 s


def test_boluses_are_refused_until_somebody_confirms():
    pump = running("PAT:DOSE 5 UG,1 MIN;LOCK 6 HR;MAX 3")
    pump.bite()
    for line in BOLUSES[:2]:
        assert refusal(pump, line) == UNCONFIRMED
    assert pump.ask("BOL:PAT?").split(",")[0] == "0"
    pump.tell("THER:CONF")
    pump.tell("BOL:PAT")
    assert pump.ask("BOL:STAT?").startswith("PATIENT")


def test_commit_and_service_are_possible_while_nothing_is_confirmed():
    pump = running()
    pump.bite()
    verdict, token = stage(pump, "MODE SIMP;RATE 12 ML/D").split(",")
    assert verdict == "OK"
    pump.tell(f"PRES:COMM {token}")
    pump.run(5)
    assert float(pump.ask("DEL:RATE?").split(",")[1]) == 12
    pump.tell("THER:STOP")
    assert pump.alarms() == [INTERRUPTED]
    assert refusal(pump, "THER:STAR") == UNCONFIRMED
    pump.target.write(b"SYST:SERV\n")
    pump.run(1)
    assert pump.target.ended is not None
    assert pump.target.ended.error is None


def test_a_flex_pattern_resumes_at_its_lowest_rate_without_a_clock():
    pump = Lives()
    pump.tell("SYST:TIME 2026-03-02T12:00:00")
    prescribe(pump, "MODE FLEX;RATE 1 ML/D", "FLEX:STEP ALL,08:00,24 ML/D,20:00")
    pump.tell("THER:RES BAS")
    pump.tell("THER:STAR")
    pump.run(MIN_S)
    pump.bite()
    assert pump.ask("THER:STAT?") == "RUNNING"
    assert sorted(pump.alarms()) == [301, INTERRUPTED, UNKNOWN]
    assert float(pump.ask("DEL:RATE?").split(",")[1]) == 1
