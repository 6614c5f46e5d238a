# SPDX-License-Identifier: MIT
"""Another drug in the line, of the same strength: nothing but a prime to its end clears it."""

import pytest

from host_tests.support.boards.lives import Lives
from host_tests.support.errors import LINE_NOT_CLEARED
from host_tests.support.flash.copies import older_setup, value_of, with_value
from host_tests.support.sessions.therapy import prescribe, refusal
from pump.records.event_codes import STORE_LOST

RATE = "MODE SIMP;RATE 24 ML/D"
BACLOFEN, MORPHINE = f'DRUG "Baclofen";{RATE}', f'DRUG "morphine";{RATE}'
BRIDGE, PRIME = "BRID:STAR 500 UG/ML,0.4 ML", "PRIM:STAR 0.4 ML,100 ML/HR"
ORDERS = ("THER:STAR", "BOL:STAR 5 UG,1 MIN", "BOL:TRI 5 UG,1 MIN,1 HR", BRIDGE)
PRIMED_S = 16


def delivered(pump, *lines):
    """The line holds what these lines prescribe; the pump is stopped."""
    prescribe(pump, *lines)
    pump.tell("THER:STAR")
    pump.run(5)
    pump.tell("THER:STOP")
    return pump


@pytest.mark.hazard("drug-left-in-line")
def test_another_drug_of_the_same_strength_needs_a_prime_and_no_bridge(pump):
    delivered(pump, BACLOFEN)
    prescribe(pump, MORPHINE)
    for order in ORDERS:
        assert refusal(pump, order) == LINE_NOT_CLEARED
    pump.tell(PRIME)
    pump.run(PRIMED_S)
    pump.tell("THER:STAR")


@pytest.mark.hazard("drug-left-in-line")
@pytest.mark.parametrize("drug", [MORPHINE, BACLOFEN])
def test_a_prime_that_was_stopped_leaves_two_drugs_in_the_line(pump, drug):
    delivered(pump, BACLOFEN)
    prescribe(pump, MORPHINE)
    pump.tell(PRIME)
    pump.run(5)
    pump.tell("THER:STOP")
    prescribe(pump, drug)
    assert refusal(pump, "THER:STAR") == LINE_NOT_CLEARED


@pytest.mark.slow
@pytest.mark.hazard("drug-left-in-line")
@pytest.mark.parametrize("end", ["cut", "bite"])
def test_a_reset_does_not_forget_which_drug_is_in_the_line(end):
    pump = delivered(Lives(), BACLOFEN)
    getattr(pump, end)()
    prescribe(pump, MORPHINE)
    assert refusal(pump, "THER:STAR") == LINE_NOT_CLEARED


@pytest.mark.parametrize("other", ['DRUG "BACLOFEN";' + RATE, RATE])
def test_the_same_drug_by_another_spelling_or_without_a_name_needs_nothing(pump, other):
    delivered(pump, BACLOFEN)
    delivered(pump, other)
    prescribe(pump, MORPHINE)
    assert refusal(pump, "THER:STAR") == LINE_NOT_CLEARED  # a name that is known stays known


def test_a_drug_that_was_never_named_may_be_any(pump):
    delivered(pump, RATE)
    delivered(pump, MORPHINE)


def test_a_setup_of_an_older_firmware_knows_no_name():
    pump = delivered(Lives(), BACLOFEN)
    pump.run(3)
    setup = older_setup(value_of(pump.target.flash, "setup"))[:7]
    setup[3] = setup[3][:2]
    pump.go_on(flash=with_value(pump.target.flash, "setup", setup))
    assert pump.events(STORE_LOST) == []
    delivered(pump, MORPHINE)
