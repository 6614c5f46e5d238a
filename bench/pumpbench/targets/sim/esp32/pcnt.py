# SPDX-License-Identifier: MIT
"""A unit of PCNT: 16 bits that count edges, and return to 0 at a limit."""

from collections.abc import Callable

from pumpbench.targets.sim.esp32.signals import Signals
from pumpbench.targets.sim.pins import SIO, Net

ZERO, THRESHOLD0, THRESHOLD1, MIN, MAX = 16, 8, 4, 2, 1


class Unit:
    """actions: pin -> (increment at a rising edge, at a falling edge). reached(flags): called."""

    def __init__(self, signals: Signals) -> None:
        self.value = 0
        self.is_running = False
        self.minimum = self.maximum = 0
        self.thresholds = [0, 0]
        self.channels: list[tuple[Net, int, int] | None] = [None, None]
        self.reached: Callable[[int], None] = lambda _flags: None
        self._signals = signals
        signals.counters.append(self.count)

    def connect(self, channel: int, net: Net | None, rising: int, falling: int) -> None:
        """As `pcnt_set_pin`: the pin becomes an input, with its pull-up on."""
        self.channels[channel] = None if net is None else (net, rising, falling)
        if net is not None:
            net.function = SIO
            net.output_enables[SIO] = 0
            net.pull = 1
            self._signals.enable_input(net)
            self._signals.pins.update(net, self._signals.now_ns)

    def count(self, net: Net, level: int, _t_ns: int) -> None:
        """Count an edge."""
        if not self.is_running:
            return
        for channel in self.channels:
            if channel is not None and channel[0] is net:
                self._add(channel[1] if level else channel[2])

    def _add(self, change: int) -> None:
        if not change:
            return
        self.value += change
        flags = 0
        if self.maximum and self.value == self.maximum:
            self.value, flags = 0, MAX
        elif self.minimum and self.value == self.minimum:
            self.value, flags = 0, MIN
        elif self.value == 0:
            flags = ZERO
        for flag, threshold in zip((THRESHOLD0, THRESHOLD1), self.thresholds, strict=True):
            if self.value == threshold:
                flags |= flag
        self.value = (self.value + 32_768) % 65_536 - 32_768
        if flags:
            self.reached(flags)
