# SPDX-License-Identifier: MIT
"""What is soldered to the emulated board's pins: the plant, and a probe on every one of them.

An output pin of rp2040py does not read back as an input by itself; here it does. The driver has a
pull resistor on ENABLE, so a pin that nobody drives is off.
"""

from rp2040py.gpio_pin import GPIOPinState

from pumpbench.boards import is_active_low, pin_number

LEVELS = {GPIOPinState.LOW: 0, GPIOPinState.HIGH: 1}


class Probe:
    """One pin: every level the board gave it, and a wire to pull it from outside.

    `changes` holds (nanoseconds since power-up, level) with level 0, 1, or None for not driven.
    """

    def __init__(self, chip, number: int):
        self.level: int | None = None
        self.changes: list[tuple[int, int | None]] = []
        self.listener = None  # called with the time and the new level
        self._chip = chip
        self._gpio = chip.gpio(number)
        self._outside: int | None = None
        self._gpio.add_listener(self._changed)

    def drive(self, level: int) -> None:
        """Hold the pin at `level` from outside, for example a pressed button."""
        self._outside = level
        self._feed_back()

    def release(self) -> None:
        """Let go of the pin: its pull resistor or the board decides."""
        self._outside = None
        self._feed_back()

    def look(self) -> None:
        """Take note of a change that rp2040py did not announce: a reset of the chip."""
        self._changed(self._gpio.value, None)

    def _changed(self, state, _before) -> None:
        level = LEVELS.get(state)
        if level == self.level:
            return
        self.level = level
        now_ns = self._chip.now_ns
        self.changes.append((now_ns, level))
        self._feed_back()
        if self.listener is not None:
            self.listener(now_ns, level)

    def _feed_back(self) -> None:
        level = self._outside if self.level is None else self.level
        if level is None:
            self._gpio.release_input()
        else:
            self._gpio.set_input_value(bool(level))
        self._chip.inputs_changed()


def attach(chip, board, plant) -> dict[str, Probe]:
    """Probes on all pins of `board`, the driver's three connected to `plant`."""
    probes = {name: Probe(chip, pin_number(text)) for name, text in board.PINS.items()}

    def step(now_ns, level):
        if level == on["step"]:
            plant.step(now_ns)

    def turn(now_ns, level):
        plant.set_direction(level == on["dir"], now_ns)

    def enable(now_ns, level):
        plant.set_enabled(level == on["enable"], now_ns)

    on = {name: 0 if is_active_low(text) else 1 for name, text in board.PINS.items()}
    for name, listener in (("step", step), ("dir", turn), ("enable", enable)):
        if name in probes:
            probes[name].listener = listener
    return probes
