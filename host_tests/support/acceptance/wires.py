# SPDX-License-Identifier: MIT
"""The wires of a rig to the pump's pins: steps counted, a button pressed, the buzzer heard.

A rig may lack each of them, by nature or because nothing came over it when it was tried. What
needs one that is lacking is skipped with that sentence.
"""

import time
from typing import NamedTuple

import pytest

from pumpbench.boards.pins import is_active_low
from pumpbench.hil.adapter import Adapter

STEP, BUTTON, BUZZER = "step pin", "stop button", "buzzer"
_ADAPTER = "wire an adapter as bench/pumpbench/hil/adapter.py has it: make hil WIRES=<serial port>"
_LACKING = {
    STEP: "nobody but the board counts its steps; fit a rotor sensor (boards/README.md, Options)",
    BUTTON: f"nothing presses the stop button; {_ADAPTER}",
    BUZZER: f"nobody listens to the buzzer; {_ADAPTER}",
}


class Count(NamedTuple):
    """Steps that were counted outside of the board's step engine, to within so many."""

    steps: int
    within: int


class Wires:
    """lacking: wire -> why it is not there, a sentence."""

    def __init__(self):
        self.lacking = {}

    def need(self, wire):
        """Skip the test where the rig lacks that wire."""
        if wire in self.lacking:
            pytest.skip(f"{wire}: {self.lacking[wire]}")

    def give_up(self, wire):
        """Nothing came over that wire."""
        self.lacking[wire] = "the wire is said to be there, and nothing came over it"

    def __str__(self):
        there = [wire for wire in (STEP, BUTTON, BUZZER) if wire not in self.lacking]
        missing = [f"no {wire}: {why}" for wire, why in self.lacking.items()]
        return "; ".join([", ".join(there), *missing] if there else missing)


class SimulatedWires(Wires):
    """To the pins of a simulated board: all of them."""

    def __init__(self, target):
        super().__init__()
        self._target = target

    def move_to(self, _pump, target):
        """The board came back with another plant."""
        self._target = target

    def count(self):
        """The steps on the step pin that found the driver on."""
        return Count(self._target.plant.edges.count, 0)

    def press(self, seconds):
        """Hold the stop button."""
        pin = self._target.pin("stop_button")
        pin.drive(0 if is_active_low(self._target.board.PINS["stop_button"]) else 1)
        self._target.run(seconds)
        pin.release()

    def hear(self, seconds):
        """Pulses on the buzzer's pin."""
        before = self._target.plant.buzzer.count
        self._target.run(seconds)
        return self._target.plant.buzzer.count - before

    def close(self):
        """The board belongs to others."""


class BenchWires(Wires):
    """To a board at a port. adapter: of button and buzzer, or None."""

    def __init__(self, pump, adapter=None):
        super().__init__()
        self._pump = pump
        self._adapter = adapter
        if self._rotor()[0] == "NONE":
            self.lacking[STEP] = _LACKING[STEP]
        if adapter is None:
            self.lacking |= {wire: _LACKING[wire] for wire in (BUTTON, BUZZER)}

    def move_to(self, pump, _target):
        """The pump was opened anew."""
        self._pump = pump

    def count(self):
        """The steps that the pulses of the rotor's sensor stand for."""
        pulses, steps = map(int, self._rotor()[:2])
        return Count(steps, -(-steps // pulses) if pulses else self._pump.steps().emitted)

    def press(self, seconds):
        """Hold the stop button."""
        self._adapter.press(True)
        time.sleep(seconds)
        self._adapter.press(False)

    def hear(self, seconds):
        """Changes of the buzzer's pin that were seen."""
        return self._adapter.changes(seconds)

    def close(self):
        if self._adapter is not None:
            self._adapter.close()

    def _rotor(self):
        return self._pump.ask("DEL:ROT?").split(",")


def wires_of(pump, target, port):
    """The wires of a rig. port: what --wires says, a serial port or None."""
    if target is not None:
        return SimulatedWires(target)
    return BenchWires(pump, Adapter.open(port) if port else None)
