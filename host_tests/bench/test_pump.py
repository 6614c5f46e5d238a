# SPDX-License-Identifier: MIT
"""The pump as scripts drive it: typed, refused with a reason, at one with what comes out."""

import contextlib
import csv
import io
import os
import re
import threading
import tty
from decimal import Decimal
from pathlib import Path

import pytest

from host_tests.bench.socketed import socketed
from pumpbench import (
    Dose,
    FlexStep,
    Invalid,
    Limits,
    NotAPump,
    Patient,
    Periodic,
    Prescription,
    Pump,
    PumpError,
)
from pumpbench.client.prescription import amount
from pumpbench.targets.sim import SimTarget

README = Path(__file__).parents[2] / "README.md"
CONSTANT = Prescription(500, ml_d=24)


@pytest.fixture(params=["sim", "unix"])
def pump(request):
    with Pump.open(request.param) as pump:
        pump.tell("MOT:CAL:PERR 0.2 ML")
        pump.refill(20)
        yield pump


def started(pump, prescription=CONSTANT):
    review = pump.prescribe(prescription)
    pump.commit(review, accept=review.soft_limits)
    pump.start()


def test_the_script_of_the_readme_runs_as_it_stands():
    text = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL).group(1)
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        exec(compile(text, "README.md", "exec"), {})
    assert re.fullmatch(
        r"Steps\(commanded=(\d+), emitted=\1, witness=\1, queued=0\) 0.040000 COMPLETED\n",
        shown.getvalue(),
    )


def test_a_port_behind_a_socket_says_who_it_is(board):
    with socketed(board.port) as number, Pump.open(f"socket://localhost:{number}") as pump:
        assert pump.ask("*IDN?").startswith("ITB-Pump,RPI_PICO,")
        assert pump.state() == "STOPPED"


def test_what_is_delivered_agrees_in_every_view(pump):
    started(pump)
    pump.bolus(10, 60)
    pump.wait(120)
    assert pump.rate() == (12_000, 24)
    pump.stop()
    steps, edges = pump.steps(), pump._line.plant.edges.count
    assert steps == (edges, edges, edges, 0)
    ledger = pump.ledger_ml()
    assert ledger["CLINICIAN"] == Decimal("0.02")
    assert sum(ledger.values()) == pytest.approx(edges * Decimal("0.0000625"), abs=Decimal("1e-6"))
    assert pump.reservoir_ml() == pytest.approx(20 - sum(ledger.values()), abs=Decimal("2e-6"))
    (bolus,) = pump.boluses()
    assert bolus[1:4] == ("CLINICIAN", 10, 10)
    assert bolus.outcome == "COMPLETED"


def test_every_kind_of_prescription_is_staged_as_it_is_written(pump):
    pump.tell("SYST:TIME 2026-03-02T00:00:00")
    flex = (
        FlexStep("ALL", "12:00", ml_d=36, end="13:00"),
        FlexStep("SUN", "18:30", ug_d="9000.5"),
    )
    periodic = Periodic(Dose(25, 600), interval_s=3600)
    for prescription, answer in (
        (CONSTANT, "SIMPLE,500.000,12000.000,24.000000"),
        (Prescription("0.1", ml_d="0.5"), "SIMPLE,0.100,0.050,0.500000"),
        (Prescription(500, ml_d=24, periodic=periodic), "PERIODIC,500.000,12600"),
        (Prescription(500, ml_d=24, flex=flex), "FLEX,500.000,12"),
    ):
        pump.prescribe(prescription)
        assert pump.ask("PRES:STAG?").startswith(answer)
    sunday = "00:00,24.000000,12:00,36.000000,13:00,24.000000,18:30,18.001000"
    assert pump.ask("PRES:FLEX:STAG? SUN") == sunday


def test_limits_and_the_patients_bolus_come_along(pump):
    limits = Limits(rate_ug_d=20_000, bolus_ug=50, day_ug=14_000)
    patient = Patient(Dose(20, 1800), lockout_s=6 * 3600, maximum=3)
    started(pump, Prescription(500, ml_d=24, patient=patient, limits=limits))
    pump.patient_bolus()
    with pytest.raises(PumpError, match=r"109|110") as refused:
        pump.patient_bolus()
    assert refused.value.number in (109, 110)
    pump.abort()
    with pytest.raises(PumpError, match="LIMit:BOLus"):
        pump.bolus(51, 600)


def test_a_refusal_has_its_number_and_changes_nothing(pump):
    with pytest.raises(PumpError, match="103: No prescription"):
        pump.start()
    review = pump.prescribe(CONSTANT)
    with pytest.raises(PumpError, match="105"):
        pump.commit(review._replace(token="00000000"))
    with pytest.raises(Invalid, match=r"106: .*mL a day"):
        pump.prescribe(Prescription(500, ml_d=30_000))
    assert pump.state() == "STOPPED"
    assert pump.steps().commanded == 0


