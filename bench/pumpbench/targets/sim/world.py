# SPDX-License-Identifier: MIT
"""The world of one booted board: the hardware on its chip and on its pins, in virtual time.

Time and events are in `timeline`.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from types import ModuleType
from typing import cast

from greenlet import getcurrent

from pumpbench.boards.chips import CHIPS
from pumpbench.plant.plant import Plant
from pumpbench.targets.sim.battery_clock import BatteryClock
from pumpbench.targets.sim.console import UsbConsole
from pumpbench.targets.sim.dma import Dma
from pumpbench.targets.sim.filesystem import Filesystem, fresh_filesystem
from pumpbench.targets.sim.flash import Flash, Image
from pumpbench.targets.sim.pins import Pins
from pumpbench.targets.sim.pio.blocks import Pio
from pumpbench.targets.sim.pio.machine import Machine
from pumpbench.targets.sim.timeline import FOREVER_NS, SpinError, Timeline
from pumpbench.targets.sim.uart import Uart
from pumpbench.targets.sim.watchdog import SCRATCH_COUNT, Watchdog
from pumpbench.targets.sim.wiring import attach


class BoardReset(BaseException):
    """The board is reset: the firmware ends here."""


class _NoWorld:
    """Stands for the current world when there is none."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(f"no simulated board is running, and the firmware asked for {name!r}")


class World(Timeline):
    """One board from power-up on. board: its board file. plant: connected to its pins.

    output: buffer for the data that the host reads from the console in the board file. flash:
    initial content of the filesystem's part, by default an empty filesystem. machine: name of the
    board in MicroPython, with its chip at the end.
    """

    def __init__(
        self,
        board: ModuleType,
        plant: Plant,
        output: bytearray,
        *,
        flash: bytes | Image | None = None,
        extrapolate: bool = True,
        machine: str = "Raspberry Pi Pico with RP2040",
    ) -> None:
        super().__init__()
        self.board = board
        self.plant = plant
        self.ticks_us_at_boot = self.ticks_ms_at_boot = 0
        self.timer: tuple[int, int, Fraction] | None = None  # (now_ns, its time then, speed)
        self.reset_cause = 1
        self._output = output
        self._uarts: dict[int, Uart] = {}
        self.machine = machine
        self._build_chip(extrapolate)
        self.flash = Flash(fresh_filesystem() if flash is None else flash, self)
        self.files = Filesystem(self.flash, self)
        self.i2c: dict[
            tuple[int, int], dict[int, BatteryClock]
        ] = {}  # (sda, scl) -> the device there
        attach(self.pins, board, plant)

    def _build_chip(self, extrapolate: bool) -> None:
        """Build the pins, their drivers beside the processor, the console and the watchdog."""
        self.pins = Pins(lambda: self.now_ns, self._before_pin_change)
        self.pio = Pio(self.pins, extrapolate=extrapolate)
        self.dma = Dma()
        is_usb = self.board.CONSOLE == "usb"
        self.console = UsbConsole(self, self._output if is_usb else bytearray())
        self.host_side = self.console if is_usb else self.uart(self.board.CONSOLE[1])
        chip = CHIPS.get(self.machine.split()[-1].lower(), CHIPS["rp2040"])
        self.watchdog = Watchdog(self, chip.watchdog or 0)

    @property
    def scratch(self) -> tuple[int, ...]:
        """Memory that survives a reset with power on: the watchdog's scratch registers 0 to 7."""
        return tuple(self.watchdog.scratch)

    @scratch.setter
    def scratch(self, kept: tuple[int, ...]) -> None:
        if len(kept) != SCRATCH_COUNT:
            raise ValueError(f"there are {SCRATCH_COUNT} scratch registers, not {len(kept)}")
        self.watchdog.scratch[:] = kept

    def ticks_cpu(self) -> int | None:
        """The value of `time.ticks_cpu`; None: that of `ticks_us`."""
        return None

    def uname(self) -> tuple[str, str, str]:
        """(name of the port, release, version of MicroPython), as `os.uname` has them."""
        return "rp2", "1.22.0", "v1.22.0"

    def uart(self, number: int) -> Uart:
        """The serial port of that number."""
        if number not in self._uarts:
            is_console = tuple(self.board.CONSOLE[:2]) == ("uart", number)
            self._uarts[number] = Uart(self, self._output if is_console else bytearray())
        return self._uarts[number]

    @contextmanager
    def as_current(self) -> Iterator["World"]:
        """A context in which the fakes belong to this world."""
        global current
        before, current = current, self
        try:
            yield self
        finally:
            current = before

    def set_timer_speed(self, speed: Fraction | float | str) -> None:
        """Set the speed of the chip's timer relative to PIO: of ticks and sleeps."""
        self.timer = self.now_ns, self.timer_ns(), Fraction(speed)

    def timer_ns(self) -> int:
        """Nanoseconds since power-up, counted by the chip's timer."""
        if self.timer is None:
            return self.now_ns
        since_ns, timer_ns, speed = self.timer
        return timer_ns + int((self.now_ns - since_ns) * speed)

    def by_timer_ns(self, duration_ns: int) -> int:
        """The duration in which the chip's timer counts `duration_ns`."""
        return duration_ns if self.timer is None else math.ceil(duration_ns / self.timer[2])

    def sync(self) -> None:
        """Bring PIO up to the present."""
        if self.pio.now_ns < self.now_ns:
            self.pio.advance(self.now_ns)

    def _before_pin_change(self) -> None:
        self.sync()
        self.pio.forget_trace()

    def hang(self, how: str) -> None:
        """The firmware never waits again: the watchdog, or the test, has to end it."""
        if self.watchdog.is_running:
            self.hold(self.watchdog.deadline_ns - self.now_ns)
        self.fail(SpinError(how))

    def reset(self, reason: int) -> None:
        """Reset the chip: its pins drive nothing, and the firmware ends here."""
        self.sync()
        self.forget_events()
        self.watchdog.stop()
        self.watchdog.reason = reason
        self.pio.stop()
        self.dma.reset()
        self.pins.reset()
        self.ending = BoardReset()
        raise self.ending

    def hold(self, duration_ns: int) -> None:
        """Let time pass in which no interrupt is served; PIO and the watchdog go on."""
        end_ns = self.now_ns + duration_ns
        if getcurrent() is self.test:
            self.move_to(end_ns)
        while self.now_ns < end_ns:
            if self.ending is not None:
                raise self.ending
            self.pass_to(min(end_ns, self.watchdog.deadline_ns))
            self.watchdog.check()

    def wait_fifo(self, machine: Machine, condition: Callable[[], bool]) -> None:
        """Wait, perhaps for ever, until the condition holds for a FIFO of the machine."""
        self.sync()
        while not condition():
            until_ns = min(self.next_ns(), self.horizon_ns)
            if until_ns > self.now_ns:
                self.move_to(self.pio.advance_to_fifo(machine, until_ns))
            if not condition():
                self.step(until_ns if until_ns < self.horizon_ns else FOREVER_NS)
                self.sync()
            if self.keyboard_interrupt:
                self.check_keyboard()


current = cast("World", _NoWorld())
