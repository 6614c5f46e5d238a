# SPDX-License-Identifier: MIT
"""The wiring of the fake chip's pins: the plant.

ENABLE has a pull resistor to its inactive level, so the driver is off while it is not driven; so
has a buzzer or a lamp that is active low.
"""

from types import ModuleType

from pumpbench.boards.pins import is_active_low, pin_number
from pumpbench.plant.buzzer import Buzzer, Lamp, weave
from pumpbench.plant.plant import Plant
from pumpbench.plant.rotor import Rotor
from pumpbench.targets.sim.pins import Net, Pins


def attach(pins: Pins, board: ModuleType, plant: Plant) -> None:
    """Connect the pins named by `board` to `plant`."""
    nets = {name: pins.nets[pin_number(text)] for name, text in board.PINS.items()}
    is_low = {name: is_active_low(text) for name, text in board.PINS.items()}

    def step(level: int, t_ns: int, period_ns: int, count: int) -> None:
        if level != is_low["step"]:
            plant.step(t_ns, period_ns, count)

    nets["step"].hook = step
    for name, tell in (("dir", plant.set_direction), ("enable", plant.set_enabled)):

        def change(level, t_ns, _period_ns, _count, tell=tell, low=is_low[name]) -> None:
            tell(level != low, t_ns)

        nets[name].hook = change
    _pull(pins, nets["enable"], int(is_low["enable"]))
    if "rotor" in nets:
        nets["step"].room = plant.rotor.room
        _attach_rotor(pins, nets["rotor"], plant.rotor)
    for name, recorder in plant.alarms().items():
        if name in nets and nets[name].hook is None:  # a short with the driver moves the motor
            if is_low[name]:
                _pull(pins, nets[name], 1)
            _attach_alarm(nets[name], is_low[name], recorder)


def _pull(pins: Pins, net: Net, level: int) -> None:
    """Add a pull resistor to the pin."""
    net.board_pull = level
    pins.update(net, 0)


def _attach_rotor(pins: Pins, net: Net, rotor: Rotor) -> None:
    """Connect the sensor, which drives its pin like a resistor: a test overrides it."""

    def change(level: int | None, t_ns: int | None) -> None:
        net.board_pull = level
        if t_ns is None:
            pins.settle(net)
        else:
            pins.update(net, t_ns)

    rotor.listener = change
    change(rotor.level, 0)


def _attach_alarm(net: Net, is_low: bool, recorder: Buzzer | Lamp) -> None:
    """Report every change to the recorder; the net's own list is kept, too."""

    def change(level: int, t_ns: int, period_ns: int, count: int) -> None:
        weave(net.changes, level, t_ns, period_ns, count)
        recorder.change(level != is_low, t_ns, period_ns, count)

    net.hook = change
