# SPDX-License-Identifier: MIT
"""The rotor of the pump head, and its sensor: a pulse each `steps_per_pulse` steps of the motor.

The sensor is high for the first half of each distance. Faults of both are attributes that a test
sets; they take effect with the next step.
"""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor

ENDLESS = 1 << 62


class Rotor:
    """position_steps: its position in steps of the motor; the head delivers by it.

    phase_steps: steps from the last pulse to power-up. is_stalled: the motor turns without it.
    slip: fraction of the motor's steps that it does not follow; below 0 it runs ahead.
    is_unplugged, stuck (a level, or None), edges_per_pulse: of the sensor. listener(level, t_ns):
    called at each change of the sensor's output; level None: not driven; t_ns None: now, a test
    has changed it.
    """

    def __init__(self, steps_per_pulse: int) -> None:
        self.steps_per_pulse = steps_per_pulse
        self.position_steps: Fraction | int = 0
        self.phase_steps: Fraction | int = steps_per_pulse // 4
        self.is_stalled = False
        self.slip = Fraction(0)
        self.is_unplugged = False
        self.stuck: int | None = None
        self.edges_per_pulse = 1
        self.listener: Callable[[int | None, int | None], None] | None = None
        self._told = self.level

    @property
    def level(self) -> int | None:
        """The sensor's output at the present position; None if it is not driven."""
        if self.is_unplugged:
            return None
        return 1 - self._halves() % 2 if self.stuck is None else self.stuck

    def turn(self, steps: int, first_ns: int, period_ns: int = 0) -> None:
        """The motor made `steps`, `period_ns` apart, backwards if below 0."""
        follows = 0 if self.is_stalled else 1 - self.slip if self.slip else 1
        if self.listener is None:
            self.position_steps += steps * follows
            return
        way, begin, done = 1 if steps > 0 else -1, self.position_steps, 0
        while done < abs(steps):
            done += min(abs(steps) - done, self.room() + 1 if way > 0 else 1)
            self.position_steps = begin + way * done * follows
            self._tell(first_ns + (done - 1) * period_ns)

    def turn_by_itself(self, steps: int) -> None:
        """The rotor moves without the motor, now."""
        for _ in range(steps):
            self.position_steps += 1
            self._tell(None)

    def room(self) -> int:
        """The number of steps forwards before the sensor's output changes."""
        if self.level != self._told:
            return 0
        if self.is_stalled or self.is_unplugged or self.stuck is not None:
            return ENDLESS
        half = Fraction(self.steps_per_pulse, 2 * self.edges_per_pulse)
        boundary = (self._halves() + 1) * half - self.phase_steps
        return ceil((boundary - self.position_steps) / (1 - self.slip)) - 1

    def _halves(self) -> int:
        """The position in half distances between pulses."""
        at = (self.position_steps + self.phase_steps) * 2 * self.edges_per_pulse
        return floor(Fraction(at) / self.steps_per_pulse)

    def _tell(self, t_ns: int | None) -> None:
        level = self.level
        if level != self._told:
            self._told = level
            if self.listener is not None:
                self.listener(level, t_ns)
