# SPDX-License-Identifier: MIT
"""Numbers as they have gone wrong at other pumps' keys, on every command of the therapy that takes
one: below zero, wrapped, huge, with leading zeros and commas. On `sim`, for the number of them."""

import pytest

from host_tests.support.sessions.bench import Bench
from host_tests.support.sessions.therapy import prescribe
from pumpbench.targets.sim import SimTarget

# every command with a number: the line with {} for its digits
COMMANDS = (
    "PRES:CONC {} UG/ML",
    "PRES:RATE {} UG/D",
    "PRES:FLEX:STEP ALL,06:00,{} UG/D",
    "PRES:PER:DOSE {} UG,1 MIN,1 HR",
    "PRES:PER:DOSE 1 UG,{} MIN,1 HR",
    "PRES:PER:DOSE 1 UG,1 MIN,{} HR",
    "PRES:PAT:DOSE {} UG,1 MIN",
    "PRES:PAT:DOSE 1 UG,{} MIN",
    "PRES:PAT:LOCK {} HR",
    "PRES:PAT:MAX {}",
    "PRES:LIM:RATE {} UG/D",
    "PRES:LIM:BOL {} UG",
    "PRES:LIM:DAY {} UG",
    "BOL:STAR {} UG,1 MIN",
    "BOL:STAR 1 UG,{} MIN",
    "BOL:TRI {} UG,1 MIN,4 HR",
    "BOL:TRI 1 UG,{} MIN,4 HR",
    "BOL:TRI 1 UG,1 MIN,{} HR",
    "PRIM:STAR {} ML,1 ML/HR",
    "PRIM:STAR 0.1 ML,{} ML/HR",
    "PRIM:CATH? {},500",
    "PRIM:CATH? 0.5,{}",
    "BRID:STAR {} UG/ML,0.4 ML",
    "BRID:STAR 500 UG/ML,{} ML",
    "BOL:HIST? {}",
)
MALFORMED = {
    "007": -120,
    "00": -120,
    ".5": -120,
    "5.": -120,
    "1e3": -123,
    "+5": -121,
    "-0": -121,
    "-1": -121,
    "1,5": None,  # one parameter more, or a wrong one
    "": None,  # a unit without a number, or nothing
    " ": None,
    "0x10": None,
    "1_000": None,
    "\u0661": -101,  # a digit of another script
}
REFUSED = (112, 119)  # above a limit of the pump or of the prescription; less than a step
HUGE = ("4294967295", "4294967296", "18446744073709551615", "9" * 30)


@pytest.fixture(scope="module")
def pump():
    """One board for all of them: nothing typed here changes it."""
    pump = Bench(SimTarget())
    prescribe(pump, "MODE SIMP;RATE 100 UG/D", "LIM:BOL 50 UG")
    restage(pump)
    pump.mark()
    return pump


def restage(pump):
    pump.tell("PRES:NEW;CONC 500 UG/ML;MODE SIMP;RATE 100 UG/D")


def errors_of(pump, line):
    """The numbers of the errors that a line leaves, and the lines that it is answered with."""
    pump.target.write(line.encode() + b"\nSYST:VERS?\n")
    answers = []
    while (answer := pump.target.read_line()) != "1999.0":
        answers.append(answer)
    return [error.number for error in pump.pump.errors()], answers


def assert_nothing_came_of(pump, lines):
    """Each line of {line: error or None} leaves one error; all of them together nothing else."""
    before = pump.ask("PRES:COMP?")
    for line, expected in lines.items():
        numbers, answers = errors_of(pump, line)
        assert (len(numbers), answers) == (1, []), line
        assert numbers[0] < 0 or numbers[0] in REFUSED, line
        assert expected is None or numbers[0] == expected, line
    assert pump.ask("PRES:COMP?") == before
    assert pump.ask("THER:STAT?") == "STOPPED"
    assert pump.plant.edges.count == 0


@pytest.mark.hazard("number-misread")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_malformed_number_is_one_error_changes_nothing_and_freezes_nothing(pump, command):
    """Volumetric pump, 2025: an entry with a leading zero froze it."""
    lines = {command.format(digits): error for digits, error in MALFORMED.items()}
    assert_nothing_came_of(pump, lines)


@pytest.mark.hazard("number-misread")
@pytest.mark.parametrize("command", COMMANDS)
def test_zero_is_refused_and_is_never_the_largest_value(pump, command):
    """Insulin pump, 2014: one step down from zero was the maximum bolus."""
    assert_nothing_came_of(pump, {command.format(digits): None for digits in ("0", "0.0")})


EDITABLE = {  # what is not refused at once is told by VALidate?, in the mode that uses it
    "PRES:RATE": "SIMP",
    "PRES:FLEX:STEP": "FLEX",
    "PRES:PER:DOSE": "PER",
}


@pytest.mark.hazard("number-misread")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("digits", HUGE)
def test_a_huge_number_is_refused_or_kept_as_it_is_and_no_prescription(pump, command, digits):
    numbers, _ = errors_of(pump, command.format(digits))
    name = command.split(" ")[0]
    if numbers:
        assert_nothing_came_of(pump, {command.format(digits): numbers[0]})
    elif name in EDITABLE:
        pump.tell(f"PRES:MODE {EDITABLE[name]}")
        assert not pump.ask("PRES:VAL?").startswith("OK")
    else:  # a limit, far above anything: not another number at least
        assert f" -> {digits}.000" in pump.ask("PRES:COMP?")
    restage(pump)


@pytest.mark.slow
def test_what_is_typed_well_is_taken_by_every_one_of_these_commands():
    """So that the refusals above are those of the number."""
    good = {"PRES:CONC": "500", "PRES:RATE": "100"}
    good |= {"BOL:TRI 1 UG,1 MIN,{} HR": "4", "BRID:STAR {} UG/ML,0.4 ML": "500"}
    for command in COMMANDS:
        digits = good.get(command, good.get(command.split(" ")[0], "1"))
        pump = Bench(SimTarget())
        prescribe(pump, "MODE SIMP;RATE 100 UG/D", "LIM:BOL 50 UG")
        restage(pump)
        numbers, _ = errors_of(pump, command.format(digits))
        assert numbers == [], command
        pump.target.close()
