# SPDX-License-Identifier: MIT
"""The device that a run was about, as the report tells it."""

import platform
from dataclasses import dataclass

import pytest

from pumpbench.images.uf2 import DEFAULT_VERSION


@dataclass(frozen=True)
class Device:
    """Texts of the report. identity: "" where no pump answered."""

    identity: str = ""
    image: str = "not known: nothing answered"
    power: str = "not known"
    wires: str = "not known"


DEVICE = pytest.StashKey[Device]()
_IMAGES = {
    "sim": f"CPython {platform.python_version()}, fake chip",
    "unix": "MicroPython for this computer, fake chip",
    "emulator": f"MicroPython {DEFAULT_VERSION}, emulated RP2040",
}


def image_of(where):
    """What interprets the firmware there."""
    return _IMAGES.get(where, "MicroPython of the board; its console does not tell which")
