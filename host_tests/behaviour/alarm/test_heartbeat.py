# SPDX-License-Identifier: MIT
"""The heartbeat of the host: silence is an alarm, any line ends it, and delivery goes on."""

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.sessions.bench import assert_exact
from host_tests.support.sessions.therapy import refusal

HOST_SILENT = 321
ALARM_ON, ALARM_OFF = 411, 412


def silences(pump):
    """Alarms 321 that have come, and that have gone."""
    pump.run(1.5)  # the question itself has ended it
    return [sum("321" in text for text in pump.events(code)) for code in (ALARM_ON, ALARM_OFF)]


@pytest.mark.slow
@pytest.mark.parametrize("quiet_s", [8_000, pytest.param(90_000, marks=pytest.mark.long)])
def test_it_is_off_at_first_and_takes_five_seconds_to_a_day(quiet_s):
    pump = Lives()
    assert pump.ask("SYST:HEAR?") == "OFF"
    pump.run(quiet_s)
    assert silences(pump) == [0, 0]
    for limit in ("4.999 S", "86400.001 S"):
        assert refusal(pump, "SYST:HEAR " + limit) == -222
    assert refusal(pump, "SYST:HEAR 5") == -130  # its unit
    pump.tell("SYST:HEAR 1 D")
    assert pump.ask("SYST:HEAR?") == "86400.000"
    pump.tell("SYST:HEAR OFF")
    assert pump.ask("SYST:HEAR?") == "OFF"


@pytest.mark.hazard("host-dead")
def test_a_silent_host_is_an_alarm_within_a_second_and_delivery_goes_on(pump):
    pump.tell("RES:REF 20 ML;:SYST:HEAR 5 S")
    pump.prescribe("24 ML/D")
    pump.tell("THER:STAR")
    pump.run(1)
    lamp = pump.plant.lamps["lamp"]
    pump.ask("*OPC?")
    pump.run(4.9)
    assert not lamp.is_on
    pump.run(1.2)
    assert lamp.is_on
    edges = pump.plant.edges.count
    pump.run(10)
    assert pump.plant.edges.count > edges
    pump.target.write(b"SYST:STAT?;:ALAR:ACT?\n")
    assert pump.target.read_line(5).startswith("RUNNING")
    pump.run(1)
    assert not lamp.is_on
    assert pump.ask("ALAR:ACT?") == '0,"None"'
    pump.stop()
    assert_exact(pump, "24 ML/D")


@pytest.mark.hazard("host-dead")
@pytest.mark.parametrize("line", [b"*OPC\n", b"nonsense\n", b"\n", b"x" * 300 + b"\n", b"\x03\n"])
def test_any_line_ends_it(line):
    pump = Lives()
    pump.tell("SYST:HEAR 5 S")
    pump.run(8)
    pump.target.write(line)
    pump.run(1.5)
    pump.tell("*CLS;:SYST:HEAR OFF")
    assert silences(pump) == [1, 1]


@pytest.mark.hazard("host-dead")
def test_half_a_line_is_none():
    pump = Lives()
    pump.tell("SYST:HEAR 5 S")
    for _ in range(8):
        pump.target.write(b" ")
        pump.run(1)
    pump.tell("SYST:HEAR OFF")
    assert silences(pump) == [1, 1]


def test_lines_in_time_keep_it_off():
    pump = Lives()
    pump.tell("SYST:HEAR 5 S")
    for _ in range(10):
        pump.run(4.5)
        pump.tell("*OPC")
    assert silences(pump) == [0, 0]


@pytest.mark.parametrize("end", ["reset", "cut"])
def test_it_survives_a_reset_and_counts_from_there(end):
    pump = Lives()
    pump.tell("SYST:HEAR 20 S")
    getattr(pump, end)()
    assert pump.ask("SYST:HEAR?") == "20.000"
    pump.run(17)
    assert silences(pump) == [0, 0]
    pump.run(25)
    assert silences(pump) == [1, 1]
