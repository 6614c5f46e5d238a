# SPDX-License-Identifier: MIT
"""A board with a rotor sensor: what the rotor does not follow is an alarm and on record.

The plant's rotor gives a pulse every 400 steps, 25 uL. Faults are set in the plant, alarms are
heard and seen at the pins, volumes are those of the beaker.
"""

from fractions import Fraction

import pytest

from host_tests.support.sessions.alarm import (
    ROTOR,
    Later,
    assert_answered,
    filled,
    logged,
    states,
    with_board,
)
from host_tests.support.sessions.bench import STEP_NL, Bench

DISTANCE = 400
STALL, UNDER, OVER, FAULTY = 317, 318, 319, 320
RATES = ("24 ML/D", "1 ML/D", "100 ML/HR")
STEPS_S = {"24 ML/D": 4.4444, "1 ML/D": 0.18518, "100 ML/HR": 444.44}


@pytest.fixture
def fitted(power_up):
    """A full and stopped pump with a sensor, whose rotor is in the midst of a distance."""
    return filled(Bench(with_board(power_up, *ROTOR)))


def start(bench, rate, pulses=4):
    """Deliver, and let so many pulses come."""
    bench.prescribe(rate)
    bench.tell("THER:STAR")
    bench.run(pulses * DISTANCE / STEPS_S[rate])
    assert pulses - 1 <= counts(bench)[0] <= pulses + 1


def counts(bench):
    """Pulses, the steps they stand for, missed steps."""
    return [int(number) for number in bench.ask("DEL:ROT?").split(",")]


def until_alarm(bench, code, most_steps, rate):
    """Run until the alarm is there; the steps that went out meanwhile."""
    begin = bench.plant.edges.count
    slice_s = max(DISTANCE / 40 / STEPS_S[rate], 0.05)
    while code not in states(bench):
        assert bench.plant.edges.count - begin <= most_steps, states(bench)
        bench.run(slice_s)
    return bench.plant.edges.count - begin


def told(bench, name):
    """The texts of the events of that name."""
    return [text for text in logged(bench) if text.startswith(name)]


def record(record_property, what, steps):
    volume_ul = float(steps * STEP_NL / 1000)
    record_property("measured", f"{what}: {steps} steps, {volume_ul:.1f} uL until the alarm")


@pytest.mark.chip_in_soak
def test_a_board_without_a_sensor_says_so_and_has_none_of_its_alarms(bench):
    assert bench.ask("DEL:ROT?") == "NONE"
    bench.tell("RES:REF 20 ML")
    bench.plant.rotor.is_stalled = True
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.run(1)
    assert not {STALL, UNDER, OVER, FAULTY} & set(states(bench))


@pytest.mark.hazard("stall-unseen")
def test_a_stalled_rotor_stops_the_pump_and_is_on_record(fitted, record_property):
    start(fitted, "100 ML/HR")
    fitted.plant.rotor.is_stalled = True
    before = fitted.plant.beaker.volume_nl
    steps = until_alarm(fitted, STALL, 3 * DISTANCE, "100 ML/HR")
    # Some steps since its last pulse were out before; a look comes every 0.8 s at most.
    assert DISTANCE < steps <= 2 * DISTANCE + 500
    assert fitted.ask("THER:STAT?") == "STOPPED"
    fitted.run(0.1)
    out = fitted.plant.edges.count
    fitted.run(2)
    assert fitted.plant.edges.count == out
    assert fitted.plant.beaker.volume_nl == before
    missed = counts(fitted)[2]
    assert steps - 50 <= missed <= steps + 2 * DISTANCE
    volume_ml = f"{int(missed * STEP_NL) / 1_000_000:.6f}"  # the console rounds down
    assert told(fitted, "ROTOR_STALLED") == [f"ROTOR_STALLED {missed} steps {volume_ml} mL"]
    record(record_property, "stall at 100 ML/HR", steps)


@pytest.mark.slow
@pytest.mark.unix_in_soak(but=("100 ML/HR",))
@pytest.mark.no_chip
@pytest.mark.parametrize("rate", RATES)
def test_a_stall_is_found_within_three_pulses_at_any_rate(fitted, rate, record_property):
    start(fitted, rate)
    fitted.plant.rotor.is_stalled = True
    steps = until_alarm(fitted, STALL, 3 * DISTANCE + 500, rate)
    assert fitted.ask("THER:STAT?") == "STOPPED"
    assert UNDER not in states(fitted)
    record(record_property, f"stall at {rate}", steps)


@pytest.mark.no_chip
def test_a_stall_is_heard_seen_paused_and_answered(fitted):
    start(fitted, "100 ML/HR")
    fitted.plant.rotor.is_stalled = True
    until_alarm(fitted, STALL, 4 * DISTANCE, "100 ML/HR")
    assert_answered(fitted, STALL)


