# SPDX-License-Identifier: MIT
"""The world of a booted board with an ESP32 or an ESP32-S3: see `pumpbench.targets.sim.world`.

The watchdog is FreeRTOS's task watchdog, of any period; 2 kB of RTC memory survive a reset with
power on. Interrupts call Python later, as callbacks: `callback_ns` after them.
"""

from typing import NamedTuple

from pumpbench.targets.sim.console import UsbConsole
from pumpbench.targets.sim.dma import Dma
from pumpbench.targets.sim.esp32.signals import Signals
from pumpbench.targets.sim.esp32.stdio import UartStdio
from pumpbench.targets.sim.pins import Pins
from pumpbench.targets.sim.watchdog import Watchdog
from pumpbench.targets.sim.world import World

CALLBACK_NS = 100_000  # assumed: from an interrupt to the callback while Python waits
PANIC_NS = 300_000_000  # interrupts off for this time: the interrupt watchdog resets the chip
RTC_BYTES = 2_048


class Esp32(NamedTuple):
    """symbols: of one block of RMT's memory. blocks: available to transmitters.

    has_async_stop: RMT stops at once. has_loop_count: RMT can repeat a sequence a number of times.
    """

    pins: int
    inputs_only: range
    symbols: int
    blocks: int
    has_async_stop: bool
    has_loop_count: bool


CHIPS = {
    "ESP32": Esp32(40, range(34, 40), 64, 8, False, False),
    "ESP32S3": Esp32(49, range(0), 48, 4, True, True),
}


class Esp32World(World):
    """callback_ns: delay of a callback of a timer or a pin; a test may change it."""

    def _build_chip(self, extrapolate: bool) -> None:
        self.chip = CHIPS[self.machine.split()[-1].upper().replace("-", "")]
        self.callback_ns = CALLBACK_NS
        self.cpu_hz = 160_000_000
        self.pins = Pins(lambda: self.now_ns, self._before_pin_change, self.chip.pins)
        self.signals = Signals(self.pins)
        self.pio = self.signals  # type: ignore[assignment]
        self.dma = Dma()
        console = UsbConsole if self.board.CONSOLE == "usb" else UartStdio
        self.console = console(self, self._output)  # type: ignore[assignment]
        self.host_side = self.console
        self.watchdog = Watchdog(self, -1)
        self.rtc_memory: bytes | None = None  # None: as at power-up, no magic word in it
        self.rmt_blocks = self.chip.blocks  # free ones
        self.timers: dict[int, object] = {}
        self.units: dict[int, object] = {}  # of PCNT

    @property
    def scratch(self) -> tuple[int, ...]:
        """The RTC memory available in MicroPython."""
        return tuple(self.rtc_memory or b"")

    @scratch.setter
    def scratch(self, kept: tuple[int, ...]) -> None:
        self.rtc_memory = bytes(kept)

    def ticks_cpu(self) -> int:
        return self.now_ns * (self.cpu_hz // 1_000_000) // 1_000

    def uname(self) -> tuple[str, str, str]:
        return "esp32", "1.29.0", "v1.29.0-preview"

    def hold(self, duration_ns: int) -> None:
        """Serve no interrupt: RMT is not refilled."""
        self.sync()
        self.signals.served = False
        try:
            super().hold(duration_ns)
        finally:
            self.sync()
            self.signals.serve()

    def panic(self) -> None:
        """The interrupt watchdog has detected that interrupts were off for too long."""
        self.watchdog.has_bitten = True
        self.reset(1)
