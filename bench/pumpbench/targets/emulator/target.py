# SPDX-License-Identifier: MIT
"""The `emulator` target: firmware on a real MicroPython image on an emulated RP2040.

Everything runs in the calling thread, and only during `run`. The same image and the same actions
give the same edges, to the nanosecond.
"""

from pathlib import Path

from pumpbench.boards.catalog import board_of, load_board
from pumpbench.boards.pins import pin_number
from pumpbench.images.image import build_image
from pumpbench.images.uf2 import DEFAULT_VERSION, find_uf2
from pumpbench.targets.emulator.chip import FILESYSTEM_START, Chip
from pumpbench.targets.emulator.wiring import Probe, attach
from pumpbench.targets.target import Target

TELL_S = 0.03


class EmulatorTarget(Target):
    """A board just powered up, with `image` (or the present firmware) as its filesystem.

    `main` replaces firmware/main.py and `extra_files` add files to an image built here; a
    /board.py among them also defines the wiring. `flash` is the whole flash of an earlier target:
    the board after a power cut. Raises MissingImage when the UF2 of that `version` is not on this
    machine.
    """

    name = "emulator"

    def __init__(
        self,
        board: str = "RPI_PICO",
        version: str = DEFAULT_VERSION,
        *,
        image: bytes | Path | None = None,
        main: str | None = None,
        extra_files: dict[str, bytes] | None = None,
        flash: bytes | None = None,
    ) -> None:
        own = (extra_files or {}).get("/board.py")
        super().__init__(load_board(board) if own is None else board_of(own))
        self._chip = Chip(find_uf2(version), self.output)
        if flash is not None:
            self._chip.load_flash(flash)
        else:
            self._chip.load_flash(_image_bytes(board, image, main, extra_files), FILESYSTEM_START)
        self._probes = attach(self._chip, self.board, self.plant)
        self._chip.after_reset += [probe.look for probe in self._probes]

    @property
    def now_ns(self) -> int:
        return self._chip.now_ns

    @property
    def flash(self) -> bytes:
        """A copy of the flash, as a power cut at this instant leaves it."""
        return self._chip.flash

    @property
    def is_writing(self) -> bool:
        """Whether a sector of the flash is being erased, or a page programmed."""
        return self._chip.flash_chip.is_busy

    @property
    def is_connected(self) -> bool:
        """True once MicroPython has brought up the USB serial line, about 40 ms after power-up."""
        return self._chip.console.is_connected

    @property
    def free_bytes(self) -> int:
        """The number of bytes that `write` accepts now."""
        return self._chip.console.free_bytes

    def pin(self, name: str | int) -> Probe:
        """A pin by its function in the board file, or by its number."""
        number = name if isinstance(name, int) else pin_number(self.board.PINS[name])
        return self._probes[number]

    def run(self, seconds: float) -> None:
        """Let simulated time pass, at most a microsecond more."""
        self._chip.run_to(self._chip.now_ns + round(seconds * 1e9))

    def write(self, data: bytes) -> None:
        """Send bytes to the console; waits until USB is up, as they would be lost before."""
        self.run_until(lambda: self.is_connected)
        self._chip.console.write(data)

    def tell(self, line: str) -> None:
        """Send a line and let it be processed: a chip needs longer than the host."""
        self.write(line.encode() + b"\n")
        self.run(TELL_S)

    def hang(self) -> None:
        """Hang the processor for good: no interrupt, no Python; hardware and pins go on."""
        self._chip.hang()

    def take_stack(self, size: int) -> None:
        """Reduce the stack for Python by `size` bytes; only after boot."""
        self._chip.take_stack(size)

    def close(self) -> None:
        """Nothing to do: time passes only in `run`."""


def _image_bytes(board, image, main, extra_files) -> bytes:
    if image is None:
        return build_image(board, main, extra_files)
    return image if isinstance(image, bytes) else image.read_bytes()
