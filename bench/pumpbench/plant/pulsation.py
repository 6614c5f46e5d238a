# SPDX-License-Identifier: MIT
"""Pulsation: the variation of a peristaltic head's flow over a revolution of its rotor.

A roller that leaves the tube takes back some volume, so that the volume of a step depends on the
angle of the rotor. Volumes are in mean steps, positions in steps since power-up.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import cos, pi


@dataclass(frozen=True)
class Pulsation:
    """A step at an angle gives (1 + swing sin(rollers angle)) mean steps; angle 0 is at power-up.

    A revolution is `steps_per_rev` steps, and gives the same volume as without a pulsation.
    """

    swing: float
    rollers: int
    steps_per_rev: int

    def extra_steps(self, position_steps: Fraction | int) -> Fraction:
        """The volume moved up to a position minus the mean: the integral of the swing."""
        turn = 2 * pi * self.rollers / self.steps_per_rev
        return Fraction(self.swing * (1 - cos(turn * float(position_steps))) / turn)
