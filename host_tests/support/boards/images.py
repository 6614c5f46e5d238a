# SPDX-License-Identifier: MIT
"""MicroPython images for the tests that boot the emulated board."""

import pytest

from pumpbench.images.uf2 import DEFAULT_VERSION, MissingImage, find_uf2


def has_image(version=DEFAULT_VERSION):
    """Whether there is such an image on this machine."""
    try:
        find_uf2(version)
    except MissingImage:
        return False
    return True


def need_image(version=DEFAULT_VERSION):
    """Skip the test, saying what is missing and where to put it, where there is no such image."""
    try:
        find_uf2(version)
    except MissingImage as missing:
        pytest.skip(str(missing))
