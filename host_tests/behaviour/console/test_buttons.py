# SPDX-License-Identifier: MIT
"""The buttons of the board: each is its command, with its records; noise is nothing."""

import random

import pytest

from host_tests.support.sessions.alarm import (
    Later,
    filled,
    heard,
    listen,
    logged,
    states,
    with_board,
)
from host_tests.support.sessions.bench import (
    Bench,
    assert_balanced,
    assert_exact,
    hold,
    main_with_task,
)
from host_tests.support.sessions.therapy import prescribe
from pumpbench.images.image import FIRMWARE

BUTTONS = ("stop_button", "silence_button", "bolus_button")
PATIENT = "PAT:DOSE 5 UG,10 S;LOCK 6 HR;MAX 3"
LATENCY_S = 0.1  # from a full second to the last step
TWO_TONES = [2]  # tones of each burst


def ordered(bench):
    """What the buttons have ordered, as the log tells it."""
    return [text for text in logged(bench) if "BUTTON" in text or "REFUSED" in text]


def tones(bench, seconds):
    """How many tones each burst has."""
    return [len(burst) for burst in heard(bench, seconds)]


def running(bench, *before_start):
    """A pump that runs, with a patient bolus, after some messages while it was stopped."""
    filled(bench)
    prescribe(bench, "MODE SIMP;RATE 100 UG/D", PATIENT)
    for message in before_start:
        bench.tell(message)
    bench.tell("THER:STAR")
    bench.run(1)
    listen(bench)
    return bench


@pytest.mark.hazard("stop-ignored")
def test_the_stop_button_held_for_a_second_stops_the_delivery(bench, record_property):
    filled(bench)
    bench.prescribe("100 ML/HR")
    bench.tell("THER:STAR")
    bench.run(0.3)
    hold(bench, "stop_button", 0.9)
    assert bench.ask("SYST:STAT?") == "RUNNING"
    bench.target.pin("stop_button").drive(0)
    began_ns = bench.target.now_ns
    bench.run(1.0 + LATENCY_S)
    assert bench.target.pin("enable").level == 1  # active low
    edges = bench.plant.edges.count
    after_s = (list(bench.plant.edges.times_ns())[-1] - began_ns) / 1e9
    assert 0.9 < after_s < 1.0 + LATENCY_S
    bench.target.pin("stop_button").drive(1)
    bench.run(1.0)
    assert bench.plant.edges.count == edges
    assert_balanced(bench)
    assert bench.ask("SYST:STAT?;:SYST:ERR?") == 'STOPPED;0,"No error"'
    assert ordered(bench) == ["COMMAND BUTTON STOP"]
    assert "STOPPED STOPPED" in logged(bench)
    text = f"{bench.target.name}: a stop button is held: the last step after {after_s:.3f} s"
    record_property("measured", text)


@pytest.mark.no_chip
@pytest.mark.parametrize("order", ["BOL:STAR 50 UG,1 MIN", "BOL:TRI 50 UG,1 MIN,5 MIN"])
def test_the_stop_button_ends_a_bolus(bench, order):
    filled(bench)
    prescribe(bench, "MODE SIMP;RATE 100 UG/D")
    bench.tell(order)
    bench.run(20)
    hold(bench, "stop_button", 1.1)
    edges = bench.plant.edges.count
    bench.run(60)
    assert bench.plant.edges.count == edges > 100
    assert ",STOPPED" in bench.ask("BOL:HIST? 1")
    assert_balanced(bench)


@pytest.mark.no_chip
def test_the_stop_button_ends_a_prime(bench):
    filled(bench)
    bench.prescribe("24 ML/D")
    bench.tell("PRIM:STAR 0.5 ML,1 ML/MIN")
    bench.run(3)
    hold(bench, "stop_button", 1.1)
    assert bench.ask("THER:STAT?") == "STOPPED"
    edges = bench.plant.edges.count
    bench.run(10)
    assert bench.plant.edges.count == edges
    assert_balanced(bench)


DYING = """
trigger = hal.Input("^!GP10")

def extra(now_us):
    if trigger.is_active():
        raise ValueError
    return app.clock.now_us() + 50_000
"""


