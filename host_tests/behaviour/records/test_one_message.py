# SPDX-License-Identifier: MIT
"""A stop and what follows it in one message: each delivery has a record of its own."""

import pytest

from host_tests.support.boards.lives import Lives

RESET, STARTED, STOPPED, BEGAN, ENDED, COMMAND = 401, 402, 403, 405, 406, 420


def pump(rate="100 ML/HR", rest=""):
    """A pump that has delivered for a while, and does."""
    lives = Lives()
    lives.tell(f"PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE {rate}{rest}")
    lives.tell("PRES:COMM " + lives.ask("PRES:VAL?").split(",")[1])
    lives.tell("THER:STAR")
    lives.run(5)
    return lives


def send(lives, line):
    lives.target.write(line.encode() + b"\n")


@pytest.mark.hazard("default-dose-after-reset")
@pytest.mark.parametrize("between", [";:", "\n"])
@pytest.mark.parametrize(
    "follows", ["MOT:JOG 0.05,0.1", "BOL:STAR 20 UG,60 S", "PRIM:STAR 0.2 ML,100 ML/HR"]
)
def test_a_therapy_that_was_stopped_does_not_resume_whatever_moved_next(follows, between):
    lives = pump()
    lives.tell("THER:RES BAS")
    send(lives, f"THER:STOP{between}{follows}")
    lives.run(1)
    assert lives.ask("SYST:STAT?") == "RUNNING"
    assert set(lives.alarms()) <= {0, 314}
    lives.bite()
    assert lives.ask("SYST:STAT?;:SYST:RES?") == "STOPPED;WATCHDOG"
    assert lives.alarms() == [304]


@pytest.mark.hazard("power-cut")
@pytest.mark.parametrize("revolution_ml", ["0.24", "0.17", "2", "10"])
@pytest.mark.parametrize("end", ["cut", "bite"])
def test_a_calibration_between_a_stop_and_a_start_is_in_the_account_after_a_reset(
    revolution_ml, end
):
    lives = pump("24 ML/D")
    pl_per_step = lives.target.plant.beaker.pl_per_step
    before_nl = lives.beaker_nl()
    lives.tell("PRES:EDIT")
    token = lives.ask("PRES:VAL?").split(",")[1]
    again = f"PRES:COMM {token};:" if float(revolution_ml) > 1 else ""  # quite another head
    send(lives, f"THER:STOP;:MOT:CAL:PERR {revolution_ml} ML;:{again}THER:STAR")
    lives.run(60)
    assert lives.ask("SYST:STAT?") == "RUNNING"
    getattr(lives, end)()
    out_nl = lives.beaker_nl() - before_nl
    nl_per_step = float(revolution_ml) * 1e6 / 3200
    out_nl = float(out_nl * 1000 / pl_per_step) * nl_per_step
    least, most = lives.interval_nl()
    assert least - nl_per_step <= float(before_nl) + out_nl <= most + nl_per_step
    if end == "bite":
        assert most - least <= 1


@pytest.mark.hazard("bolus-resumed")
def test_a_dose_that_began_in_the_message_of_a_stop_is_on_record_after_a_cut():
    lives = pump("24 ML/D")
    send(lives, "THER:STOP;STAR;STOP;:BOL:STAR 0.5 UG,10 S")
    lives.run(30)
    done = lives.ask("BOL:HIST? 4")
    assert done.startswith("1,CLINICIAN,0.500,0.500,")
    lives.cut()
    assert lives.ask("BOL:HIST? 4") == done


@pytest.mark.slow
@pytest.mark.hazard("daily-limit-exceeded")
def test_the_drug_of_a_therapy_that_began_in_the_message_of_a_jog_counts_after_a_cut():
    lives = pump("10 ML/D", ";:PRES:LIM:DAY 6000 UG")
    lives.tell("THER:STOP")
    send(lives, "MOT:JOG 0.5,375;:THER:STOP;STAR")
    lives.run(3500)
    ug = float(lives.ask("DEL:TOT?").split(",")[0])
    assert ug > 200
    lives.cut()
    assert float(lives.ask("DEL:TOT?").split(",")[0]) == pytest.approx(ug, abs=3)
    lives.tell("THER:CONF")
    lives.target.ask("*CLS;*OPC?")
    lives.target.tell("BOL:STAR 6000 UG,1 D")
    assert lives.target.ask("SYST:ERR?").startswith("112,")


def test_what_begins_and_ends_in_one_message_is_told_in_order():
    lives = pump()
    lives.tell("THER:STOP")
    lives.run(2)
    counts = [len(lives.events(code)) for code in (STARTED, STOPPED, BEGAN, ENDED)]
    send(lives, "BOL:STAR 10 UG,10 S;ABOR;STAR 20 UG,20 S;ABOR;:THER:STAR;STOP")
    lives.run(3)
    more = [len(lives.events(code)) for code in (STARTED, STOPPED, BEGAN, ENDED)]
    assert [b - a for a, b in zip(counts, more, strict=True)] == [3, 3, 2, 2]


def test_service_writes_every_event_before_it_gives_the_console_away():
    lives = pump()
    send(lives, "THER:STOP;:SYST:SERV")
    lives.run(2)
    lives.cut()
    assert lives.events(COMMAND)[-2:] == ["COMMAND THER:STOP", "COMMAND SYST:SERV"]
    assert lives.ask("ALAR:ACT?") == '0,"None"'


def test_a_burst_of_settings_drops_no_event():
    lives = pump()
    lives.tell("THER:STOP")
    for _ in range(2):
        send(lives, ";:".join([f"RES:LOW {1 + n / 10} ML" for n in range(15)]))
    send(lives, "BOL:STAR 10 UG,10 S;ABOR")
    lives.run(3)
    assert len(lives.events(BEGAN)) == len(lives.events(ENDED)) == 1
    assert len([text for text in lives.events(COMMAND) if "RES:LOW" in text]) == 30