def test_a_query_that_is_refused_is_told_at_once_and_not_by_a_time_out(pump):
    before_ns = pump._line.now_ns
    with pytest.raises(PumpError, match="-113: Undefined header"):
        pump.ask("NO:SUCH?")
    with pytest.raises(PumpError, match="103"):
        pump.ask("RES:FOR?")
    assert pump._line.now_ns - before_ns < 3e9
    assert pump.identity().model == "ITB-Pump"  # and what comes next is its own answer
    assert pump.errors() == []
    pump._line.write(b"FOO\n")
    with pytest.raises(PumpError, match="103"):
        pump.ask("RES:FOR?")
    assert [error.number for error in pump.errors()] == [-113]  # it is not lost


def test_an_answer_that_comes_late_is_an_answer():
    class Slow(SimTarget):
        """A board whose first answer is long on its way."""

        is_slow = True

        def read_line(self, timeout_s=5.0):
            if self.is_slow:
                self.is_slow = False
                raise TimeoutError
            return super().read_line(timeout_s)

    pump = Pump(Slow())
    pump._line.write(b"FOO\n")
    assert pump.ask("SYST:STAT?") == "STOPPED"
    assert [error.number for error in pump.errors()] == [-113]
    assert pump.ask("SYST:VERS?") == "1999.0"


def test_alarms_and_the_log_are_rows_of_a_table(pump):
    pump.tell("RES:LOW 9 ML")
    pump.refill(5)
    pump.wait(1)
    (alarm,) = pump.alarms()
    assert alarm[:3] == (305, "Reservoir low", "LOW")
    pump.acknowledge(305)
    pump.wait(2)
    events = list(pump.log())
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert events[0].name == "RESET"
    assert any(event.name == "ALARM_ON" and event.text == "305" for event in events)
    assert list(pump.log(first=events[-1].number)) == events[-1:]
    file = io.StringIO()
    csv.writer(file).writerows(events)
    assert file.getvalue().count("\n") == len(events)


def test_waiting_for_the_end_of_a_bolus_ends_with_it_or_in_a_time_out(pump):
    review = pump.prescribe(CONSTANT)
    pump.commit(review, accept=review.soft_limits)
    pump.bolus(10, 60)
    with pytest.raises(TimeoutError, match="still delivers"):
        pump.wait_stopped(10)
    pump.wait_stopped(60)
    assert pump.ledger_ml()["CLINICIAN"] == Decimal("0.02")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (400, "UG/D", "400 UG/D"),
        ("0.50", "ML", "0.5 ML"),
        (0.1, "ML/D", "0.1 ML/D"),
        (Decimal("1E+3"), "UG", "1000 UG"),
        (100, "UG", "100 UG"),
        (0, "S", "0 S"),
    ],
)
def test_numbers_go_out_as_they_are_written(value, unit, text):
    assert amount(value, unit) == text


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "-0.5"])
def test_what_is_no_amount_is_never_sent(value):
    with pytest.raises(ValueError, match="is no amount"):
        amount(value, "UG")


@pytest.mark.parametrize(
    "wrong",
    [
        Prescription(500),
        Prescription(500, ug_d=400, ml_d=24),
        Prescription(500, ug_d=400, drug='a"b'),
        Prescription(500, ug_d=400, flex=(FlexStep("ALL", "12:00"),)),
        Prescription(
            500,
            ug_d=400,
            flex=(FlexStep("ALL", "12:00", ug_d=1),),
            periodic=Periodic(Dose(1, 60), 600),
        ),
    ],
)
def test_a_prescription_that_contradicts_itself_is_refused_before_a_line_is_sent(wrong):
    with pytest.raises(ValueError, match=r"rate|periodic|quotation"):
        list(wrong.lines())


def test_another_instrument_is_told_and_asked_nothing_else():
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    heard = bytearray()

    def answer():
        while b"*IDN?" not in heard:
            heard.extend(os.read(ours, 100))
        os.write(ours, b"ACME,PSU-3,17,1.0\n")

    thread = threading.Thread(target=answer)
    thread.start()
    with pytest.raises(NotAPump, match=r"answers 'ACME,PSU-3,17,1\.0', which is no pump"):
        Pump.open(os.ttyname(theirs), timeout_s=2.0)
    thread.join()
    with pytest.raises(NotAPump, match="nothing answers"):
        Pump.open(os.ttyname(theirs), timeout_s=0.2)
    assert heard == b"\n*CLS\n*IDN?\n"
    os.close(ours)
    os.close(theirs)


def test_what_an_earlier_host_left_in_the_line_is_not_run():
    target = SimTarget()
    target.run(1)
    target.write(b"THER:STAR;MOT:JOG 1,")
    target.run(0.1)
    pump = Pump(target)
    pump._need_pump("here")
    assert pump.state() == "STOPPED"
    assert target.plant.edges.count == 0
