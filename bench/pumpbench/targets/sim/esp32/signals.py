# SPDX-License-Identifier: MIT
"""The drivers of pins beside the processor: transmitters of RMT, channels of LEDC; virtual time.

It takes the place of PIO on the other port: the world calls `advance` before anything is read. The
counters of PCNT see every change of a pin, from any driver.
"""

from collections.abc import Callable
from typing import Protocol

from pumpbench.targets.sim.pins import SIO, Net, Pins

PERIPHERAL = 0  # the function of a pin that the matrix connects to a peripheral
NEVER_NS = 1 << 62


class Driver(Protocol):
    """next_ns: instant of its next action; NEVER_NS: none by itself."""

    next_ns: int

    def act(self) -> None: ...


class Signals:
    """served: whether interrupts are served; waiting ones are called by `serve` later."""

    def __init__(self, pins: Pins) -> None:
        self.now_ns = 0
        self.served = True
        self.pins = pins
        self.drivers: list[Driver] = []
        self.waiting: list[Callable[[], None]] = []
        self._owners: dict[int, Driver] = {}  # pin -> the driver whose signal the matrix connects
        self._inputs: set[int] = set()  # pins that can be read
        self.counters: list[Callable[[Net, int, int], None]] = []
        pins.on_change = self._changed

    def advance(self, to_ns: int) -> None:
        """Carry out all actions up to `to_ns`, in order."""
        while True:
            driver = min(self.drivers, key=lambda one: one.next_ns, default=None)
            if driver is None or driver.next_ns > to_ns:
                break
            self.now_ns = max(self.now_ns, driver.next_ns)
            driver.act()
        self.now_ns = max(self.now_ns, to_ns)

    def serve(self) -> None:
        """Serve interrupts again."""
        self.served = True
        waiting, self.waiting = self.waiting, []
        for action in waiting:
            action()

    def interrupt(self, action: Callable[[], None]) -> None:
        """Call it now, or once interrupts are served again; a waiting one is not repeated."""
        if self.served:
            action()
        elif action not in self.waiting:
            self.waiting.append(action)

    def connect(self, net: Net, driver: Driver, level: int) -> None:
        """Connect a signal to the pin by the matrix; its input stays as it was."""
        self._owners[net.number] = driver
        net.function = PERIPHERAL
        net.output_enables[PERIPHERAL] = 1
        self.drive(net, driver, level, self.now_ns)

    def disconnect(self, net: Net) -> None:
        """As `gpio_output_disable`: the pin is not driven any more, by any driver."""
        self._owners.pop(net.number, None)
        net.function = SIO
        net.output_enables[SIO] = 0
        self.pins.update(net, self.now_ns)

    def drive(self, net: Net, driver: Driver, level: int, t_ns: int) -> None:
        """Set the level of the driver's signal; it appears on the pin if still connected."""
        if self._owners.get(net.number) is driver:
            net.outputs[PERIPHERAL] = level
            self.pins.update(net, t_ns)

    def enable_input(self, net: Net) -> None:
        self._inputs.add(net.number)

    def disable_input(self, net: Net) -> None:
        self._inputs.discard(net.number)

    def can_read(self, net: Net) -> bool:
        """Whether the pin's input is on; it reads 0 where it is not."""
        return net.number in self._inputs

    def forget_trace(self) -> None:
        """For PIO only; nothing is extrapolated here."""

    def stop(self) -> None:
        """The chip was reset."""
        self.drivers.clear()
        self.waiting.clear()
        self.counters.clear()
        self._owners.clear()
        self._inputs.clear()
        self.served = True

    def _changed(self, net: Net, level: int, t_ns: int) -> None:
        if net.number in self._inputs:
            for count in self.counters:
                count(net, level, t_ns)
