# SPDX-License-Identifier: MIT
"""The world of one booted board: virtual time, what happens in it, and the hardware on the chip.

Time is integer nanoseconds since power-up and passes only where the firmware waits: in
`machine.idle`, sleeps, polls and blocking calls. The firmware runs in a greenlet of its own; when
a wait reaches the horizon that the test has set, control goes back to the test.
"""

import heapq
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from types import ModuleType
from typing import cast

from greenlet import getcurrent, greenlet

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
from pumpbench.targets.sim.uart import Uart
from pumpbench.targets.sim.watchdog import SCRATCH_COUNT, Watchdog
from pumpbench.targets.sim.wiring import attach

FOREVER_NS = 1 << 62
SPIN_BUDGET = 2_000_000  # calls of the hardware while no time passes


class SpinError(Exception):
    """The firmware went on and on while no time passed: on a board it would hang."""


class BoardReset(BaseException):
    """The board is reset: the firmware ends here."""


class _NoWorld:
    """Stands for the current world while there is none."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(f"no simulated board is running, and the firmware asked for {name!r}")


class Event:
    """Something that is to happen at t_ns, unless it is cancelled."""

    __slots__ = ("action", "t_ns")

    def __init__(self, t_ns: int, action: Callable[[], None]) -> None:
        self.t_ns = t_ns
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class World:
    """One board from power-up on; `board` is its board file, `plant` what hangs on its pins.

    `output` is where the host keeps what it reads from the console that the board file names,
    `flash` what the filesystem's part of the flash holds at power-up, an empty one by default;
    `machine` what MicroPython calls the board, its chip at the end.
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
        self.board = board
        self.plant = plant
        self.now_ns = 0
        self.horizon_ns = FOREVER_NS
        self.test: greenlet | None = None  # where to go at the horizon
        self.failure: Exception | None = None  # what the test is to be told
        self.interrupted = False  # an interrupt came since the last idle
        self.keyboard_interrupt = False  # 0x03 came and is to be raised
        self.keyboard_char = 3
        self.ticks_us_at_boot = self.ticks_ms_at_boot = 0
        self.timer: tuple[int, int, Fraction] | None = None  # (now_ns, its time then, speed)
        self.reset_cause = 1
        self.ending: BaseException | None = None  # what ends the firmware, raised where it waits
        self.spins = 0
        self._output = output
        self._uarts: dict[int, Uart] = {}
        self._queue: list[tuple[int, int, Event]] = []
        self._number = 0
        self.machine = machine
        self._build_chip(extrapolate)
        self.flash = Flash(fresh_filesystem() if flash is None else flash, self)
        self.files = Filesystem(self.flash, self)
        self.i2c: dict[
            tuple[int, int], dict[int, BatteryClock]
        ] = {}  # (sda, scl) -> what is there
        attach(self.pins, board, plant)

    def _build_chip(self, extrapolate: bool) -> None:
        """Pins, what drives them beside the processor, console and watchdog."""
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
        """What survives a reset without power: the watchdog's scratch registers 0 to 7."""
        return tuple(self.watchdog.scratch)

    @scratch.setter
    def scratch(self, kept: tuple[int, ...]) -> None:
        if len(kept) != SCRATCH_COUNT:
            raise ValueError(f"there are {SCRATCH_COUNT} scratch registers, not {len(kept)}")
        self.watchdog.scratch[:] = kept

    def ticks_cpu(self) -> int | None:
        """What `time.ticks_cpu` shows; None: what `ticks_us` does."""
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
        """Within it, the fakes are this world's."""
        global current
        before, current = current, self
        try:
            yield self
        finally:
            current = before

    def set_timer_speed(self, speed: Fraction | float | str) -> None:
        """From now on the chip's timer runs at another speed than PIO: ticks and sleeps."""
        self.timer = self.now_ns, self.timer_ns(), Fraction(speed)

    def timer_ns(self) -> int:
        """Nanoseconds since power-up as the chip's timer counts them."""
        if self.timer is None:
            return self.now_ns
        since_ns, timer_ns, speed = self.timer
        return timer_ns + int((self.now_ns - since_ns) * speed)

    def by_timer_ns(self, duration_ns: int) -> int:
        """How long it takes the chip's timer to count so much."""
        return duration_ns if self.timer is None else math.ceil(duration_ns / self.timer[2])

    def sync(self) -> None:
        """Bring PIO up to the present."""
        if self.pio.now_ns < self.now_ns:
            self.pio.advance(self.now_ns)

    def _before_pin_change(self) -> None:
        self.sync()
        self.pio.forget_trace()

    def spin(self) -> None:
        """A call of the hardware that takes no time: too many of them are a hang."""
        self.spins += 1
        if self.spins > SPIN_BUDGET:
            self.spins = 0
            self.hang(f"the firmware made {SPIN_BUDGET} calls while no time passed")

    def hang(self, how: str) -> None:
        """The firmware never waits again: that is for the watchdog, or the test, to end."""
        if self.watchdog.is_running:
            self.hold(self.watchdog.deadline_ns - self.now_ns)
        self.fail(SpinError(how))

    def fail(self, failure: Exception) -> None:
        """Make the test's `run` raise."""
        if self.test is None or getcurrent() is self.test:
            raise failure
        self.failure = failure
        while True:
            self.test.switch()

    def reset(self, reason: int) -> None:
        """Reset the chip: its pins drive nothing, and the firmware ends here."""
        self.sync()
        self._queue.clear()
        self.watchdog.stop()
        self.watchdog.reason = reason
        self.pio.stop()
        self.dma.reset()
        self.pins.reset()
        self.ending = BoardReset()
        raise self.ending

    def at(self, t_ns: int, action: Callable[[], None]) -> Event:
        """Have the action done at t_ns."""
        event = Event(t_ns, action)
        self._number += 1
        heapq.heappush(self._queue, (t_ns, self._number, event))
        return event

    def next_ns(self) -> int:
        """When something is going to happen, PIO aside."""
        queue = self._queue
        while queue and queue[0][2].action is None:
            heapq.heappop(queue)
        return queue[0][0] if queue else FOREVER_NS

    def step(self, until_ns: int) -> None:
        """Let time pass until then or the next event, and let that happen."""
        if self.ending is not None:
            raise self.ending
        queue = self._queue
        while queue and queue[0][2].action is None:
            heapq.heappop(queue)
        t_ns = queue[0][0] if queue else FOREVER_NS
        if until_ns < t_ns:
            self.pass_to(until_ns)
            return
        self.pass_to(t_ns)
        if self.now_ns < t_ns or not queue or queue[0][0] > t_ns:
            return
        event = heapq.heappop(queue)[2]
        action, event.action = event.action, None
        if action is not None:
            action()

    def pass_to(self, t_ns: int) -> None:
        """Nothing happens until t_ns; the test may take its turn, and change that, on the way."""
        if t_ns > self.horizon_ns:
            self.move_to(self.horizon_ns)
            if self.test is None:
                raise RuntimeError("the firmware waits for ever and there is no test to return to")
            self.test.switch()
            return
        self.move_to(t_ns)

    def move_to(self, t_ns: int) -> None:
        if t_ns > self.now_ns:
            self.now_ns = t_ns
            self.spins = 0

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

    def interrupt(self) -> None:
        """An interrupt: the end of the present idle, or of the next one."""
        self.interrupted = True

    def check_keyboard(self) -> None:
        """Raise the KeyboardInterrupt that is due."""
        if self.keyboard_interrupt:
            self.keyboard_interrupt = False
            raise KeyboardInterrupt

    def idle(self) -> None:
        """Wait for an interrupt."""
        self.spin()
        while not self.interrupted:
            self.step(FOREVER_NS)
        self.interrupted = False
        if self.keyboard_interrupt:
            self.check_keyboard()

    def sleep_ns(self, duration_ns: int) -> None:
        """Let time pass; what happens meanwhile is seen to."""
        self.spin()
        self.wait_for(lambda: False, duration_ns)

    def wait_for(self, condition: Callable[[], bool], timeout_ns: int) -> bool:
        """Wait until the condition holds or the time is over; whether it holds."""
        deadline_ns = self.now_ns + timeout_ns
        while not condition() and self.now_ns < deadline_ns:
            self.step(deadline_ns)
            if self.keyboard_interrupt:
                self.check_keyboard()
        return condition()

    def wait_fifo(self, machine: Machine, condition: Callable[[], bool]) -> None:
        """Wait, for ever if need be, until a FIFO of the machine lets the condition hold."""
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
