# SPDX-License-Identifier: MIT
"""The plant, the simulated hardware at the board's pins: STEP/DIR driver, motor, peristaltic head,
beaker, and the recorders of buzzer and lamps.

Every target feeds it the same way: rising edges of the step pin, and the levels of the direction
and enable pins, of the buzzer and the lamps. Times are integer nanoseconds since power-up; calls
come in order of time.
"""

from fractions import Fraction
from types import ModuleType, SimpleNamespace

from pumpbench.plant.buzzer import LAMPS, Buzzer, Lamp
from pumpbench.plant.edges import Edges
from pumpbench.plant.pulsation import Pulsation
from pumpbench.plant.rotor import Rotor

NO_SENSOR = {"steps_per_pulse": 400}  # for a board without a sensor: not used


class Motor:
    """The stepper motor: its position, and the steps that it or its driver could not make.

    is_stalled: it cannot turn; set by a test.
    """

    def __init__(self) -> None:
        self.is_stalled = False
        self.position_steps = 0
        self.missed_steps = 0


class Beaker:
    """The volume that the head has moved into the beaker; below 0 if it ran backwards.

    pl_per_step: the true mean volume of a step, independent of the pump's calibration. pulsation:
    of a head whose steps differ, or None.
    """

    def __init__(self, rotor: Rotor, pl_per_step: Fraction) -> None:
        self._rotor = rotor
        self.pl_per_step = pl_per_step
        self.pulsation: Pulsation | None = None

    @property
    def volume_pl(self) -> Fraction:
        steps = self._rotor.position_steps
        if self.pulsation is not None:
            steps += self.pulsation.extra_steps(steps)
        return steps * self.pl_per_step

    @property
    def volume_nl(self) -> Fraction:
        return self.volume_pl / 1_000

    @property
    def volume_ml(self) -> Fraction:
        return self.volume_pl / 1_000_000_000


class Plant:
    """A driver with outputs off at power-up (a pull-up on ENABLE); DIR true turns forwards.

    board: a board file's namespace: PINS, PUMP and DRIVER. lamps: those that PINS names. The
    buzzer of a board without one stays silent.
    """

    def __init__(self, board: ModuleType | SimpleNamespace) -> None:
        pump = board.PUMP
        steps_per_rev = pump["full_steps"] * pump["microsteps"]
        self.pulses = Edges()  # all rising edges of the step pin
        self.edges = Edges()  # those while the driver was on: steps for the motor
        self.motor = Motor()
        self.rotor = Rotor(getattr(board, "ROTOR", NO_SENSOR)["steps_per_pulse"])
        self.beaker = Beaker(self.rotor, Fraction(pump["pl_per_rev"], steps_per_rev))
        self.buzzer = Buzzer()
        self.lamps = {name: Lamp() for name in LAMPS if name in board.PINS}
        self.is_enabled = False
        self.switched_ns = 0  # when the driver was last switched on or off
        self.is_forward = False
        self.set_up_violations: list[int] = []  # times of steps within the set-up time
        self._set_up_ns = board.DRIVER["setup_us"] * 1_000
        self._ready_ns = 0

    def set_direction(self, forward: bool, t_ns: int) -> None:
        """The direction pin changed; forward: after its `!`, true is forwards."""
        if forward != self.is_forward:
            self.is_forward = forward
            self._ready_ns = max(self._ready_ns, t_ns + self._set_up_ns)

    def set_enabled(self, enabled: bool, t_ns: int) -> None:
        """The enable pin changed; enabled: after its `!`, true is on and holds the motor."""
        if enabled != self.is_enabled:
            self.is_enabled = enabled
            self.switched_ns = t_ns
            if enabled:
                self._ready_ns = max(self._ready_ns, t_ns + self._set_up_ns)

    def alarms(self) -> dict[str, Buzzer | Lamp]:
        """The recorders, by the names of their pins in a board file."""
        return {"buzzer": self.buzzer, **self.lamps}

    def step(self, first_ns: int, period_ns: int = 0, count: int = 1) -> None:
        """`count` rising edges came, `period_ns` apart, the first at `first_ns`."""
        self.pulses.add(first_ns, period_ns, count)
        if not self.is_enabled:
            return
        self.edges.add(first_ns, period_ns, count)
        if self.motor.is_stalled:
            self.motor.missed_steps += count
            return
        self.motor.position_steps += count if self.is_forward else -count
        self.rotor.turn(count if self.is_forward else -count, first_ns, period_ns)
        t_ns = first_ns
        while t_ns < self._ready_ns and count:
            self.set_up_violations.append(t_ns)
            t_ns += period_ns
            count -= 1
