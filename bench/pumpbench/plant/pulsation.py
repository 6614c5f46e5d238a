# SPDX-License-Identifier: MIT
"""Pulsation: what the flow of a peristaltic head does over a revolution of its rotor.

A roller that lets go of the tube takes back some of what it gave, so that the volume of a step
depends on the angle of the rotor. Volumes are in mean steps, positions in steps since power-up.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import cos, pi


@dataclass(frozen=True)
class Pulsation:
    """A step at an angle gives (1 + swing sin(rollers angle)) mean steps; angle 0 is at power-up.

    A revolution is `steps_per_rev` steps, and gives what it would without a pulsation.
    """

    swing: float
    rollers: int
    steps_per_rev: int

    def extra_steps(self, position_steps: Fraction | int) -> Fraction:
        """What was moved beyond the mean on the way to that position: the swing's integral."""
        turn = 2 * pi * self.rollers / self.steps_per_rev
        return Fraction(self.swing * (1 - cos(turn * float(position_steps))) / turn)
