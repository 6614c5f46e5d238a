# SPDX-License-Identifier: MIT
"""A full flash, of a file that is none of the pump's."""

from pumpbench.images.flashfiles import with_file
from pumpbench.images.image import BLOCK_BYTES

FILLER = "/filler"


def used_up(flash):
    """The same flash with as large a file in it as it takes."""
    blocks = len(flash) // BLOCK_BYTES
    while True:
        try:
            return with_file(flash, FILLER, bytes(blocks * BLOCK_BYTES))
        except Exception:  # noqa: BLE001 - LittleFS says in its own way that it is full
            blocks -= 1
