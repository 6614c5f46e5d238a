# SPDX-License-Identifier: MIT
"""A storm of equal events does not push the day out of the log, and does not wear the flash."""

import pytest

from host_tests.support.sessions.bench import Bench
from host_tests.support.sessions.therapy import prescribe
from pumpbench.targets.sim import SimTarget

PATIENT = "PAT:DOSE 5 UG,5 MIN;LOCK 6 HR;MAX 3"


def writes(bench):
    return int(bench.ask("SYST:HEAL?").split(",")[3])


@pytest.mark.slow
@pytest.mark.hazard("log-flooded")
def test_a_button_that_sticks_for_seven_minutes_leaves_the_record_of_the_day():
    bench = Bench(SimTarget())
    prescribe(bench, "MODE SIMP;RATE 100 UG/D", PATIENT)
    bench.tell("THER:STAR")
    bench.tell("BOL:PAT")
    bench.run(400)
    before = writes(bench)
    for _ in range(2000):
        bench.target.write(b"BOL:PAT\n")
        bench.run(0.2)
    bench.tell("*CLS")
    assert bench.ask("BOL:PAT?").startswith("1,0,2000,")  # the lockout held
    assert "DOSE_BEGAN" in bench.ask("LOG:READ? 1,16")
    count, first = map(int, bench.ask("LOG:COUN?").split(","))
    assert (first, count < 50) == (1, True)
    assert writes(bench) - before < 40
    bench.run(700)
    assert '"PATIENT_REFUSED 2000 x 110"' in bench.ask(f"LOG:READ? {count - 4},16")


@pytest.mark.slow
@pytest.mark.hazard("log-flooded")
def test_a_host_that_repeats_a_setting_for_an_hour_leaves_the_record_of_the_day():
    bench = Bench(SimTarget())
    bench.tell("RES:REF 20 ML")
    for n in range(1200):
        bench.target.write(b"RES:LOW %d ML\n" % (1 + n % 2))
        bench.run(3)
    assert int(bench.ask("LOG:COUN?").split(",")[0]) < 60
    assert "REF 20 ML" in bench.ask("LOG:READ? 1,16")
