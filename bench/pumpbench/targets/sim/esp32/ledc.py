# SPDX-License-Identifier: MIT
"""A channel of LEDC, which makes PWM: a pulse every period, until it is changed."""

from pumpbench.targets.sim.esp32.signals import NEVER_NS, Signals
from pumpbench.targets.sim.pins import Net


class Ledc:
    """is_inverted: the pulse is low. The pin cannot be read any more."""

    def __init__(self, signals: Signals, net: Net, is_inverted: bool) -> None:
        self.net = net
        self.next_ns = NEVER_NS
        self._signals = signals
        self._invert = int(is_inverted)
        self._level = 0
        self._period_ns = self._on_ns = 0
        signals.drivers.append(self)
        signals.disable_input(net)  # `_ledc_set_pin`: GPIO_MODE_OUTPUT
        signals.connect(net, self, self._invert)

    def set(self, period_ns: int, on_ns: int) -> None:
        """Set period and pulse; a period begins."""
        self._period_ns, self._on_ns = period_ns, min(on_ns, period_ns)
        now_ns = self._signals.now_ns
        if 0 < self._on_ns < period_ns:
            self._level, self.next_ns = 0, now_ns
        else:
            self.next_ns = NEVER_NS
            self._show(int(self._on_ns > 0), now_ns)

    def act(self) -> None:
        t_ns = self.next_ns
        self._show(1 - self._level, t_ns)
        self.next_ns = t_ns + (self._on_ns if self._level else self._period_ns - self._on_ns)

    def delete(self) -> None:
        self.next_ns = NEVER_NS
        self._signals.drivers.remove(self)
        self._signals.disconnect(self.net)

    def _show(self, level: int, t_ns: int) -> None:
        self._level = level
        self._signals.drive(self.net, self, level ^ self._invert, t_ns)
