# SPDX-License-Identifier: MIT
"""Bad input: each has its error, the next good line works, a running delivery loses no step."""

import pytest

from host_tests.support.sessions.bench import assert_exact

RATE = "1000 ML/HR"

BAD = {
    b"FOO:BAR": -113,
    b"PRES:CONC 500": -130,
    b"PRES:CONC 500 ML": -131,
    b"PRES:RATE 120 UG": -131,
    b"PRES:RATE 007 UG/D": -120,
    b"PRES:RATE .5 UG/D": -120,
    b"PRES:RATE 5. UG/D": -120,
    b"PRES:RATE 1e3 UG/D": -123,
    b"PRES:RATE +5 UG/D": -121,
    b"PRES:RATE -5 UG/D": -121,
    b"PRES:RATE -0 UG/D": -121,
    b"PRES:RATE 1,5 UG/D": -108,
    b"PRES:RATE 0 UG/D": -222,
    b"PRES:RATE 0.00000001 UG/D": -124,
    b"PRES:RATE": -109,
    b"PRES:RATE  ": -109,
    b"PRES:MODE 5": -128,
    b"PRES:MODE SIM": -141,
    b"MOT:JOG 1": -109,
    b"MOT:JOG 1,2,3": -108,
    b"MOT:JOG 1 REV,60": -138,
    b"*ESE 256": -222,
    b"THER:STAR NOW": -108,
    b"PRES:NEW;;": -102,
    b"x" * 256: -363,
    b"\x03": -101,
    b"*IDN?\x03": -101,
    b"\x00\x01\xff\xfe": -101,
    "µ".encode(): -101,
}


@pytest.mark.chip_in_soak
@pytest.mark.parametrize("line", BAD, ids=lambda line: repr(line[:24]))
def test_a_bad_line_gives_its_error_and_nothing_else(bench, line):
    bench.target.write(line + b"\n")
    assert bench.ask("*IDN?").startswith("ITB-Pump,")
    assert bench.ask("SYST:ERR?").startswith(f"{BAD[line]},")
    assert bench.ask("SYST:ERR?") == '0,"No error"'


@pytest.mark.chip_in_soak
@pytest.mark.hazard("console-flood")
def test_a_running_delivery_loses_no_step_to_any_bad_line(bench):
    bench.prescribe(RATE)
    bench.tell("THER:STAR")
    for line in BAD:
        bench.target.write(line + b"\n")
        bench.run(0.02)
    assert bench.ask("*IDN?").startswith("ITB-Pump,")
    bench.ask("*CLS;*STB?")
    bench.stop()
    assert_exact(bench, RATE)


@pytest.mark.chip_in_soak
def test_half_a_line_waits_for_its_other_half(bench):
    bench.target.write(b"SYST:ST")
    bench.run(1.5)
    assert bench.ask("AT?") == "STOPPED"


@pytest.mark.chip_in_soak
def test_half_a_line_of_a_host_that_is_gone_is_dropped_after_ten_seconds(bench):
    bench.target.write(b"SYST:ST")
    bench.run(10.5)
    bench.target.write(b"*CLS;*ESE 3;*ESE?\n")
    assert bench.target.read_line() == "3"
    bench.target.write(b"\xff*RST")
    bench.run(10.5)
    assert bench.ask("SYST:ERR?").startswith("-101,")
    assert bench.ask("SYST:ERR?").startswith("-102,")


@pytest.mark.chip_in_soak
def test_a_line_of_255_bytes_is_taken_and_one_of_256_is_not(bench):
    longest = b"*IDN?".ljust(255)
    bench.target.write(longest + b"\n")
    assert bench.target.read_line().startswith("ITB-Pump,")
    bench.target.write(longest + b" \n")
    assert bench.ask("SYST:ERR?").startswith("-363,")


@pytest.mark.chip_in_soak
def test_the_error_queue_overflows_with_its_own_error(bench):
    for _ in range(20):
        bench.target.tell("FOO")
    errors = [bench.ask("SYST:ERR?") for _ in range(17)]
    assert [error[:4] for error in errors] == ["-113"] * 15 + ["-350", '0,"N']