@pytest.mark.slow
@pytest.mark.hazard("catch-up")
@pytest.mark.no_chip
def test_a_restart_after_a_stall_logs_recovery_and_catches_nothing_up(fitted):
    rate = "100 ML/HR"
    start(fitted, rate)
    fitted.plant.rotor.is_stalled = True
    until_alarm(fitted, STALL, 4 * DISTANCE, rate)
    fitted.plant.rotor.is_stalled = False
    fitted.tell("ALAR:ACKN")
    fitted.mark()
    missed = counts(fitted)[2]
    started_ns = fitted.target.now_ns
    fitted.tell("THER:STAR")
    fitted.run(10)
    assert STALL not in states(fitted)
    most_s = (fitted.target.now_ns - started_ns) / 1e9
    assert 10 * STEPS_S[rate] - 10 <= fitted.plant.edges.count <= most_s * STEPS_S[rate] + 1
    assert fitted.plant.beaker.volume_nl - fitted.start_nl == fitted.plant.edges.count * STEP_NL
    assert len(told(fitted, "ROTOR_RECOVERED")) == 1
    assert str(missed) in told(fitted, "ROTOR_RECOVERED")[0]
    fitted.run(60)
    assert counts(fitted)[2] == missed
    assert states(fitted) == {}


@pytest.mark.no_chip
def test_a_rotor_still_stalled_after_the_restart_sounds_again(fitted):
    start(fitted, "100 ML/HR")
    fitted.plant.rotor.is_stalled = True
    until_alarm(fitted, STALL, 4 * DISTANCE, "100 ML/HR")
    fitted.tell("ALAR:ACKN")
    assert states(fitted) == {STALL: "ACKNOWLEDGED"}
    fitted.tell("THER:STAR")
    fitted.run(0.5)
    assert states(fitted) == {}
    until_alarm(fitted, STALL, 4 * DISTANCE, "100 ML/HR")
    assert states(fitted) == {STALL: "ACTIVE"}
    assert len(told(fitted, "ROTOR_STALLED")) == 2


@pytest.mark.slow
@pytest.mark.hazard("stall-unseen")
@pytest.mark.no_chip
def test_a_stall_in_a_bolus_ends_it_and_its_rest_is_never_given(fitted, record_property):
    start(fitted, "24 ML/D")
    fitted.tell("BOL:STAR 250 UG,5 MIN")  # 0.5 mL: 8000 steps, a pulse every 15 s
    fitted.run(60)
    fitted.plant.rotor.is_stalled = True
    steps = until_alarm(fitted, STALL, 3 * DISTANCE, "24 ML/D")
    assert fitted.ask("THER:STAT?;:BOL:STAT?").startswith("STOPPED;NONE")
    last = fitted.ask("BOL:HIST? 1").split(",")
    assert last[-1] == "STOPPED"
    assert 0 < float(last[3]) < 250
    fitted.plant.rotor.is_stalled = False
    fitted.tell("ALAR:ACKN")
    fitted.mark()
    fitted.tell("THER:STAR")
    fitted.run(600)
    assert abs(fitted.plant.edges.count - 600 * STEPS_S["24 ML/D"]) <= 4
    record(record_property, "stall in a bolus", steps)


