# SPDX-License-Identifier: MIT
"""The plant's rotor: pulses where they belong, every fault of the sensor, and no edge skipped."""

from fractions import Fraction

import pytest

from host_tests.support.sessions.alarm import ROTOR, with_board
from host_tests.support.sessions.bench import Bench
from pumpbench.plant.rotor import Rotor
from pumpbench.targets.sim import SimTarget

US = 1_000


class Heard(list):
    """The changes of the sensor's output, (level, ns) each."""

    def __init__(self, rotor):
        super().__init__()
        rotor.listener = lambda level, t_ns: self.append((level, t_ns))


@pytest.mark.parametrize("portion", [1, 7, 150, 4000])
def test_a_pulse_comes_at_its_step_however_many_come_at_once(portion):
    rotor = Rotor(400)
    heard = Heard(rotor)
    for first in range(0, 4000, portion):
        rotor.turn(min(portion, 4000 - first), (first + 1) * US, US)
    rising = [t_ns // US for level, t_ns in heard if level]
    assert rising == list(range(300, 4001, 400))
    assert rotor.position_steps == 4000


def test_no_change_comes_within_the_room():
    rotor = Rotor(400)
    heard = Heard(rotor)
    rotor.turn(rotor.room(), 0, US)
    assert heard == []
    rotor.turn(1, 0)
    assert len(heard) == 1


def test_faults_of_rotor_and_sensor():
    rotor = Rotor(400)
    heard = Heard(rotor)
    rotor.slip = Fraction(1, 4)
    rotor.turn(4000, 0, US)
    assert rotor.position_steps == 3000
    rotor.slip, rotor.is_stalled = Fraction(0), True
    heard.clear()
    rotor.turn(4000, 0, US)
    assert (rotor.position_steps, heard) == (3000, [])
    rotor.is_stalled, rotor.edges_per_pulse = False, 2
    rotor.turn(4000, 0, US)
    assert sum(1 for level, _ in heard if level) == 20
    rotor.is_unplugged = True
    heard.clear()
    rotor.turn(4000, 5 * US, US)
    assert heard == [(None, 5 * US)]
    rotor.is_unplugged, rotor.stuck = False, 1
    heard.clear()
    rotor.turn(4000, 0, US)
    assert heard == [(1, 0)]


def session(extrapolate):
    """What a short session leaves at the sensor's pin and on record."""

    def power_up(board):
        return SimTarget(board, extrapolate=extrapolate)

    board = with_board(SimTarget, *ROTOR).board
    bench = Bench(power_up(board))
    bench.prescribe("1000 ML/HR")
    bench.tell("THER:STAR")
    bench.run(0.5)
    bench.tell("THER:STOP")
    bench.plant.rotor.turn_by_itself(200)
    bench.run(0.1)
    return bench.target.pin("rotor").changes, bench.ask("DEL:ROT?;STEP?")


def test_with_skips_and_without_every_edge_is_the_same():
    skipped, executed = session(extrapolate=True), session(extrapolate=False)
    assert skipped == executed
    assert len(skipped[0]) > 9
