# SPDX-License-Identifier: MIT
"""The `sim` target: the real firmware on CPython, on a fake chip in virtual time."""

import contextlib
import weakref
from types import ModuleType

from greenlet import GreenletExit, greenlet

from pumpbench.boards.catalog import DEFAULT_BOARD, load_board, machine_name
from pumpbench.boards.pins import pin_number
from pumpbench.targets.sim import fake_sys
from pumpbench.targets.sim.battery_clock import ADDRESS, BatteryClock
from pumpbench.targets.sim.fake_machine import WDT_RESET
from pumpbench.targets.sim.flash import Image
from pumpbench.targets.sim.guard import start_guard
from pumpbench.targets.sim.imports import FIRMWARE_DIR, install, run_main
from pumpbench.targets.sim.pins import Net
from pumpbench.targets.sim.ports import PORTS
from pumpbench.targets.sim.watchdog import BY_TIMER
from pumpbench.targets.sim.world import BoardReset
from pumpbench.targets.target import Target

# Both tick counters wrap a few seconds after power-up, so that every test crosses the wrap.
TICKS_US_AT_BOOT = (1 << 30) - 3_000_000
TICKS_MS_AT_BOOT = (1 << 30) - 5_000


class Ended:
    """The end of main.py. error: the exception that it raised, or None."""

    def __init__(self, error: BaseException | None, t_ns: int) -> None:
        self.error = error
        self.t_ns = t_ns

    def __repr__(self) -> str:
        return f"Ended({self.error!r} at {self.t_ns} ns)"


_powered: "weakref.WeakSet[SimTarget]" = weakref.WeakSet()


class SimTarget(Target):
    """A board that is powered up with the first `run`.

    board: its name or a namespace like one. main: text in place of firmware/main.py.
    ticks_*_at_boot: the tick counters at power-up. flash: the flash of an earlier target (its
    filesystem's part), for the board after a power cut; with `scratch`, after a reset, and
    `reset_cause` is 3. battery_clock: connected to the wires that the board file names as I2C.
    has_slow_flash: False: writing takes no time, for tests of exact instants.
    """

    name = "sim"

    def __init__(
        self,
        board: str | ModuleType = "RPI_PICO",
        *,
        main: str | None = None,
        ticks_us_at_boot: int = TICKS_US_AT_BOOT,
        ticks_ms_at_boot: int = TICKS_MS_AT_BOOT,
        reset_cause: int = 1,
        flash: bytes | Image | None = None,
        scratch: tuple[int, ...] | None = None,
        reset_reason: int | None = None,
        has_slow_flash: bool = True,
        extrapolate: bool = True,
        battery_clock: BatteryClock | None = None,
        machine: str | None = None,
    ) -> None:
        super().__init__(load_board(board) if isinstance(board, str) else board)
        _powered.add(self)
        install()
        start_guard()
        self.ended: Ended | None = None
        self._main = (FIRMWARE_DIR / "main.py").read_text() if main is None else main
        self.world = PORTS[getattr(self.board, "PORT", "rp2")].world(
            self.board,
            self.plant,
            self.output,
            flash=flash,
            extrapolate=extrapolate,
            machine=machine or machine_name(board if isinstance(board, str) else DEFAULT_BOARD),
        )
        if not has_slow_flash:
            self.world.flash.erase_ns = self.world.flash.program_ns = 0
        self.world.ticks_us_at_boot = ticks_us_at_boot
        self.world.ticks_ms_at_boot = ticks_ms_at_boot
        self._bring_in(reset_cause, reset_reason, scratch)
        if battery_clock is not None:
            wires = pin_number(self.board.I2C[1]), pin_number(self.board.I2C[2])
            self.world.i2c[wires] = {ADDRESS: battery_clock}
            battery_clock.plug(self.world)
        self._firmware = greenlet(self._power_up)

    @property
    def now_ns(self) -> int:
        return self.world.now_ns

    @property
    def host_reads(self) -> bool:
        """Whether the host reads the output of the board."""
        return self.world.host_side.host_reads

    @host_reads.setter
    def host_reads(self, reads: bool) -> None:
        self.world.host_side.host_reads = reads

    @property
    def flash(self) -> bytes:
        """The filesystem's part of the flash, as a power cut at this instant leaves it."""
        return self.world.flash.content

    @property
    def scratch(self) -> tuple[int, ...]:
        """Words that survive a reset, but no power cut: on rp2 the scratch registers 0 to 7."""
        return self.world.scratch

    @property
    def was_reset_by_watchdog(self) -> bool:
        return self.world.watchdog.has_bitten

    def run(self, seconds: float) -> None:
        world = self.world
        world.horizon_ns = world.now_ns + round(seconds * 1e9)
        world.test = greenlet.getcurrent()
        with world.as_current():
            self._firmware.switch()
            world.sync()
        if world.failure is not None:
            raise world.failure

    def write(self, data: bytes) -> None:
        self.world.host_side.send(data)

    def pin(self, name: str | int) -> Net:
        """A pin by its function in the board file, or by number."""
        number = name if isinstance(name, int) else pin_number(self.board.PINS[name])
        return self.world.pins.nets[number]

    @staticmethod
    def powered() -> set["SimTarget"]:
        """All boards that were not closed; a waiting firmware keeps its board in memory."""
        return set(_powered)

    def close(self) -> None:
        """Power off: ends the firmware."""
        _powered.discard(self)
        self.world.ending = GreenletExit()
        self.world.test = greenlet.getcurrent()
        with self.world.as_current():
            self._firmware.throw(self.world.ending)

    def _bring_in(self, cause: int, reason: int | None, scratch: tuple[int, ...] | None) -> None:
        """Restore the state before the reset; by default the watchdog's timer has caused it."""
        if reason is None:
            reason = BY_TIMER if cause == WDT_RESET else 0
        self.world.reset_cause = cause
        self.world.watchdog.reason = reason
        if scratch is not None:
            self.world.scratch = scratch

    def _power_up(self) -> None:
        """Run main.py, then the REPL, where time passes without input."""
        error = None
        try:
            self._run_main()
        except BaseException as raised:  # noqa: BLE001
            error = raised
        error = self.world.ending or error  # the firmware may have caught it
        if isinstance(error, GreenletExit):  # power off
            return
        self.ended = Ended(error, self.world.now_ns)
        if error is not None and not isinstance(error, SystemExit | BoardReset):
            self._print(error)
        while True:
            self.world.ending = None
            with contextlib.suppress(KeyboardInterrupt, BoardReset):
                self.world.idle()

    def _run_main(self) -> None:
        """Execute main.py from its first line until it ends, or raises."""
        run_main(self._main, "main.py")

    def _print(self, error: BaseException) -> None:
        """Print an exception that has ended main.py, as the board does."""
        fake_sys.print_exception(error)
