# SPDX-License-Identifier: MIT
"""The plant: what the motor and the head make of the pins."""

import itertools
import math
from fractions import Fraction

import pytest

from pumpbench.boards.catalog import load_board
from pumpbench.boards.pins import is_active_low, pin_number
from pumpbench.plant.plant import Plant
from pumpbench.plant.pulsation import Pulsation

MS_NS = 1_000_000


@pytest.fixture
def plant():
    return Plant(load_board("RPI_PICO"))


def running(plant):
    plant.set_direction(True, 0)
    plant.set_enabled(True, 0)
    return plant


def test_a_revolution_is_the_volume_that_the_board_file_says(plant):
    running(plant).step(10 * MS_NS, 225_000, 3200)
    assert plant.motor.position_steps == 3200
    assert plant.beaker.volume_pl == 200_000_000
    assert plant.beaker.volume_ml == Fraction(1, 5)


def test_a_step_is_an_exact_fraction_of_the_revolution(plant):
    plant = Plant(load_board("RPI_PICO"))
    running(plant).step(10 * MS_NS)
    assert plant.beaker.volume_nl == Fraction(125, 2)


def test_a_step_of_a_head_that_pulses_depends_on_the_angle_and_a_revolution_does_not(plant):
    beaker = running(plant).beaker
    beaker.pulsation = Pulsation(0.1, 4, 3200)  # the flow's period is 800 steps
    volumes = []
    for number in range(16):
        plant.step((10 + number) * MS_NS, 1000, 200)
        volumes.append(float(beaker.volume_pl) / 62_500)
    mean = 0.1 * 2 / math.pi * 200  # of a sine's half, in mean steps
    rises = [after - before for before, after in itertools.pairwise([0, *volumes])]
    assert rises[:4] == pytest.approx([200 + mean, 200 + mean, 200 - mean, 200 - mean])
    assert rises == pytest.approx(rises[:4] * 4)
    assert volumes[-1] == pytest.approx(3200)
    plant.set_direction(False, 100 * MS_NS)
    plant.step(200 * MS_NS, 1000, 3200)
    assert beaker.volume_pl == 0


def test_pulses_into_a_disabled_driver_are_no_steps(plant):
    plant.set_direction(True, 0)
    plant.step(10 * MS_NS, 1000, 5)
    assert (plant.pulses.count, plant.edges.count) == (5, 0)
    assert plant.motor.missed_steps == plant.motor.position_steps == 0
    assert plant.beaker.volume_pl == 0


def test_backwards_takes_out_of_the_beaker(plant):
    running(plant).step(10 * MS_NS, 1000, 5)
    plant.set_direction(False, 20 * MS_NS)
    plant.step(30 * MS_NS, 1000, 7)
    assert plant.motor.position_steps == -2


def test_steps_sooner_than_the_set_up_time_after_enabling_are_violations(plant):
    plant.set_direction(True, 0)
    plant.set_enabled(True, 10 * MS_NS)
    plant.step(10 * MS_NS + 400_000, 300_000, 5)
    assert plant.set_up_violations == [10_400_000, 10_700_000]


def test_steps_sooner_than_the_set_up_time_after_a_turn_are_violations(plant):
    running(plant).set_direction(False, 10 * MS_NS)
    plant.step(10 * MS_NS + 999_999)
    plant.step(11 * MS_NS)
    assert plant.set_up_violations == [10_999_999]


def test_pins_that_are_set_to_what_they_are_need_no_set_up_time(plant):
    running(plant).set_direction(True, 10 * MS_NS)
    plant.set_enabled(True, 10 * MS_NS)
    plant.step(10 * MS_NS)
    assert plant.set_up_violations == []


def test_a_board_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(FileNotFoundError, match=r"NO_SUCH.*RPI_PICO"):
        load_board("NO_SUCH")


def test_pins_are_read_as_board_files_write_them():
    assert pin_number("^!GP14") == 14
    assert is_active_low("!GP4")
    assert not is_active_low("^GP4")
    with pytest.raises(ValueError, match="GP14"):
        pin_number("14")
