# SPDX-License-Identifier: MIT
"""What a board on `sim` does to its flash: programs and erases, counted block by block."""

from collections import Counter

from host_tests.support.sessions.bench import Bench
from host_tests.support.sessions.therapy import prescribe
from pumpbench.images.image import board_files, pack
from pumpbench.targets.sim import SimTarget

ENDURANCE = 100_000  # erase cycles of a block
HOUR_S = 3_600


def pump_with_firmware_in_flash(rate, refill="500 ML"):
    """A pump that is about to deliver; the files of a board lie in its flash, never moved."""
    bench = Bench(SimTarget(flash=pack(board_files("RPI_PICO"))))
    bench.tell(f"RES:CAP 500 ML;REF {refill}")
    prescribe(bench, f"MODE SIMP;RATE {rate}")
    bench.run(2)
    return bench


class Wear:
    """Counts from now on. programs: of pages; erases: of blocks, by their number."""

    def __init__(self, target):
        self._flash = target.world.flash
        self.programs = 0
        self.erases = Counter()
        self._flash.operations.clear()

    def count(self):
        """Count what was done since the last time, and forget it."""
        for operation in self._flash.operations:
            if operation.kind == "erase":
                self.erases[operation.block] += 1
            else:
                self.programs += 1
        self._flash.operations.clear()

    def run(self, bench, days):
        """Let days pass, counting."""
        for _ in range(round(days * 24)):
            bench.run(HOUR_S)
            self.count()


def years(erases_a_day, blocks):
    """How long it lasts when so many blocks share the erases."""
    return ENDURANCE * blocks / erases_a_day / 365.25
