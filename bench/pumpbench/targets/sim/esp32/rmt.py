# SPDX-License-Identifier: MIT
"""A transmitter of RMT: a ring of symbols that the hardware reads, refilled by an interrupt.

A sequence longer than the ring is written into it half by half, by an interrupt handler that is
not in IRAM (CONFIG_RMT_TX_ISR_HANDLER_IN_IRAM=n): while flash is written it does not run, and the
hardware sends the old symbols again, for ever if need be. A sequence that fits, with the end
marker behind it, ends by itself.
"""

from pumpbench.targets.sim.esp32.signals import NEVER_NS, Signals
from pumpbench.targets.sim.pins import Net

MAX_TICKS = 32_767
LOOPS_MAX = 1_023  # rounds of a loop that the hardware counts by itself
END = 0  # duration of the end marker

Half = tuple[int, int]  # level, ticks: half a symbol


class Transmitter:
    """symbols: size of its memory. idle: level between sequences. done(): an interrupt."""

    def __init__(
        self, signals: Signals, net: Net, tick_ns: float, symbols: int, idle: int
    ) -> None:
        self.net = net
        self.symbols = symbols
        self.idle = idle
        self.is_busy = False
        self.next_ns = NEVER_NS
        self.done = lambda: None
        self._signals = signals
        self._tick_ns = tick_ns
        self._memory: list[Half] = [(0, END)] * (2 * symbols)
        self._at = 0  # half symbol that is read next
        self._rest: list[Half] = []  # not yet in the memory
        self._write_at = 0
        self._loops = 0
        signals.drivers.append(self)
        signals.connect(net, self, idle)

    def send(self, halves: list[Half], loops: int) -> None:
        """Start a sequence; loops 0: once; below 0: for ever."""
        self._rest = [*halves, (self.idle, END), (self.idle, END)]
        self._at = self._write_at = 0
        self._loops = loops
        self.is_busy = True
        self._fill(2 * self.symbols)
        self._begun_ns = self._signals.now_ns
        self.next_ns = self._signals.now_ns

    def act(self) -> None:
        """The present half symbol has ended."""
        t_ns = self.next_ns
        level, ticks = self._memory[self._at]
        if ticks == END:
            self._end_round(t_ns)
            return
        self._signals.drive(self.net, self, level, t_ns)
        self.next_ns = t_ns + round(ticks * self._tick_ns)
        self._at = (self._at + 1) % (2 * self.symbols)
        if self._at % self.symbols == 0 and self._rest:
            self._signals.interrupt(self._refill)

    def halt(self) -> None:
        """Stop the hardware at once."""
        self._finish(self._signals.now_ns)

    def mark_end(self) -> None:
        """Write an end marker to the first word, as ESP-IDF does if the hardware cannot stop."""
        self._memory[0] = (self.idle, END)
        self._rest.clear()
        self._loops = 0

    def delete(self) -> None:
        """Give the channel back; its pin is not driven any more."""
        self.is_busy, self.next_ns = False, NEVER_NS
        if self in self._signals.drivers:
            self._signals.drivers.remove(self)
        self._signals.disconnect(self.net)

    def _end_round(self, t_ns: int) -> None:
        if self._loops > 1 or self._loops < 0:
            self._loops -= self._loops > 0
            self._at = 0
            return
        self._finish(t_ns)
        self._signals.interrupt(self.done)

    def _finish(self, t_ns: int) -> None:
        self.is_busy, self.next_ns = False, NEVER_NS
        self._signals.drive(self.net, self, self.idle, t_ns)

    def _refill(self) -> None:
        self._fill(self.symbols)

    def _fill(self, halves: int) -> None:
        for half in self._rest[:halves]:
            self._memory[self._write_at] = half
            self._write_at = (self._write_at + 1) % (2 * self.symbols)
        del self._rest[:halves]
