# SPDX-License-Identifier: MIT
"""Every refusal of the console page that lines can provoke is provoked, and says its name."""

from typing import NamedTuple

import pytest

from host_tests.support.console.console_page import CUT, TOKEN, Life, errors

COMMIT = f"PRES:COMM {TOKEN}"
SIMPLE = "PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE 24 ML/D"
READY = (SIMPLE, COMMIT)
STARTED = (*READY, "THER:STAR")
LOCKED = ('SYST:LOCK:PIN "24680"', "SYST:LOCK")
TRIED = 'SYST:UNL "97531"'  # a wrong PIN
AT_TEN = "SYST:TIME 2026-11-23T10:00:00"
AN_HOUR = "PRES:FLEX:STEP ALL,10:00,24 ML/D,11:00"


def with_patient(most):
    """A therapy that runs and lets the patient have so many boluses a day, one just given."""
    patient = f"PRES:PAT:DOSE 5 UG,10 S;LOCK 6 HR;MAX {most}"
    return (SIMPLE, patient, COMMIT, "THER:STAR", "BOL:PAT")


class Refusal(NamedTuple):
    """line: what is refused, behind what `before` brings about; see `Life`."""

    line: str
    before: tuple[str | float, ...] = ()


PROVOKED = {
    101: Refusal("MOT:JOG 0.1,60", STARTED),
    102: Refusal("THER:STAR", STARTED),
    103: Refusal("THER:STAR"),
    104: Refusal("PRES:RATE 24 ML/D"),
    105: Refusal("PRES:COMM 00000000", (SIMPLE,)),
    106: Refusal("PRES:COMM 00000000", ("PRES:NEW",)),
    108: Refusal("SYST:SERV;:MOT:JOG 0.1,60"),
    109: Refusal("BOL:STAR 5 UG,10 S", (*READY, "BOL:STAR 5 UG,10 S")),
    110: Refusal("BOL:PAT", with_patient(3)),
    111: Refusal("BOL:PAT", with_patient(1)),
    112: Refusal("BOL:STAR 5 UG,10 S", (SIMPLE, "PRES:LIM:BOL 4 UG", COMMIT)),
    113: Refusal(COMMIT, (SIMPLE, 'PRES:DRUG "baclofen";IND SPIN;RATE 1.8 MG/D')),
    114: Refusal("BOL:PAT", READY),
    115: Refusal("BOL:PAT", STARTED),
    116: Refusal(
        AT_TEN,
        (
            AT_TEN,
            "PRES:NEW;CONC 500 UG/ML;MODE FLEX;RATE 1 ML/D;LIM:DAY 979.2 UG",
            *(AN_HOUR, COMMIT, "THER:STAR", 1),
        ),
    ),
    117: Refusal(
        "THER:STAR", (*STARTED, 1, "THER:STOP", "PRES:EDIT;CONC 2 MG/ML;RATE 24 ML/D", COMMIT)
    ),
    118: Refusal("THER:STAR", (*READY, "BOL:TRI 5 UG,5 S,1 HR", 6)),
    119: Refusal("BOL:STAR 0.01 UG,5 S", READY),
    121: Refusal(AN_HOUR, ("PRES:NEW", AN_HOUR)),
    122: Refusal("RES:REF 21 ML"),
    123: Refusal("PRIM:STAR 1 ML,1 ML/MIN", ("RES:REF 1 ML",)),
    125: Refusal("MOT:CAL:MEAS 0.2 ML"),
    126: Refusal("THER:STAR", (*READY, "MOT:CAL:PERR 0.25 ML")),
    128: Refusal("THER:STAR", (*STARTED, 1, CUT)),
    129: Refusal("THER:CONF"),
    130: Refusal("ALAR:ACKN"),
    131: Refusal("ALAR:TEST LOW", ("RES:REF 0.5 ML", 0.1)),
    133: Refusal("THER:STAR", LOCKED),
    134: Refusal(TRIED, LOCKED),
    135: Refusal(TRIED, (*LOCKED, TRIED, TRIED, TRIED)),
}
FAULTS = range(201, 211)  # something has to break
PARTS = range(211, 216)  # of the self-test: something has to be broken
NOT_PROVOKED = {
    **dict.fromkeys(FAULTS, "a fault, which no line brings about"),
    **dict.fromkeys(PARTS, "found by the self-test of a board that is broken"),
    107: "wants a fault first",
    124: "wants a board whose data has no volume of a revolution, or a lost setup",
    127: "wants a flash that is full or fails",
    132: "wants a board without a buzzer",
}


def test_what_is_provoked_and_what_is_not_are_the_errors_of_the_page():
    assert PROVOKED.keys().isdisjoint(NOT_PROVOKED)
    assert sorted([*PROVOKED, *NOT_PROVOKED]) == sorted(errors())


@pytest.mark.parametrize("number", PROVOKED)
def test_a_refusal_of_the_page_has_its_number_and_its_name(number):
    line, before = PROVOKED[number]
    life = Life()
    life.go(before, may_be_refused={TRIED})
    ((found, text),) = life.errors_of(line)
    assert (found, text.partition(";")[0]) == (number, errors()[number])