@pytest.mark.slow
@pytest.mark.unix_in_soak(but=("100 ML/HR",))
@pytest.mark.hazard("stall-unseen")
@pytest.mark.no_chip
@pytest.mark.parametrize("rate", RATES)
def test_a_slipping_rotor_is_under_infusion_and_delivery_goes_on(fitted, rate, record_property):
    start(fitted, rate)
    fitted.plant.rotor.slip = Fraction(3, 10)
    steps = until_alarm(fitted, UNDER, 18 * DISTANCE, rate)
    assert fitted.ask("THER:STAT?") == "RUNNING"
    missed = counts(fitted)[2]
    assert abs(missed - steps * 3 // 10) <= 2 * DISTANCE
    assert told(fitted, "ROTOR_SLIPPED")
    record(record_property, f"slip of 30 % at {rate}", steps)
    assert states(fitted)[UNDER] == "ACTIVE"


@pytest.mark.no_chip
def test_under_infusion_is_heard_seen_paused_and_answered(fitted):
    start(fitted, "100 ML/HR")
    fitted.plant.rotor.slip = Fraction(4, 10)
    until_alarm(fitted, UNDER, 18 * DISTANCE, "100 ML/HR")
    assert_answered(fitted, UNDER)


@pytest.mark.slow
@pytest.mark.unix_in_soak(but=("100 ML/HR",))
@pytest.mark.hazard("stall-unseen")
@pytest.mark.no_chip
@pytest.mark.parametrize("rate", RATES)
def test_a_rotor_that_runs_ahead_stops_the_pump(fitted, rate, record_property):
    start(fitted, rate)
    fitted.plant.rotor.slip = Fraction(-3, 10)
    steps = until_alarm(fitted, OVER, 18 * DISTANCE, rate)
    assert fitted.ask("THER:STAT?") == "STOPPED"
    assert told(fitted, "ROTOR_OVERRAN")
    record(record_property, f"30 % too much at {rate}", steps)


def turn_by_itself(bench, steps):
    """The rotor moves, and the board has the time to see each level."""
    for _ in range(0, steps, 50):
        bench.plant.rotor.turn_by_itself(50)
        bench.run(0.05)


@pytest.mark.hazard("stall-unseen")
@pytest.mark.no_chip
def test_a_rotor_that_turns_by_itself_is_over_infusion_also_at_rest(fitted, record_property):
    start(fitted, "100 ML/HR")
    fitted.stop()
    fitted.run(5)
    turned = 0
    while OVER not in states(fitted):
        assert turned <= 3 * DISTANCE
        turn_by_itself(fitted, 50)
        fitted.run(1.1)
        turned += 50
    record(record_property, "turning by itself at rest", turned)
    assert_answered(fitted, OVER)


@pytest.mark.slow
@pytest.mark.unix_in_soak
@pytest.mark.no_chip
def test_free_flow_while_the_rate_is_low_stops_the_pump(fitted, record_property):
    start(fitted, "1 ML/D")
    turned = 0
    while OVER not in states(fitted):
        assert turned <= 14 * DISTANCE
        turn_by_itself(fitted, 50)
        turned += 50
    assert fitted.ask("THER:STAT?") == "STOPPED"
    record(record_property, "turning by itself at 1 ML/D", turned)


@pytest.mark.hazard("stall-unseen")
@pytest.mark.no_chip
@pytest.mark.parametrize("fault", ["unplugged", "low", "high"])
def test_a_sensor_that_gives_no_pulse_is_faulty_and_delivery_goes_on(fitted, fault):
    rotor = fitted.plant.rotor
    rotor.is_unplugged = fault == "unplugged"
    rotor.stuck = {"low": 0, "high": 1}.get(fault)
    rotor.turn_by_itself(1)  # nothing is seen of it but the level
    fitted.prescribe("100 ML/HR")
    fitted.tell("THER:STAR")
    until_alarm(fitted, FAULTY, 5 * DISTANCE, "100 ML/HR")
    assert set(states(fitted)) == {FAULTY}
    assert_answered(fitted, FAULTY)
    assert fitted.ask("THER:STAT?") == "RUNNING"


@pytest.mark.no_chip
def test_a_sensor_that_counts_double_is_faulty_and_delivery_goes_on(fitted):
    fitted.plant.rotor.edges_per_pulse = 2
    fitted.prescribe("100 ML/HR")
    fitted.tell("THER:STAR")
    until_alarm(fitted, FAULTY, 12 * DISTANCE, "100 ML/HR")
    assert set(states(fitted)) == {FAULTY}
    assert fitted.ask("THER:STAT?") == "RUNNING"


@pytest.mark.chip_in_soak
def test_the_pulses_that_come_are_counted(fitted):
    start(fitted, "100 ML/HR")
    fitted.stop()
    pulses, stand_for, missed = counts(fitted)
    rotor = fitted.plant.rotor
    assert pulses == (rotor.position_steps + rotor.phase_steps) // DISTANCE
    assert (stand_for, missed) == (pulses * DISTANCE, 0)


@pytest.mark.no_chip
def test_a_pump_that_stalled_shows_it_after_a_power_cut(fitted, power_up):
    start(fitted, "100 ML/HR")
    fitted.plant.rotor.is_stalled = True
    until_alarm(fitted, STALL, 4 * DISTANCE, "100 ML/HR")
    fitted.run(3)
    later = Later(power_up, fitted, None)
    assert states(later)[STALL] == "LATCHED"
    assert told(later, "ROTOR_STALLED")


@pytest.mark.slow
@pytest.mark.unix_in_soak
@pytest.mark.no_chip
def test_stops_boluses_jogs_and_primes_of_a_healthy_rotor_are_no_alarm(fitted):
    fitted.prescribe("24 ML/D")
    for n in range(40):
        fitted.tell(f"MOT:JOG 0.{n:02d}7,{20 + 7 * n}")
        fitted.run(2 + n / 7)
        fitted.tell("THER:STOP;STAR")
        fitted.run(30 + 3 * n)
        fitted.tell("BOL:STAR 5 UG,5 S")
        fitted.run(n / 8)
        fitted.tell("THER:STOP")
        fitted.run(n % 3)
    assert states(fitted) == {}
    assert counts(fitted)[0] > 20
    assert counts(fitted)[2] == 0


@pytest.mark.slow
@pytest.mark.no_chip
@pytest.mark.unix_in_soak
@pytest.mark.parametrize("hours", [6, pytest.param(24, marks=pytest.mark.long)])
def test_a_day_at_1_ml_is_no_alarm(fitted, hours, record_property):
    """Six hours of it in `make test`."""
    fitted.prescribe("1 ML/D")
    fitted.tell("THER:STAR")
    for _ in range(hours):
        fitted.run(3600)
        assert states(fitted) == {}
    pulses, _, missed = counts(fitted)
    assert abs(pulses - 40 * hours / 24) <= 1
    assert missed == 0
    record_property("measured", f"{hours} h at 1 ML/D: {pulses} pulses, no alarm")