@pytest.mark.chip_in_soak
def test_the_stop_button_is_recorded_and_harmless_within_a_fault(power_up):
    bench = running(Bench(power_up(main=main_with_task(DYING))))
    bench.target.pin(10).drive(0)
    bench.run(0.3)
    bench.target.pin(10).drive(1)
    bench.run(1)
    hold(bench, "stop_button", 1.1)
    assert bench.ask("SYST:STAT?") == "FAULT"
    assert ordered(bench) == ["COMMAND BUTTON STOP"]
    edges = bench.plant.edges.count
    hold(bench, "bolus_button", 0.2)
    bench.run(20)
    assert bench.plant.edges.count == edges
    assert "PATIENT_REFUSED 107" in logged(bench)


@pytest.mark.chip_in_soak
def test_the_silence_button_pauses_what_sounds(bench):
    filled(bench)
    bench.tell("RES:REF 10 ML,18 ML")
    bench.run(1)
    assert states(bench) == {307: "ACTIVE"}
    hold(bench, "silence_button", 0.2)
    assert states(bench) == {307: "PAUSED"}
    assert 118 < float(bench.ask("ALAR:PAUS?")) < 120
    listen(bench)
    assert heard(bench, 25) == []
    assert ordered(bench) == ["COMMAND BUTTON SILENCE"]
    assert "AUDIO_PAUSED 120.000 s" in logged(bench)


@pytest.mark.no_chip
def test_an_order_is_a_click_and_silence_of_nothing_two_tones_and_no_record(bench):
    running(bench)
    hold(bench, "silence_button", 0.2)
    assert tones(bench, 1) == TWO_TONES
    assert ordered(bench) == []
    listen(bench)
    hold(bench, "stop_button", 1.1)
    pulses = list(bench.plant.buzzer.pulses())
    assert 3 <= len(pulses) <= 20  # some milliseconds of C6
    assert pulses[-1][0] - pulses[0][0] < 20_000_000
    assert bench.ask("SYST:ERR?") == '0,"No error"'


@pytest.mark.chip_in_soak
@pytest.mark.hazard("lockout-bypassed")
def test_the_bolus_button_gives_one_bolus_and_is_refused_within_the_lockout(bench):
    running(bench)
    hold(bench, "bolus_button", 0.2, then_s=12)
    assert bench.ask("BOL:PAT?").startswith("1,0,0,")
    assert bench.ask("BOL:HIST? 1").split(",")[1::4][0] == "PATIENT"
    assert ordered(bench) == ["COMMAND BUTTON BOLUS"]
    listen(bench)
    hold(bench, "bolus_button", 0.2)
    assert tones(bench, 1) == TWO_TONES
    assert bench.ask("BOL:PAT?").startswith("1,0,1,")
    assert ordered(bench) == ["COMMAND BUTTON BOLUS", "PATIENT_REFUSED 110"]
    assert states(bench) == {}
    bench.stop()
    assert_balanced(bench)


@pytest.mark.hazard("button-noise")
@pytest.mark.no_chip
@pytest.mark.parametrize(("apart_s", "requests"), [(0.5, 1), (1.2, 2)])
def test_two_presses_within_a_second_are_one(bench, apart_s, requests):
    running(bench)
    hold(bench, "bolus_button", 0.2, then_s=apart_s - 0.2)
    hold(bench, "bolus_button", 0.2)
    given, refused, locked_out, _ = bench.ask("BOL:PAT?").split(",")
    assert int(given) == 1
    assert int(given) + int(refused) + int(locked_out) == requests


@pytest.mark.hazard("button-noise")
@pytest.mark.chip_in_soak
@pytest.mark.parametrize("button", BUTTONS)
def test_bounce_orders_nothing(bench, button, seed):
    running(bench)
    pin, dice = bench.target.pin(button), random.Random(seed)
    times_us = sorted(dice.sample(range(25_000), 1000))
    for after_us, at_us in zip([0, *times_us], times_us, strict=False):
        bench.run((at_us - after_us) / 1e6)
        pin.drive(1 - pin.level)
    bench.run(3)
    assert pin.level == 1
    assert ordered(bench) == []
    assert bench.ask("BOL:PAT?").startswith("0,0,0,")
    assert bench.ask("SYST:STAT?") == "RUNNING"


class Rests:
    """Counts how often the rest of a simulated board ends."""

    def __init__(self, bench):
        self.count = 0
        self._idle = bench.target.world.idle
        bench.target.world.idle = self._counted

    def _counted(self):
        self.count += 1
        self._idle()


NOISE_S = 2


