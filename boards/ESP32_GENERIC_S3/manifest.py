# SPDX-License-Identifier: MIT
"""A MicroPython build for this board with the pump frozen in: make FROZEN_MANIFEST=<this file>."""

include("../../firmware/manifest.py")  # noqa: F821 - MicroPython's manifest language
module("board.py", base_path=".")  # noqa: F821
