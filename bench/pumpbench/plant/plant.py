# SPDX-License-Identifier: MIT
"""The plant: what hangs on the board's pins: STEP/DIR driver, motor, peristaltic head, beaker,
and what alarms are heard and seen by.

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

NO_SENSOR = {"steps_per_pulse": 400}  # of a board without one: nobody looks


class Motor:
    """The stepper: where it stands, and the steps that it or its driver could not make.

    is_stalled: something holds it; whoever tests that sets it.
    """

    def __init__(self) -> None:
        self.is_stalled = False
        self.position_steps = 0
        self.missed_steps = 0


class Beaker:
    """What the head has moved into the beaker; less than nothing if it ran backwards.

    pl_per_step: what the head really moves in the mean, whatever the pump was told. pulsation: of
    a head whose steps are not all alike, or None.
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
    """A driver whose outputs are off at power-up (a pull-up on ENABLE), turned forwards by DIR.

    `board` is a board file's namespace: PINS, PUMP and DRIVER. `lamps` has those it names; the
    buzzer of a board without one stays silent.
    """

    def __init__(self, board: ModuleType | SimpleNamespace) -> None:
        pump = board.PUMP
        steps_per_rev = pump["full_steps"] * pump["microsteps"]
        self.pulses = Edges()  # every rising edge of the step pin
        self.edges = Edges()  # and those that found the driver on: steps for the motor
        self.motor = Motor()
        self.rotor = Rotor(getattr(board, "ROTOR", NO_SENSOR)["steps_per_pulse"])
        self.beaker = Beaker(self.rotor, Fraction(pump["pl_per_rev"], steps_per_rev))
        self.buzzer = Buzzer()
        self.lamps = {name: Lamp() for name in LAMPS if name in board.PINS}
        self.is_enabled = False
        self.switched_ns = 0  # when the driver went on or off last
        self.is_forward = False
        self.set_up_violations: list[int] = []  # times of the steps that came too soon
        self._set_up_ns = board.DRIVER["setup_us"] * 1_000
        self._ready_ns = 0

    def set_direction(self, forward: bool, t_ns: int) -> None:
        """The direction pin changed, its `!` already taken into account: true is forwards."""
        if forward != self.is_forward:
            self.is_forward = forward
            self._ready_ns = max(self._ready_ns, t_ns + self._set_up_ns)

    def set_enabled(self, enabled: bool, t_ns: int) -> None:
        """The enable pin changed, its `!` already taken into account: true holds the motor."""
        if enabled != self.is_enabled:
            self.is_enabled = enabled
            self.switched_ns = t_ns
            if enabled:
                self._ready_ns = max(self._ready_ns, t_ns + self._set_up_ns)

    def alarms(self) -> dict[str, Buzzer | Lamp]:
        """Recorders by the names that their pins have in a board file."""
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