@pytest.mark.hazard("button-noise")
@pytest.mark.no_chip
@pytest.mark.unix_in_soak
@pytest.mark.slow
def test_noise_of_50_khz_on_every_button_loses_no_step_and_orders_nothing(bench, record_property):
    filled(bench)
    prescribe(bench, "MODE SIMP;RATE 12000 UG/D", PATIENT)
    bench.mark()
    bench.tell("THER:STAR")
    pins = [bench.target.pin(name) for name in BUTTONS]
    rests = Rests(bench)
    for _ in range(NOISE_S * 50_000):
        for level in (0, 1):
            for pin in pins:
                pin.drive(level)
            bench.run(10e-6)
    ended = rests.count
    bench.run(3)
    assert bench.ask("SYST:STAT?") == "RUNNING"
    assert ordered(bench) == []
    assert states(bench) == {}
    assert bench.ask("BOL:PAT?").startswith("0,0,0,")
    bench.stop()
    assert bench.plant.edges.count > (NOISE_S + 3) / 0.225 - 2
    assert_exact(bench, "24 ML/D")
    assert ended < NOISE_S * 1000
    wakes = f"{bench.target.name} wakes {ended / NOISE_S:.0f} times a second"
    record_property("measured", f"noise of 50 kHz on all buttons: {wakes}")


@pytest.mark.no_chip
def test_a_quiet_board_looks_at_its_buttons_no_more_often_than_it_wakes(bench):
    filled(bench)
    bench.run(5)
    rests = Rests(bench)
    bench.run(100)
    assert rests.count < 100 * 10


@pytest.mark.slow
@pytest.mark.hazard("button-noise")
@pytest.mark.no_chip
def test_a_stuck_button_orders_once_and_its_alarm_ends_when_it_is_released(bench):
    running(bench)
    bench.target.pin("bolus_button").drive(0)
    bench.run(58)
    assert states(bench) == {}
    bench.run(600)
    assert states(bench) == {315: "ACTIVE"}
    assert ordered(bench) == ["COMMAND BUTTON BOLUS"]
    assert bench.ask("BOL:PAT?").startswith("1,0,0,")
    bench.target.pin("bolus_button").drive(1)
    bench.run(0.5)
    assert states(bench) == {}
    hold(bench, "bolus_button", 0.2)
    assert ordered(bench)[-1] == "PATIENT_REFUSED 110"


@pytest.mark.hazard("button-noise")
@pytest.mark.no_chip
@pytest.mark.parametrize("button", BUTTONS[1:])
def test_a_button_held_at_power_up_does_nothing_until_it_was_released(power_up, button):
    target = power_up()
    target.pin(button).drive(0)
    bench = running(Bench(target), "RES:REF 10 ML,18 ML")
    bench.run(5)
    assert ordered(bench) == []
    target.pin(button).drive(1)
    bench.run(0.5)
    assert ordered(bench) == []
    hold(bench, button, 0.2)
    assert len(ordered(bench)) == 1


@pytest.mark.no_chip
def test_all_three_at_once_are_all_obeyed_and_the_pump_stops(bench):
    running(bench, "RES:REF 10 ML,18 ML")
    pins = [bench.target.pin(name) for name in BUTTONS]
    for pin in pins:
        pin.drive(0)
    bench.run(1.1)
    for pin in pins:
        pin.drive(1)
    bench.run(1)
    names = ("SILENCE", "BOLUS", "STOP")
    assert ordered(bench) == [f"COMMAND BUTTON {name}" for name in names]
    assert bench.ask("SYST:STAT?") == "STOPPED"
    assert states(bench) == {307: "PAUSED"}
    assert_balanced(bench)


@pytest.mark.chip_in_soak
def test_what_a_button_did_is_on_record_after_a_reset(power_up):
    main = (FIRMWARE / "main.py").read_text()
    bench = running(Bench(power_up()))
    hold(bench, "bolus_button", 0.2, then_s=12)
    hold(bench, "bolus_button", 0.2)
    hold(bench, "stop_button", 1.1, then_s=2.5)
    later = Later(power_up, bench, main)
    expected = ["COMMAND BUTTON BOLUS", "PATIENT_REFUSED 110", "COMMAND BUTTON STOP"]
    assert ordered(later) == expected
    assert 21_000 < float(later.ask("BOL:PAT?").split(",")[3]) < 21_600
    assert later.ask("SYST:STAT?") == "STOPPED"
    assert states(later) == {}


@pytest.mark.no_chip
def test_a_board_without_buttons_runs(power_up):
    lines = [f'    "{name}": "^!GP{14 - n}",\n' for n, name in enumerate(BUTTONS)]
    bench = running(Bench(with_board(power_up, *[(line, "") for line in lines])))
    assert bench.ask("SYST:STAT?") == "RUNNING"
