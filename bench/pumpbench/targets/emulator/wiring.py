# SPDX-License-Identifier: MIT
"""The wiring of the emulated board: the plant on its pins, and a probe on every one of them.

Levels are electrical, 0 or 1. An output pin of rp2040py does not read back as an input by itself;
here it does. ENABLE has a pull resistor to its inactive level: it is off while it is not driven.
So has a buzzer or a lamp that is active low.
"""

from collections.abc import Callable

from rp2040py.gpio_pin import GPIOPinState

from pumpbench.boards.pins import is_active_low, pin_number

LEVELS = {GPIOPinState.LOW: 0, GPIOPinState.HIGH: 1}
PULLS = {GPIOPinState.INPUT_PULL_UP: 1, GPIOPinState.INPUT_PULL_DOWN: 0}
KEPT_CHANGES = 1 << 17
PIN_COUNT = 30


class Probe:
    """One pin: its level, its history, and a wire to force it from outside.

    `changes` holds (nanoseconds since power-up, level), the last 65 536 at least.
    """

    def __init__(self, chip, number: int):
        self.changes: list[tuple[int, int]] = []
        self.listener: Callable[[int, int], None] | None = None  # gets the time and the new level
        self._chip = chip
        self._gpio = chip.gpio(number)
        self._resistor: int | None = None
        self._forced: int | None = None
        self.level = self._resolve(self._gpio.value)
        self._gpio.add_listener(self._changed)

    def pull(self, level: int | None) -> None:
        """Add a pull resistor to that level to the pin, or remove it: None."""
        self._resistor = level
        self.look()

    def drive(self, level: int) -> None:
        """Force the pin to a level, as a pressed button or a short does."""
        self._forced = int(level)
        self.look()

    def release(self) -> None:
        """Stop forcing the pin: the board determines its level."""
        self._forced = None
        self.look()

    def look(self) -> None:
        """Notice changes that rp2040py does not announce, like a reset of the chip."""
        self._changed(self._gpio.value, None)

    def _changed(self, state, _before) -> None:
        level = self._resolve(state)
        is_new, self.level = level != self.level, level
        self._feed_back()
        if is_new:
            self._record(self._chip.now_ns)

    def _record(self, now_ns: int) -> None:
        if len(self.changes) >= KEPT_CHANGES:
            del self.changes[: KEPT_CHANGES // 2]
        self.changes.append((now_ns, self.level))
        if self.listener is not None:
            self.listener(now_ns, self.level)

    def _resolve(self, state) -> int:
        if self._forced is not None:
            return self._forced
        if state in LEVELS:
            return LEVELS[state]
        return PULLS.get(state, 0) if self._resistor is None else self._resistor

    def _feed_back(self) -> None:
        is_held = self._forced is not None or self._resistor is not None
        if is_held or self._gpio.value in LEVELS:
            self._gpio.set_input_value(bool(self.level))
        else:
            self._gpio.release_input()
        self._chip.inputs_changed()


def attach(chip, board, plant) -> list[Probe]:
    """Attach a probe to every GPIO number, and the pins named by `board` to `plant`."""
    probes = [Probe(chip, number) for number in range(PIN_COUNT)]
    active = {name: 0 if is_active_low(text) else 1 for name, text in board.PINS.items()}

    def step(now_ns: int, level: int) -> None:
        if level == active["step"]:
            plant.step(now_ns)

    def turn(now_ns: int, level: int) -> None:
        plant.set_direction(level == active["dir"], now_ns)

    def enable(now_ns: int, level: int) -> None:
        plant.set_enabled(level == active["enable"], now_ns)

    probes[pin_number(board.PINS["enable"])].pull(1 - active["enable"])
    for name, listener in (("step", step), ("dir", turn), ("enable", enable)):
        probes[pin_number(board.PINS[name])].listener = listener
    if "rotor" in board.PINS:
        sensor = probes[pin_number(board.PINS["rotor"])]
        plant.rotor.listener = lambda level, _t_ns: sensor.pull(level)
        sensor.pull(plant.rotor.level)
    for name, recorder in plant.alarms().items():
        is_there = name in board.PINS
        if is_there and probes[pin_number(board.PINS[name])].listener is None:
            _attach_alarm(probes[pin_number(board.PINS[name])], active[name], recorder)
    return probes


def _attach_alarm(probe: Probe, on: int, recorder) -> None:
    if not on:
        probe.pull(1)
    probe.listener = lambda now_ns, level: recorder.change(level == on, now_ns)
